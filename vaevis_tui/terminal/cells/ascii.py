"""Images in ASCII: for terminals that have neither colours nor block elements, and for plain text files.

A row is characters alone, no escape sequence and nothing else. Each character stands for the mean luma of its
cell, dithered to the levels of the ramp; on a dark screen, which is assumed, brighter is denser.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.cells import whole_cells
from vaevis_tui.terminal.color.dither import Levels
from vaevis_tui.terminal.color.palette import to_grey
from vaevis_tui.terminal.pixels import RGB, Pixels

RAMP = " .:-=+*#%@"
"""From black to white; the ink of these grows about evenly in common fonts (P. Bourke, 1997)."""


GRID = (2, 1)
"""Pixels in a cell: rows, columns."""

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
