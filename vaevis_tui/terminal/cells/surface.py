"""A surface of characters: tracks what the terminal shows, and makes the shortest output that changes it."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.stream import MOST_COLUMNS, MOST_ROWS
from vaevis_tui.terminal.cells.styles import Cells, CellStyle, whole_cells
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.quality import Quality, distances
from vaevis_tui.terminal.surface import ALL, Halves, Mask, Update


class CellSurface:
    """A copy of what the terminal shows in a rectangle of cells, and updates against it.

    A cell that other output was written over is *unknown*: the next update draws it in any case. Cells that
    are *covered* by another widget are not drawn.

    Args:
        style: How images are drawn.
        rows: Height in cells.
        columns: Width in cells.

    Raises:
        ValueError: The rectangle is empty.
    """

    def __init__(self, style: CellStyle, rows: int, columns: int) -> None:
        if min(rows, columns) < 1:
            raise ValueError(f"no image has {columns}x{rows} cells")
        self._style = style
        self._shown = np.zeros((rows * style.grid[0], columns * style.grid[1], 3), np.uint8)
        self._known = np.zeros((rows, columns), np.bool_)
        self._covered = np.zeros((rows, columns), np.bool_)
        self._reachable: Mask = np.ones((rows, columns), np.bool_)
        self._stale: bool | None = None
        """Cached result of `stale`, which is asked several times a frame."""

    @property
    def ladder(self) -> tuple[Quality, ...]:
        """As for any surface."""
        return self._style.ladder

    @property
    def known(self) -> Mask:
        """As for any surface, (rows, columns)."""
        return self._known

    @property
    def stale(self) -> bool:
        """As for any surface: whether a cell that is not covered is unknown."""
        if self._stale is None:
            self._stale = bool((~self._known & ~self._covered & self._reachable).any())
        return self._stale

    @property
    def intact(self) -> None:
        """It is drawn in characters."""
        return

    @property
    def lies_in_cells(self) -> bool:
        """As for any surface: it does."""
        return True

    def forget(self, row: int | None = None, columns: slice = ALL) -> None:
        """As for any surface."""
        self._known[ALL if row is None else row, columns] = False
        self._stale = None

    def cover(self, covered: Mask) -> None:
        """As for any surface. What covers the cells calls `forget` when it draws."""
        if covered is not self._covered:
            self._covered, self._stale = covered, None

    def erase(self) -> str:
        """As for any surface: nothing, since other output overwrites it."""
        return ""

    def halves(self, pixels: Pixels, background: RGB) -> Halves:
        """As for any surface."""
        return self._render(pixels, self.ladder[0], background).halves

    def plan(
        self,
        pixels: Pixels,
        quality: Quality,
        at: tuple[int, int] = (0, 0),
        background: RGB = (0, 0, 0),
        limit: int | None = None,
        within: Mask | None = None,
    ) -> Update:
        """As for any surface. Cells beyond row or column 999 cannot be addressed and are not drawn.

        Raises:
            ValueError: The image has another size.
        """
        reachable = _reachable(*self._known.shape, at)
        if reachable is not self._reachable:
            self._reachable, self._stale = reachable, None
        cells = self._render(pixels, quality, background)
        shown = cells.shown
        changed = self._changed(shown, quality.tolerance)
        if quality.tolerance and (quality.block == 1 or within is not None):
            # Cells that show the image better already are not drawn coarser, only to be refined at rest.
            # Not for blocks in motion: skipped cells would break their runs, which costs more bytes.
            changed &= self._changed(whole_cells(pixels, self._style.grid, background), quality.tolerance)
        changed &= self._reachable & (~self._covered if within is None else within)
        where = np.flatnonzero(changed)
        stream = cells.stream(where, at, limit)
        changed.reshape(-1)[where[stream.cells :]] = False
        written = partial(self._written, shown, changed)
        return Update(stream.text, stream.size, stream.cells == len(where), written)

    def _written(self, shown: Pixels, cells: Mask) -> None:
        down, across = self._style.grid
        where = cells.repeat(down, axis=0)
        if across > 1:
            where = where.repeat(across, axis=1)
        np.copyto(self._shown, shown, where=where[..., None])
        self._known |= cells
        if self._stale:
            self._stale = None

    def _render(self, pixels: Pixels, quality: Quality, background: RGB) -> Cells:
        (rows, columns), (down, across) = self._known.shape, self._style.grid
        height, width, _ = pixels.shape
        if (-(-height // down), -(-width // across)) != (rows, columns):
            raise ValueError(f"{columns}x{rows} cells of {across}x{down} pixels do not hold {width}x{height}")
        return self._style.render(pixels, quality, background)

    def _changed(self, shown: Pixels, tolerance: float) -> Mask:
        """Which cells differ from this by more than the tolerance, or are unknown."""
        off: NDArray[np.bool_]
        if tolerance:
            off = distances(shown, self._shown) > 9 * tolerance * tolerance
        else:
            off = (shown[..., 0] != self._shown[..., 0]) | (shown[..., 1] != self._shown[..., 1])
            off |= shown[..., 2] != self._shown[..., 2]
        down, across = self._style.grid
        changed = ~self._known
        for y in range(down):
            for x in range(across):
                changed |= off[y::down, x::across]
        return changed


@lru_cache(maxsize=8)
def _reachable(rows: int, columns: int, at: tuple[int, int]) -> Mask:
    """Which cells of a rectangle can be addressed, (rows, columns)."""
    down, across = at[0] + np.arange(rows), at[1] + np.arange(columns)
    return ((down >= 0) & (down < MOST_ROWS))[:, None] & ((across >= 0) & (across < MOST_COLUMNS))
