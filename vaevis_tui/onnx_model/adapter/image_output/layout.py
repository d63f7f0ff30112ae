"""Which axes of an output are height, width and channels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.adapter.options import flat_size
from vaevis_tui.onnx_model.limits import MAX_IMAGE_SIDE
from vaevis_tui.onnx_model.node import Shape

_CHANNELS = (3, 1, 4, 2, 6)
"""Numbers of channels that an image may have, the likeliest first."""

_ASPECT = 2.0
"""Longest side over shortest of a flat output whose size nobody says."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How an output is read as images.

    Attributes:
        raw: Shape of the output for one latent vector.
        view: Shape (batch, ...) with four axes that it is first viewed as; the batch is -1, or 1 where the
            output has no axis for it.
        last: Whether the channels come last in the view.
        take: Channels that are shown, in their order: one or three of those that the output has.
        kind: In words, e.g. ``"HWC"``.
        note: What was taken, for people; empty where it goes without saying.
    """

    raw: Shape
    view: Shape
    last: bool
    take: tuple[int, ...]
    kind: str
    note: str = ""

    @property
    def height(self) -> int:
        """Pixels."""
        return self.view[1] if self.last else self.view[2]

    @property
    def width(self) -> int:
        """Pixels."""
        return self.view[2] if self.last else self.view[3]

    @property
    def made(self) -> int:
        """Channels that the output has."""
        return self.view[3] if self.last else self.view[1]

    @property
    def channels(self) -> int:
        """Channels that are shown, 1 or 3."""
        return len(self.take)

    @property
    def flat(self) -> bool:
        """Whether the output tells no height and width."""
        return self.kind.startswith("flat")

    def images(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Outputs for n latent vectors, (n, ...) or several of ``raw``, as (n, channels, h, w)."""
        images = outputs.reshape(-1, *self.view[1:])
        images = images.transpose(0, 3, 1, 2) if self.last else images
        return images if self.take == tuple(range(self.made)) else images[:, list(self.take)]

    def reversed(self) -> Layout:
        """With blue and red exchanged."""
        if self.channels != 3:
            return self
        return replace(self, take=self.take[::-1], note=_joined(self.note, "its channels are taken as BGR"))


def layouts(shape: Shape, requested: str | None = None) -> list[Layout]:
    """The ways to read an output as an image, the likeliest first; none where it is no image.

    Args:
        shape: Of the output for one latent vector.
        requested: What ``--layout`` says.
    """
    if requested is not None and (size := flat_size(requested)) is not None:
        height, width, channels = size
        if math.prod(shape) != height * width * channels:
            return []
        sized = _flat(shape, height, width, channels)
        return [replace(layout, note="") for layout in sized]
    found = [layout for layout in _all(shape) if _fits(layout)]
    if requested is not None:
        found = [
            replace(layout, note="")
            for layout in found
            if layout.kind == requested or layout.kind == f"flat {requested}"
        ]
    return found


def _all(shape: Shape) -> Iterator[Layout]:
    """Everything that a shape may be, the likeliest first."""
    while len(shape) > 4 and shape[0] == 1:
        shape = shape[1:]
    raw = shape
    if len(shape) == 4 and shape[0] == 1:
        for channels in _CHANNELS:
            if shape[1] == channels:
                yield _layout(raw, (-1, *shape[1:]), last=False, kind="CHW")
            if shape[3] == channels:
                yield _layout(raw, (-1, *shape[1:]), last=True, kind="HWC", note="its channels come last")
    elif len(shape) == 3:
        if shape[0] == 1:
            yield _layout(raw, (-1, 1, *shape[1:]), last=False, kind="HW", note="its images have no channels")
        for channels in _CHANNELS:
            if shape[0] == channels:
                note = "it makes one image without an axis for more"
                yield _layout(raw, (1, *shape), last=False, kind="CHW", note=note)
            if shape[2] == channels:
                note = "its channels come last, without an axis for several images"
                yield _layout(raw, (1, *shape), last=True, kind="HWC", note=note)
    elif len(shape) == 2 and shape[0] > 1:
        note = "it makes one image without channels"
        yield _layout(raw, (1, 1, *shape), last=False, kind="HW", note=note)
    if len(shape) in (1, 2) and (len(shape) == 1 or shape[0] == 1):
        yield from _flat_sizes(raw, math.prod(shape))


def _flat_sizes(shape: Shape, count: int) -> Iterator[Layout]:
    """Squares first, grey before colour; then what is nearly square."""
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if side * side * channels == count:
            yield from _flat(shape, side, side, channels)
    for channels in (1, 3):
        pixels, rest = divmod(count, channels)
        for side in range(math.isqrt(pixels), 0, -1):
            if rest or pixels / side / side > _ASPECT:
                break
            if pixels % side == 0 and pixels // side != side:
                yield from _flat(shape, pixels // side, side, channels)
                yield from _flat(shape, side, pixels // side, channels)


def _flat(shape: Shape, height: int, width: int, channels: int) -> list[Layout]:
    batch = -1 if len(shape) == 2 and shape[0] == 1 else 1
    size = f"{height}x{width}x{channels}" if channels > 1 else f"{height}x{width}"
    note = f"its flat output is read as {size}"
    first = _layout(shape, (batch, channels, height, width), last=False, kind="flat CHW", note=note)
    if channels == 1:
        return [first]
    note = f"{note}, channels last"
    return [first, _layout(shape, (batch, height, width, channels), last=True, kind="flat HWC", note=note)]


def _layout(raw: Shape, view: Sequence[int], *, last: bool, kind: str, note: str = "") -> Layout:
    made = view[3] if last else view[1]
    take, dropped = tuple(range(made)), ""
    if made == 4:
        take, dropped = (0, 1, 2), "its fourth channel, transparency, is left out"
    elif made == 2:
        take, dropped = (0,), "the first of its two channels is shown as grey"
    elif made == 6:  # means, and how far they may be off
        take, dropped = (0, 1, 2), "the first three of its six channels are shown"
    return Layout(raw, tuple(view), last, take, kind, _joined(note, dropped))


def _fits(layout: Layout) -> bool:
    return 1 <= layout.height <= MAX_IMAGE_SIDE and 1 <= layout.width <= MAX_IMAGE_SIDE


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def smoothest(candidates: Sequence[Layout], outputs: NDArray[Any] | None) -> Layout:
    """Of several ways to read a flat output the one in which neighbours differ least.

    Args:
        candidates: One or more, the likeliest first, which is taken where nothing tells them apart.
        outputs: Of some latent vectors, (n, ...); None where the model could not be tried.
    """
    squares = [layout for layout in candidates if layout.height == layout.width]
    candidates = squares or candidates
    if len(candidates) == 1 or outputs is None or not np.isfinite(outputs).all():
        return candidates[0]
    roughness = [_roughness(layout.images(outputs).astype(np.float64)) for layout in candidates]
    best = int(np.argmin(roughness))
    return candidates[best] if roughness[best] < 0.8 * roughness[0] else candidates[0]


def _roughness(images: NDArray[np.float64]) -> float:
    """Mean difference between neighbours."""
    down, across = np.abs(np.diff(images, axis=2)), np.abs(np.diff(images, axis=3))
    return float(down.mean() if down.size else 0) + float(across.mean() if across.size else 0)
