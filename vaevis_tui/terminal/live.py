"""The live picture: what the terminal shows of it, and the least output that makes it show the next one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cellstream import MOST_COLUMNS, MOST_ROWS, encode_cells
from vaevis_tui.terminal.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.encoder import RGB, Pixels
from vaevis_tui.terminal.palette import nearest, palette, to_grey
from vaevis_tui.terminal.quality import Quality, distances, reduce

_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """Output that changes a picture on the screen.

    Attributes:
        text: What to write; it leaves the cursor and colours anywhere.
        size: Its length in bytes of UTF-8.
        whole: Whether it is all that had to change; False if a limit cut it short.
        cells: Which cells it draws, (rows, columns).
        shown: What the terminal shows of them afterwards, uint8 (2 rows, columns, 3).
    """

    text: str
    size: int
    whole: bool
    cells: _Mask
    shown: Pixels


class LivePicture:
    """A copy of what the terminal shows in a rectangle of cells, two pixels each, and updates against it.

    A cell that somebody else may have drawn over is *unknown*: it is drawn with the next update in any case.
    Cells that are *covered* by something that lies on the picture are left alone.

    Args:
        mode: The colours that the terminal draws.
        rows: Height in cells.
        columns: Width in cells.

    Raises:
        ValueError: The rectangle is empty.
    """

    def __init__(self, mode: ColorMode, rows: int, columns: int) -> None:
        if min(rows, columns) < 1:
            raise ValueError(f"no picture has {columns}x{rows} cells")
        self.mode = mode
        self._shown = np.zeros((2 * rows, columns, 3), np.uint8)
        self._known = np.zeros((rows, columns), np.bool_)
        self._covered = np.zeros((rows, columns), np.bool_)

    @property
    def known(self) -> _Mask:
        """Which cells are known to show `shown`, (rows, columns)."""
        return self._known

    @property
    def shown(self) -> Pixels:
        """What the terminal shows where that is known, uint8 (2 rows, columns, 3)."""
        return self._shown

    def forget(self, row: int | None = None) -> None:
        """A row, or all, may have been drawn over."""
        self._known[slice(None) if row is None else row] = False

    def cover(self, covered: _Mask) -> None:
        """Something lies on these cells, (rows, columns), from now on; what is bared is unknown."""
        self._known &= ~(covered | self._covered)
        self._covered = covered

    def assume(self, row: int, pixels: Pixels) -> None:
        """Somebody else has drawn a row of cells: it shows these pixels, uint8 (2, columns, 3)."""
        self._shown[2 * row : 2 * row + 2] = pixels
        self._known[row] = True

    def plan(
        self,
        pixels: Pixels,
        quality: Quality,
        at: tuple[int, int] = (0, 0),
        background: RGB = (0, 0, 0),
        limit: int | None = None,
    ) -> Update:
        """Output that makes the terminal show a picture; if it is written, `apply` must be told.

        Args:
            pixels: The picture, uint8 (2 rows, columns, 3), or one row of pixels less.
            quality: How faithfully.
            at: Row and column of the screen that the rectangle begins at, from 0.
            background: What shows in the lower half of the last row where a row of pixels is missing.
            limit: Bytes to stop at, or None. Then the cells that were left out are still to be changed.

        Raises:
            ValueError: The picture has another size, or reaches beyond what `encode_cells` can address.
        """
        top, left = at
        if top + len(self._known) > MOST_ROWS or left + self._known.shape[1] > MOST_COLUMNS:
            raise ValueError(f"a picture at row {top}, column {left} reaches beyond what can be addressed")
        codes, shown = self._render(pixels, quality, background)
        changed = self._changed(shown, quality.tolerance)
        where = np.flatnonzero(changed)
        rows, columns = np.divmod(where, changed.shape[1])
        upper, lower = (codes[:, half::2].reshape(len(codes), -1)[:, where] for half in (0, 1))
        depth = ColorDepth.PALETTE if len(codes) == 1 else ColorDepth.TRUECOLOR
        stream = encode_cells(rows + top, columns + left, upper, lower, depth, limit)
        changed.reshape(-1)[where[stream.cells :]] = False
        return Update(stream.text, stream.size, stream.cells == len(where), changed, shown)

    def apply(self, update: Update) -> None:
        """An update of this picture, the one planned last, is written."""
        np.copyto(self._shown, update.shown, where=update.cells.repeat(2, axis=0)[..., None])
        self._known |= update.cells

    def update(self, pixels: Pixels, quality: Quality, at: tuple[int, int] = (0, 0)) -> Update:
        """Plan and apply at once."""
        update = self.plan(pixels, quality, at)
        self.apply(update)
        return update

    def _render(
        self, pixels: Pixels, quality: Quality, background: RGB
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The numbers that name each colour, (channels, 2 rows, columns), and the colours, (..., 3)."""
        rows, columns = self._known.shape
        if len(pixels) == 2 * rows - 1:
            pixels = np.concatenate((pixels, np.full((1, *pixels.shape[1:]), background, np.uint8)))
        if pixels.shape != (2 * rows, columns, 3):
            raise ValueError(f"a picture of {2 * rows}x{columns} pixels has not the shape {pixels.shape}")
        pixels = reduce(pixels, quality)
        if self.mode.grey:
            pixels = to_grey(pixels)
        if quality.depth is ColorDepth.PALETTE or self.mode.depth is ColorDepth.PALETTE:
            entries = nearest(pixels)
            return entries[None], palette()[entries]
        return np.moveaxis(pixels, -1, 0), pixels

    def _changed(self, shown: Pixels, tolerance: float) -> _Mask:
        """Which cells must be drawn for the terminal to show this, give or take."""
        if tolerance:
            off = distances(shown, self._shown) > 9 * tolerance * tolerance
        else:
            off = (shown[..., 0] != self._shown[..., 0]) | (shown[..., 1] != self._shown[..., 1])
            off |= shown[..., 2] != self._shown[..., 2]
        changed: _Mask = off[0::2] | off[1::2] | ~self._known
        return changed & ~self._covered
