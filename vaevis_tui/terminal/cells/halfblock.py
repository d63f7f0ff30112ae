"""Half-blocks: two pixels, one above the other, in every cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.palette import nearest, palette, to_grey
from vaevis_tui.terminal.color.sgr import sgr_colors
from vaevis_tui.terminal.pixels import Pixels

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
