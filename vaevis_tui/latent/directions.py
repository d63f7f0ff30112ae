"""Named directions of a latent space: what thicker, or nearer, or more like a 9 is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import Latent, read_only

_PAIRS = 20_000  # random ones, on which a concordance is counted: known to 0.4 %


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions by name, each with a word for either end.

    Attributes:
        vectors: Changes of z, float32 (k, d), none of them zero; k may be 0. Their lengths do not matter: an
            axis along one is measured in sigmas of the data, see `vaevis_tui.latent.axes`.
        names: One a direction, e.g. ``"thickness"``.
        lows: What one sees at the negative end, e.g. ``"thin"``.
        highs: What one sees at the positive end, e.g. ``"thick"``.
        strengths: `concordance` with the attribute on held-out data, float32 (k,), 0 to 1; NaN where nobody
            measured it.

    Raises:
        ValueError: shapes disagree, a vector is zero or not finite, or a name is empty or there twice.
    """

    vectors: Latent
    names: tuple[str, ...]
    lows: tuple[str, ...]
    highs: tuple[str, ...]
    strengths: NDArray[np.float32]

    def __post_init__(self) -> None:
        vectors = read_only(self.vectors, np.float32, "directions' vectors")
        strengths = np.array(self.strengths, np.float32)
        strengths.setflags(write=False)
        if vectors.ndim != 2:
            raise ValueError(f"directions' vectors have shape {vectors.shape}; expected (k, d)")
        counts = [len(self.names), len(self.lows), len(self.highs), strengths.size]
        if any(count != len(vectors) for count in counts) or strengths.ndim != 1:
            raise ValueError(
                f"{len(vectors)} directions need as many names, ends and strengths, not {counts}"
            )
        if len(vectors) and not np.all(np.abs(vectors).max(axis=1) > 0):
            raise ValueError("a direction is zero; it leads nowhere")
        if np.any((strengths < 0) | (strengths > 1)):
            raise ValueError("directions' strengths must lie between 0 and 1")
        for field in ("names", "lows", "highs"):
            object.__setattr__(self, field, tuple(str(text) for text in getattr(self, field)))
        if not all(self.names) or len(set(self.names)) != len(self.names):
            raise ValueError("directions must have names, each another one")
        object.__setattr__(self, "vectors", vectors)
        object.__setattr__(self, "strengths", strengths)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def dim(self) -> int:
        """Number of dimensions d."""
        return int(self.vectors.shape[1])

    @classmethod
    def none(cls, dim: int) -> Self:
        """No directions in a space of `dim` dimensions."""
        return cls(np.zeros((0, dim), np.float32), (), (), (), np.zeros(0, np.float32))

    def joined(self, other: Directions) -> Directions:
        """These, and then the other ones whose names are not among them.

        Raises:
            ValueError: they differ in dimensions.
        """
        if other.dim != self.dim:
            raise ValueError(f"directions have {self.dim} dimensions; expected {other.dim}")
        new = other.without(*self.names)
        return Directions(
            np.concatenate((self.vectors, new.vectors)),
            self.names + new.names,
            self.lows + new.lows,
            self.highs + new.highs,
            np.concatenate((self.strengths, new.strengths)),
        )

    def without(self, *names: str) -> Directions:
        """These, less those of the names given."""
        kept = [row for row, name in enumerate(self.names) if name not in names]
        return Directions(
            self.vectors[kept],
            tuple(self.names[row] for row in kept),
            tuple(self.lows[row] for row in kept),
            tuple(self.highs[row] for row in kept),
            self.strengths[kept],
        )


def contrast(positive: Iterable[ArrayLike], negative: Iterable[ArrayLike]) -> Latent:
    """The direction from one set of latent vectors to another: mean(positive) - mean(negative), float32 (d,).

    Larsen et al. 2016 (arXiv:1512.09300) find visual attributes so.

    Raises:
        ValueError: a set is empty, the vectors differ in length, or the means are the same.
    """
    sets = list(positive), list(negative)
    if not sets[0] or not sets[1]:
        raise ValueError("a direction needs at least one latent in set A and one in set B")
    means = [np.array(each, np.float64).mean(axis=0) for each in sets]
    if means[0].ndim != 1 or means[0].shape != means[1].shape:
        raise ValueError(f"sets A and B have latents of shapes {means[0].shape} and {means[1].shape}")
    difference: Latent = (means[0] - means[1]).astype(np.float32)
    if not np.all(np.isfinite(difference)):
        raise ValueError("sets A and B hold NaN or infinities")
    if not np.any(difference):
        raise ValueError("sets A and B have the same mean, so there is no direction between them")
    return difference


def analogy(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Latent:
    """A - B + C, float32 (d,): what makes a of b, done to c."""
    start, less, plus = (np.asarray(each, np.float64) for each in (a, b, c))
    return (start - less + plus).astype(np.float32)


def concordance(scores: ArrayLike, values: ArrayLike, seed: int = 0) -> float:
    """Of random pairs, the share in which the larger value has the larger score; 0.5 by chance.

    For two classes that is the area under the ROC curve.

    Args:
        scores: Positions along a direction, (n,).
        values: The attribute of the same examples, (n,), or whether each is of a class.
        seed: Of the pairs.
    """
    score, value = np.asarray(scores), np.asarray(values)
    one, other = np.random.default_rng(seed).integers(0, len(score), (2, _PAIRS))
    differ = value[one] != value[other]
    agree = (score[one] < score[other]) == (value[one] < value[other])
    return float(agree[differ].mean())
