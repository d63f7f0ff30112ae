"""What every cell style has: the contract between images drawn with characters and whoever writes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.stream import CellStream, Positions
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.pixels import RGB, Pixels, checked
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import Halves

Indices = NDArray[np.intp]
At = tuple[int, int] | None
"""Row and column of the screen that an image begins at, from 0; None is where the cursor is."""


class Cells(Protocol):
    """An image as cells, before it is written."""

    @property
    def shown(self) -> Pixels:
        """Every pixel as the terminal shows it, uint8 (h, w, 3)."""
        ...

    @property
    def halves(self) -> Halves:
        """What the halves of each cell look like."""
        ...

    def stream(self, where: Indices, at: At, limit: int | None = None) -> CellStream:
        """Some of the cells, anywhere on the screen.

        Args:
            where: Which, (n,), numbers of cells counted row by row, rising.
            at: Row and column of the screen that the image begins at; None writes one cell after the other
                where the cursor is.
            limit: Bytes to stop at, or None.
        """
        ...


class CellStyle(Protocol):
    """A way to draw images with characters."""

    @property
    def grid(self) -> tuple[int, int]:
        """Pixels in a cell: rows, columns."""
        ...

    @property
    def ladder(self) -> tuple[Quality, ...]:
        """The qualities that images can be drawn in, the best first."""
        ...

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> Cells:
        """An image, uint8 (h, w, 3), as cells; background fills those that it does not."""
        ...


def on_screen(where: Indices, columns: int, at: At) -> Positions | None:
    """Cells of an image, numbered row by row, as positions on the screen; None where the cursor is."""
    if at is None:
        return None
    rows, inside = np.divmod(where, columns)
    return rows + at[0], inside + at[1]


def at_depth(mode: ColorMode, quality: Quality) -> ColorMode:
    """The colours of a quality on a terminal of a mode: the fewer of the two."""
    return replace(mode, depth=quality.depth) if mode.depth is ColorDepth.TRUECOLOR else mode


def whole_cells(pixels: Pixels, grid: tuple[int, int], background: RGB) -> Pixels:
    """The pixels, and background to their right and below them, so that they fill whole cells.

    Args:
        pixels: uint8 (h, w, 3).
        grid: Pixels in a cell: rows, columns.
        background: What is added.

    Raises:
        ValueError: The pixels have another shape or type, or there are none.
    """
    height, width, _ = checked(pixels).shape
    missing = -height % grid[0], -width % grid[1]
    if not any(missing):
        return pixels
    whole = np.empty((height + missing[0], width + missing[1], 3), np.uint8)
    whole[:] = background
    whole[:height, :width] = pixels
    return whole
