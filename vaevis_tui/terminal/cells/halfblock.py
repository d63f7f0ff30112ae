"""Half-blocks: two pixels, one above the other, in every cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.stream import CellStream, encode_cells
from vaevis_tui.terminal.cells.styles import At, Indices, at_depth, on_screen, whole_cells
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.sgr import sgr_colors
from vaevis_tui.terminal.color.xterm_palette import nearest, palette, to_grey
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.quality import Quality, ladder, reduce
from vaevis_tui.terminal.surface import Halves

UPPER_HALF = "▀"


def quantized(pixels: Pixels, mode: ColorMode, *, dithers: bool = False) -> tuple[NDArray[np.uint8], Pixels]:
    """The numbers that name the colour of each pixel, uint8 (h, w, c), and what is shown, uint8 (h, w, 3).

    Args:
        pixels: uint8 (h, w, 3).
        mode: 24-bit colours or 256.
        dithers: Whether 256 colours are mixed, which looks better and takes more bytes than the nearest.
    """
    if dithers:
        return sgr_colors(mode).quantize(pixels)
    if mode.grey:
        pixels = to_grey(pixels)
    if mode.depth is ColorDepth.PALETTE:
        entries = nearest(pixels)
        return entries[..., None], palette()[entries]
    return pixels, pixels


def halves(shown: Pixels) -> NDArray[np.uint8]:
    """Pixels, (2 rows, columns, 3), by cells: uint8 (rows, columns, 2, 3), the upper half first."""
    height, width, _ = shown.shape
    return shown.reshape(height // 2, 2, width, 3).swapaxes(1, 2)


@dataclass(frozen=True)
class _HalfCells:
    """Half-blocks: the numbers that name the colour of each pixel, (h, w, c), and what is shown."""

    codes: NDArray[np.uint8]
    shown: Pixels
    depth: ColorDepth

    @property
    def halves(self) -> Halves:
        return halves(self.shown)

    def stream(self, where: Indices, at: At, limit: int | None = None) -> CellStream:
        columns = self.shown.shape[1]
        by_channel = np.moveaxis(self.codes, -1, 0)
        upper, lower = (by_channel[:, half::2].reshape(len(by_channel), -1)[:, where] for half in (0, 1))
        return encode_cells(on_screen(where, columns, at), upper, lower, self.depth, limit)


@dataclass(frozen=True)
class HalfBlocks:
    """Two pixels a cell, one above the other, in colours of their own: every image is exact.

    Attributes:
        mode: The colours that the terminal draws.
    """

    mode: ColorMode

    grid = (2, 1)

    @property
    def ladder(self) -> tuple[Quality, ...]:
        """As for any style."""
        return ladder(self.mode)

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> _HalfCells:
        """As for any style."""
        mode = at_depth(self.mode, quality)
        pixels = reduce(whole_cells(pixels, self.grid, background), quality)
        dithers = mode.depth is ColorDepth.PALETTE and not quality.tolerance
        return _HalfCells(*quantized(pixels, mode, dithers=dithers), mode.depth)
