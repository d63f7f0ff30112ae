"""Frames on their way to a file: how many, how fast, how large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.animation import LEAST_SIDE, MOST_SIDE

Frame = NDArray[np.uint8]
"""One frame, uint8 (h, w, 3)."""

Resampling = Literal["auto", "nearest", "smooth"]

_ENLARGED = 256
"""Smaller frames are enlarged to this by a whole number, if no size is chosen."""

_SMALL = 64
"""Up to this side, pixels are repeated where smoothing would only blur them."""


@dataclass(frozen=True)
class FrameStream:
    """Frames of one size, which are taken once.

    Attributes:
        take: Begins with the frames.
        count: Number of frames.
        rate: Frames a second.
        loop: Whether the last frame leads to the first.
        size: Height and width of every frame, in pixels.
    """

    take: Callable[[], Iterator[Frame]]
    count: int
    rate: float
    loop: bool
    size: tuple[int, int]

    def durations(self, unit: float, least: int = 1) -> list[int]:
        """Length of each frame in units of so many seconds; their sum is right to half a unit."""
        ends = [round(frame / self.rate / unit) for frame in range(self.count + 1)]
        return [max(end - start, least) for start, end in pairwise(ends)]


@dataclass(frozen=True, slots=True)
class Size:
    """What frames become.

    Attributes:
        height: In pixels.
        width: In pixels.
        nearest: Whether pixels are repeated; they are smoothed otherwise.
    """

    height: int
    width: int
    nearest: bool


def enlarged(
    size: tuple[int, int], side: int | None, resampling: Resampling = "auto", even: bool = False
) -> Size:
    """The size of frames in a file.

    Args:
        size: Height and width that they have.
        side: Of the longer one, in pixels; None enlarges small frames by a whole number.
        resampling: ``"nearest"`` repeats pixels, ``"smooth"`` is bicubic; ``"auto"`` repeats those of frames
            up to 64 pixels that grow by a whole number.
        even: Whether height and width must be even, as video wants them.

    Raises:
        UserError: The side is out of range.
        ValueError: There is no such resampling.
    """
    height, width = size
    longer = max(height, width)
    if side is None:
        side = longer * max(1, -(-_ENLARGED // longer))
    if not LEAST_SIDE <= side <= MOST_SIDE:
        raise UserError(f"a size of {side} is out of range; {LEAST_SIDE} to {MOST_SIDE} pixels are possible")
    new = round(height * side / longer), round(width * side / longer)
    if even:
        new = new[0] + new[0] % 2, new[1] + new[1] % 2
    repeats = side % longer == 0 and new == (height * side // longer, width * side // longer)
    if resampling not in get_args(Resampling):
        raise ValueError(f"resampling is {resampling!r}; {', '.join(get_args(Resampling))} are expected")
    nearest = resampling == "nearest" or (resampling == "auto" and repeats and longer <= _SMALL)
    return Size(*new, nearest)


def resized(stream: FrameStream, size: Size) -> FrameStream:
    """The same frames in another size."""
    if (size.height, size.width) == stream.size:
        return stream
    return replace(
        stream,
        take=lambda: (_resize(frame, size) for frame in stream.take()),
        size=(size.height, size.width),
    )


def _resize(frame: Frame, size: Size) -> Frame:
    from PIL import Image

    how = Image.Resampling.NEAREST if size.nearest else Image.Resampling.BICUBIC
    image = Image.fromarray(np.ascontiguousarray(frame))
    return np.asarray(image.resize((size.width, size.height), how))
