"""Where the person stands in latent space, and the way back: an immutable value, replaced by each change."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.space import LatentSpace

SIGMA_LIMIT = 10.0
"""No dimension is moved further from the mean than this, in sigmas: decoders make nothing of more."""

UNDO_LIMIT = 256
"""Steps that can be undone: 256 KiB at d = 256."""


@dataclass(frozen=True, eq=False)
class LatentState:
    """The latent vector on show, the selected dimension, and what undo and redo lead to.

    A state never changes; each method gives the next one, or the same object if nothing moved (so that ``is``
    tells). Sigmas are those of the space, per dimension; every value is kept within ±`SIGMA_LIMIT`.

    A held key, a drag or a walk is *one* step to undo: changes that follow each other with the same ``key``
    (anything hashable but None) are coalesced, until another change, `undo`, `redo` or `settle` comes
    between.

    Attributes:
        space: The model's latent space.
        z: The latent vector, float32 (d,), read-only.
        selected: The selected dimension, 0 to d - 1.
    """

    space: LatentSpace
    z: Latent
    selected: int
    _past: tuple[Latent, ...] = ()
    _future: tuple[Latent, ...] = ()
    _key: Hashable = None

    @classmethod
    def start(cls, space: LatentSpace, z: ArrayLike | None = None) -> Self:
        """At z (d,), or at the mean; the most informative dimension is selected, nothing to undo.

        Raises:
            ValueError: z has another shape than (d,), or holds NaN or infinities.
        """
        here = _clamped(space, space.mean if z is None else z)
        return cls(space, here, int(space.order[0]))

    @classmethod
    def restore(
        cls,
        space: LatentSpace,
        z: ArrayLike,
        selected: int,
        past: Iterable[ArrayLike],
        future: Iterable[ArrayLike],
    ) -> Self:
        """At z (d,), with a dimension selected and steps to undo and redo, as `past` and `future` give them.

        Raises:
            ValueError: a vector has another shape than (d,) or is not finite, or there is no such dimension.
        """
        before = tuple(_clamped(space, each) for each in past)[-UNDO_LIMIT:]
        after = tuple(_clamped(space, each) for each in future)[-UNDO_LIMIT:]
        return cls(space, _clamped(space, z), int(space.order[0]), before, after).select(selected)

    @property
    def past(self) -> tuple[Latent, ...]:
        """What undo leads back to, oldest first."""
        return self._past

    @property
    def future(self) -> tuple[Latent, ...]:
        """What redo leads to, the next one last."""
        return self._future

    @property
    def sigma(self) -> Coordinates:
        """Every dimension in sigmas from the mean, float64 (d,)."""
        return self.space.to_sigma(self.z)

    @property
    def rank(self) -> int:
        """Place of the selected dimension in the space's order, 0 for the most informative."""
        return int(np.flatnonzero(self.space.order == self.selected)[0])

    def select(self, dim: int) -> Self:
        """Select a dimension.

        Raises:
            ValueError: there is no such dimension.
        """
        return dataclasses.replace(self, selected=self._checked(dim)) if dim != self.selected else self

    def select_by(self, places: int) -> Self:
        """Move the selection along the order of information, down if positive; it stops at the ends."""
        place = min(max(self.rank + places, 0), self.space.dim - 1)
        return self.select(int(self.space.order[place]))

    def move(self, dim: int, sigmas: float, key: Hashable = None) -> Self:
        """Move one dimension by so many sigmas.

        Raises:
            ValueError: there is no such dimension, or sigmas is not finite.
        """
        return self.set(dim, float(self.sigma[self._checked(dim)]) + sigmas, key)

    def set(self, dim: int, sigma: float, key: Hashable = None) -> Self:
        """Put one dimension at so many sigmas from the mean; the others keep their bits.

        Raises:
            ValueError: there is no such dimension, or sigma is not finite.
        """
        dim = self._checked(dim)
        if not math.isfinite(sigma):
            raise ValueError(f"a position must be a finite number of sigmas, not {sigma}")
        clamped = min(max(sigma, -SIGMA_LIMIT), SIGMA_LIMIT)
        z = self.z.copy()
        z[dim] = float(self.space.mean[dim]) + clamped * float(self.space.std[dim])
        return self._go(z, key)

    def reset(self, dim: int, key: Hashable = None) -> Self:
        """Put one dimension back to the mean.

        Raises:
            ValueError: there is no such dimension.
        """
        return self.set(dim, 0.0, key)

    def reset_all(self) -> Self:
        """Put every dimension back to the mean."""
        return self._go(self.space.mean.copy(), None)

    def replace(self, z: ArrayLike, key: Hashable = None) -> Self:
        """Go to another latent vector (d,): a random point, an anchor, the next point of a walk.

        Raises:
            ValueError: z has another shape than (d,), or holds NaN or infinities.
        """
        return self._go(_clamped(self.space, z), key)

    def settle(self) -> Self:
        """End what is being coalesced: the next change is a step of its own, whatever its key."""
        return dataclasses.replace(self, _key=None) if self._key is not None else self

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step to do again."""
        return bool(self._future)

    def undo(self) -> Self:
        """Before the last step; the selection stays. The same state if there is none."""
        if not self._past:
            return self
        *past, z = self._past
        return dataclasses.replace(self, z=z, _past=tuple(past), _future=(*self._future, self.z), _key=None)

    def redo(self) -> Self:
        """Again what was undone last. The same state if there is nothing."""
        if not self._future:
            return self
        *future, z = self._future
        return dataclasses.replace(self, z=z, _past=(*self._past, self.z), _future=tuple(future), _key=None)

    def _go(self, z: Latent, key: Hashable) -> Self:
        if np.array_equal(z, self.z):
            return self
        z.setflags(write=False)
        if key is not None and key == self._key:
            return dataclasses.replace(self, z=z)
        past = (*self._past, self.z)[-UNDO_LIMIT:]
        return dataclasses.replace(self, z=z, _past=past, _future=(), _key=key)

    def _checked(self, dim: int) -> int:
        if not 0 <= dim < self.space.dim:
            raise ValueError(f"dimension {dim} does not exist; expected 0 to {self.space.dim - 1}")
        return dim


def _clamped(space: LatentSpace, z: ArrayLike) -> Latent:
    """A read-only copy of z with only what lies beyond the limit altered."""
    here = np.array(z, np.float32)
    if here.shape != (space.dim,):
        raise ValueError(f"z has shape {here.shape}; expected ({space.dim},)")
    if not np.all(np.isfinite(here)):
        raise ValueError("z holds NaN or infinities")
    sigma = space.to_sigma(here)
    limited = space.from_sigma(np.clip(sigma, -SIGMA_LIMIT, SIGMA_LIMIT))
    here = np.where(np.abs(sigma) > SIGMA_LIMIT, limited, here)
    here.setflags(write=False)
    return here
