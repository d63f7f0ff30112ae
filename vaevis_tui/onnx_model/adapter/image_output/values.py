"""Which of a decoder's values are black and white: by its last operators, checked on some of its images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.adapter.image_output.layout import Layout
from vaevis_tui.onnx_model.adapter.image_output.tail import ACTIVATIONS, Tail

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of https://pytorch.org/vision/stable/models.html, by which images were often normalised."""


@dataclass(frozen=True, slots=True)
class ValueMap:
    """How values become brightness.

    Attributes:
        low: What is black: one number, or one a channel.
        high: What is white.
        sigmoid: Whether a sigmoid comes first.
        because: The reason, a clause; empty where it goes without saying.
    """

    low: tuple[float, ...] = (0.0,)
    high: tuple[float, ...] = (1.0,)
    sigmoid: bool = False
    because: str = ""

    @property
    def plain(self) -> bool:
        """Whether values are shown as they are."""
        return not self.sigmoid and self.low == (0.0,) and self.high == (1.0,)

    @property
    def note(self) -> str:
        """What was taken, for people; empty where it goes without saying."""
        if not self.because:
            return ""
        if self.sigmoid:
            return f"a sigmoid is put behind its values ({self.because})"
        if self.plain:
            return f"its values are clipped to 0..1 ({self.because})"
        low, high = (", ".join(f"{v:.4g}" for v in values) for values in (self.low, self.high))
        return f"its values {low} to {high} are shown as black to white ({self.because})"


IMAGENET = ValueMap(
    tuple(-mean / std for mean, std in zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)),
    tuple((1 - mean) / std for mean, std in zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)),
)


def infer_values(tail: Tail, samples: NDArray[Any] | None, layout: Layout) -> ValueMap:
    """Decide which values are black and white.

    Args:
        tail: What the graph tells of the output.
        samples: Some of the model's images, (n, channels, h, w); None where it could not be tried.
        layout: How an output is read as an image.
    """
    root = tail.root
    if tail.bounded and (root in (*ACTIVATIONS, "ArgMax", "Reciprocal") or _usual(tail)):
        found = _per_channel(tail, layout)
        if found.plain:
            return found
        low, high = float(tail.low.min()), float(tail.high.max())
        if low < 0 < high and samples is not None and _never_negative(samples, high):
            return ValueMap(
                high=(high,), because=f"it ends in {root}, but none of {len(samples)} images is below 0"
            )
        scaled = not np.all(tail.scale == 1) or not np.all(tail.offset == 0)
        return replace(found, because=f"it ends in {root}{', scaled' if scaled else ''}")
    hinted = _affine_hint(tail, layout)
    if hinted is not None:
        return hinted
    return _by_samples(root, samples, negative=not np.all(tail.low >= 0))


def _usual(tail: Tail) -> bool:
    """Whether bounds are those that people cut images at."""
    ends = {(float(a), float(b)) for a, b in zip(tail.low.ravel(), tail.high.ravel(), strict=False)}
    return ends <= {(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-0.5, 0.5)}


def _never_negative(samples: NDArray[Any], high: float) -> bool:
    finite = samples[np.isfinite(samples)]
    return bool(finite.size and np.quantile(finite, 0.001) >= -0.02 * high and finite.max() > 0.3 * high)


def _per_channel(tail: Tail, layout: Layout) -> ValueMap:
    """The bounds, one a channel where they differ among channels alone."""
    columns = []
    for values, reduce in ((tail.low, np.min), (tail.high, np.max)):
        if values.size == 1:
            columns.append(values.reshape(1))
        else:
            images = layout.images(np.broadcast_to(values, layout.raw))
            columns.append(reduce(images, axis=(0, 2, 3)))
    low, high = np.broadcast_arrays(*columns)
    pairs = [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    pairs = pairs[:1] if len(set(pairs)) == 1 else pairs
    if any(b <= a for a, b in pairs):
        return ValueMap()
    return ValueMap(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))


def _affine_hint(tail: Tail, layout: Layout) -> ValueMap | None:
    """What an affine ending tells where nothing bounds the values before it: x * 2 - 1 is of 0..1."""
    scale, offset = tail.scale, tail.offset
    if np.all(scale == 1) and np.all(offset == 0):
        return None
    ends = []
    for low, high in ((0.0, 1.0), (-1.0, 1.0)):
        bounds = (
            np.minimum(scale * low, scale * high) + offset,
            np.maximum(scale * low, scale * high) + offset,
        )
        ends.append(replace(tail, low=bounds[0], high=bounds[1]))
    for candidate in ends:
        if all(
            np.allclose(a, b, atol=2e-3)
            for a, b in ((candidate.low, candidate.low.min()), (candidate.high, candidate.high.max()))
        ):
            rounded = replace(candidate, low=candidate.low.round(3), high=candidate.high.round(3))
            if _usual(rounded):
                tail_map = _per_channel(rounded.scalars(), layout)
                return replace(tail_map, because="its last operators scale 0..1 or -1..1 to that")
    if scale.size == 3 or offset.size == 3:
        normalised = _per_channel(ends[0], layout)
        if np.allclose(normalised.low, IMAGENET.low, atol=0.05) and len(normalised.low) == 3:
            return replace(normalised, because="its last operators normalise by the means of ImageNet")
        mean, std = np.sort(offset.ravel()), np.sort(scale.ravel())
        if np.allclose(mean, sorted(IMAGENET_MEAN), atol=0.01) and np.allclose(
            std, sorted(IMAGENET_STD), atol=0.01
        ):
            return ValueMap(because="its last operators undo a normalisation")
    return None


def _by_samples(root: str, samples: NDArray[Any] | None, *, negative: bool) -> ValueMap:
    """Decide by values alone; the bounds between the cases are wide of what decoders of each kind make.

    What cannot be negative is neither a logit nor normalised.
    """
    ends = f"it ends in {root}, not in Sigmoid or Tanh"
    finite = None if samples is None else samples[np.isfinite(samples)]
    if samples is None or finite is None or not finite.size:
        return ValueMap(because=ends)
    low, high = (float(v) for v in np.quantile(finite.astype(np.float64), (0.005, 0.995)))
    seen = f"{ends}; the values of {len(samples)} images are {_plain(low)} to {_plain(high)}"
    if high > 30:
        return ValueMap(sigmoid=True, because=seen) if low < -30 else ValueMap((0.0,), (255.0,), because=seen)
    if -0.55 <= low <= -0.25 and 0.25 <= high <= 0.55:
        return ValueMap((-0.5,), (0.5,), because=seen)
    if low >= -0.4 and high <= 1.6:
        return ValueMap(because=seen)
    if not negative:
        return ValueMap((0.0,), (high,), because=seen)
    if low >= -1.6 and high <= 1.6:
        return ValueMap((-1.0,), (1.0,), because=seen)
    if _fits_imagenet(samples):
        return replace(IMAGENET, because=f"{seen}, as normalised by the means of ImageNet")
    return ValueMap(sigmoid=True, because=seen)


def _fits_imagenet(samples: NDArray[Any]) -> bool:
    if samples.shape[1] != 3:
        return False
    values = np.moveaxis(samples, 1, 0).reshape(3, -1).astype(np.float64)
    low, high = np.quantile(values, (0.005, 0.995), axis=1)
    slack = 0.1
    inside = np.all(low >= np.array(IMAGENET.low) - slack) and np.all(high <= np.array(IMAGENET.high) + slack)
    return bool(inside)


def stretched(samples: NDArray[Any] | None) -> ValueMap:
    """From the darkest to the brightest value of some images."""
    finite = None if samples is None else samples[np.isfinite(samples)]
    if finite is None or not finite.size:
        return ValueMap(because="no image could be tried")
    low, high = (float(v) for v in np.quantile(finite.astype(np.float64), (0.001, 0.999)))
    return ValueMap((low,), (high if high > low else low + 1.0,), because="stretched to what it makes")


def _plain(value: float) -> str:
    """Three digits at most, without an exponent for what is as good as zero."""
    return f"{round(value, 3) + 0.0:.3g}"
