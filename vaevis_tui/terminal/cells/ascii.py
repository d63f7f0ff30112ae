"""Images in ASCII: for terminals that have neither colours nor block elements, and for plain text files.

A row is characters alone, no escape sequence and nothing else. Each character stands for the mean luma of its
cell, dithered to the levels of the ramp; on a dark screen, which is assumed, brighter is denser.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.cells import EncodedCells, whole_cells
from vaevis_tui.terminal.color.dither import Levels
from vaevis_tui.terminal.color.palette import to_grey
from vaevis_tui.terminal.encoder import RGB, Pixels

RAMP = " .:-=+*#%@"
"""From black to white; the ink of these grows about evenly in common fonts (P. Bourke, 1997)."""


class AsciiEncoder:
    """Encodes pictures as ASCII, a cell being two pixels, one above the other; see the module.

    Args:
        ramp: Characters from black to white, at least two.

    Raises:
        ValueError: The ramp is too short or holds what is no printable ASCII.
    """

    grid = (2, 1)
    """Pixels in a cell: rows, columns."""

    def __init__(self, ramp: str = RAMP) -> None:
        if len(ramp) < 2 or not (ramp.isascii() and ramp.isprintable()):
            raise ValueError(f"a ramp must be two printable ASCII characters or more, not {ramp!r}")
        self._ramp = np.frombuffer(ramp.encode(), np.uint8)
        self._values = np.rint(np.linspace(0, 255, len(ramp))).astype(np.int64)
        self._levels = Levels(self._values)

    def encode(self, pixels: Pixels, background: RGB = (0, 0, 0)) -> EncodedCells:
        """Encode pixels, uint8 (h, w, 3); where h is odd the last lower half is ``background``.

        Raises:
            ValueError: The pixels have another shape or type, or there are none.
        """
        codes, greys = self.characters(pixels, background)
        height, width = codes.shape
        rows = tuple(row.tobytes().decode("ascii") for row in codes)
        halves = np.broadcast_to(greys[..., None, None], (height, width, 2, 3))
        pairs = np.zeros((height, width, 2, 3), np.uint8)
        pairs[:, :, 0] = 255
        return EncodedCells(rows, width, halves, (width,) * height, rows, pairs)

    def characters(
        self, pixels: Pixels, background: RGB = (0, 0, 0)
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The code of each cell's character, and the grey it stands for, uint8 (rows, columns) each."""
        luma = to_grey(whole_cells(pixels, self.grid, background))[..., 0].astype(np.uint16)
        level = self._levels.dithered(((luma[0::2] + luma[1::2] + 1) // 2).astype(np.uint8))
        return self._ramp[level], self._values.astype(np.uint8)[level]
