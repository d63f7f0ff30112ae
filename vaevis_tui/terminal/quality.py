"""How faithful an image is on its way to the terminal: what to give up first where bytes are few."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode


@dataclass(frozen=True, slots=True)
class Quality:
    """One step of the ladder.

    Attributes:
        name: For the user.
        tolerance: How far a colour on the screen may be off before it is drawn anew, see `distances`.
        levels: Steps of each channel that colours are rounded to, 256 for none: neighbours become equal.
        depth: How colours are named.
        block: Cells along each row, and half as many along each column, that share one colour.
        seconds: How long one image may take on the way before the next step down is the better choice.
    """

    name: str
    tolerance: float = 0.0
    levels: int = 256
    depth: ColorDepth = ColorDepth.TRUECOLOR
    block: int = 1
    seconds: float = 1 / 30


EXACT = 0
"""The step of the ladder that shows every pixel as it is, or as near as the terminal's colours allow."""

_TRUECOLOR_LADDER = (
    Quality("exact", seconds=1 / 60),
    Quality("tolerant", tolerance=6),
    Quality("rounded", tolerance=12, levels=32, seconds=1 / 25),
    Quality("256 colours", tolerance=16, depth=ColorDepth.PALETTE, seconds=1 / 15),
    Quality("half the cells", tolerance=24, depth=ColorDepth.PALETTE, block=2, seconds=1 / 10),
    Quality("a quarter of the cells", tolerance=32, depth=ColorDepth.PALETTE, block=4, seconds=1 / 5),
    Quality("an eighth of the cells", tolerance=32, depth=ColorDepth.PALETTE, block=8, seconds=1 / 5),
)


DOTS_LADDER = (
    Quality("exact"),
    Quality("rounded", tolerance=6, levels=16, seconds=1 / 25),
    Quality("half size", tolerance=12, levels=32, block=2, seconds=1 / 10),
    Quality("quarter size", tolerance=24, levels=32, block=4, seconds=1 / 5),
)
"""The steps where dots are sent; of 128x128 pixels kitty takes 27, 13, 3 and 1 KB a frame of a walk."""


def ladder(mode: ColorMode) -> tuple[Quality, ...]:
    """The steps for a terminal's colours, the best first."""
    if mode.depth is ColorDepth.TRUECOLOR:
        return _TRUECOLOR_LADDER
    if mode.depth is ColorDepth.SIXTEEN:
        fewer_cells = (step for step in _TRUECOLOR_LADDER if step.block > 1)
        return (Quality("exact"), *(replace(step, depth=ColorDepth.SIXTEEN) for step in fewer_cells))
    return (
        Quality("exact", depth=ColorDepth.PALETTE),
        *(step for step in _TRUECOLOR_LADDER if step.depth is ColorDepth.PALETTE),
    )


def distances(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Nine times the squared distance of colours, uint8 (..., 3) to int32 (...).

    Red, green and blue count 2, 4 and 3: the "low-cost approximation" to perceived difference without its
    term for the mean of red (https://www.compuphase.com/cmetric.htm). A grey off by n is at distance n.
    """
    total = np.zeros(a.shape[:-1], np.int32)
    for channel, weight in enumerate((2, 4, 3)):
        difference = a[..., channel].astype(np.int32) - b[..., channel]
        total += weight * difference * difference
    return total


def reduce(pixels: NDArray[np.uint8], quality: Quality, grid: tuple[int, int] = (2, 1)) -> NDArray[np.uint8]:
    """Pixels with the detail of a quality, uint8 (h, w, 3) to the same shape.

    Args:
        pixels: The image, in whole cells.
        quality: How much is left of it.
        grid: Pixels in a cell: rows, columns. With that of half-blocks a block is square.
    """
    if quality.block > 1:
        pixels = _blocks(pixels, max(1, quality.block * grid[0] // 2), quality.block * grid[1])
    if quality.levels < 256:
        step = 256 // quality.levels
        # The middle of each step, so that black stays dark and white bright on average.
        pixels = pixels // np.uint8(step) * np.uint8(step) + np.uint8(step // 2)
    return pixels


def _blocks(pixels: NDArray[np.uint8], down: int, across: int) -> NDArray[np.uint8]:
    """The average of each block of down x across pixels in place of them; the last ones may be smaller."""
    height, width, _ = pixels.shape
    ys, xs = np.arange(0, height, down), np.arange(0, width, across)
    sums = np.add.reduceat(np.add.reduceat(pixels, ys, axis=0, dtype=np.uint32), xs, axis=1)
    counts = np.diff(ys, append=height)[:, None] * np.diff(xs, append=width)
    means = ((sums + counts[..., None] // 2) // counts[..., None]).astype(np.uint8)
    blocks: NDArray[np.uint8] = means.repeat(down, axis=0)[:height].repeat(across, axis=1)[:, :width]
    return blocks
