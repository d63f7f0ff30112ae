"""Images in ASCII: for terminals that have neither colours nor block elements, and for plain text files.

A row is characters alone, no escape sequence and nothing else. Each character stands for the mean luma of its
cell, dithered to the levels of the ramp; on a dark screen, which is assumed, brighter is denser.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.stream import CellStream, encode_glyphs
from vaevis_tui.terminal.cells.styles import At, Indices, on_screen, whole_cells
from vaevis_tui.terminal.color.dither import Levels
from vaevis_tui.terminal.color.sgr import sixteen_colors
from vaevis_tui.terminal.color.xterm_palette import to_grey
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import Halves

RAMP = " .:-=+*#%@"
"""From black to white; the ink of these grows about evenly in common fonts (P. Bourke, 1997)."""


GRID = (2, 1)
"""Pixels in a cell: rows, columns."""

_WHITE, _BLACK = 15, 0
"""Of the sixteen colours, which all terminals have that have any."""

_CODES = np.frombuffer(RAMP.encode(), np.uint8)
_GREYS = np.rint(np.linspace(0, 255, len(RAMP))).astype(np.uint8)


@lru_cache(maxsize=1)
def _levels() -> Levels:
    return Levels(_GREYS.astype(np.int64))


def characters(pixels: Pixels, background: RGB = (0, 0, 0)) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The code of each cell's character, and the grey it stands for, uint8 (rows, columns) each.

    Args:
        pixels: uint8 (h, w, 3).
        background: What shows in the last lower half where h is odd.

    Raises:
        ValueError: The pixels have another shape or type, or there are none.
    """
    luma = to_grey(whole_cells(pixels, GRID, background))[..., 0].astype(np.uint16)
    level = _levels().dithered(((luma[0::2] + luma[1::2] + 1) // 2).astype(np.uint8))
    return _CODES[level], _GREYS[level]


@dataclass(frozen=True)
class _CharacterCells:
    """Characters in white on black: the code of each, and the grey it stands for, (rows, columns)."""

    codes: NDArray[np.uint8]
    greys: NDArray[np.uint8]

    @property
    def shown(self) -> Pixels:
        return self.greys.repeat(2, axis=0)[..., None].repeat(3, axis=2)

    @property
    def halves(self) -> Halves:
        return np.broadcast_to(self.greys[..., None, None], (*self.greys.shape, 2, 3))

    def stream(self, where: Indices, at: At, limit: int | None = None) -> CellStream:
        words = self.codes.astype(np.uint32).reshape(-1)[where]
        white, black = (np.full((1, len(where)), color, np.uint8) for color in (_WHITE, _BLACK))
        place = on_screen(where, self.codes.shape[1], at)
        return encode_glyphs(place, words, white, black, sixteen_colors(), limit)


@dataclass(frozen=True)
class Characters:
    """ASCII characters, white on black: for screens without block elements."""

    grid = GRID
    ladder = (Quality("exact"),)

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> _CharacterCells:
        """As for any style."""
        return _CharacterCells(*characters(pixels, background))
