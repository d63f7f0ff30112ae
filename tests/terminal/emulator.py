"""A terminal emulator that gives back the pixels it shows."""

from __future__ import annotations

import numpy as np
import pyte
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.glyphs import Glyphs


class PixelScreen:
    """A screen of cells, each two pixels high, fed with terminal output."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)

    def feed(self, output: str) -> None:
        self._stream.feed(output)

    def write_at(self, column: int, row: int, output: str) -> None:
        """Write from a cell on, counted from 0."""
        self.feed(f"\x1b[{row + 1};{column + 1}H{output}")

    def pixels(self) -> NDArray[np.uint8]:
        """What is shown, uint8 (2 rows, columns, 3); what has the default colour is black."""
        shown = np.zeros((2 * self.screen.lines, self.screen.columns, 3), np.uint8)
        for y in range(self.screen.lines):
            for x in range(self.screen.columns):
                shown[2 * y, x], shown[2 * y + 1, x] = self._halves(x, y)
        return shown

    def cells(self, glyphs: Glyphs, top: int, left: int, rows: int, columns: int) -> NDArray[np.uint8]:
        """The pixels that cells show, uint8 (rows * glyphs.rows, columns * glyphs.columns, 3)."""
        shown = np.zeros((rows * glyphs.rows, columns * glyphs.columns, 3), np.uint8)
        for y in range(rows):
            for x in range(columns):
                cell = self.screen.buffer[top + y][left + x]
                pattern = glyphs.characters.index(cell.data)
                for bit in range(glyphs.pixels):
                    row, column = (
                        y * glyphs.rows + bit // glyphs.columns,
                        x * glyphs.columns + bit % glyphs.columns,
                    )
                    shown[row, column] = _rgb(cell.fg if pattern >> bit & 1 else cell.bg)
        return shown

    def _halves(self, x: int, y: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        cell = self.screen.buffer[y][x]
        foreground, background = _rgb(cell.fg), _rgb(cell.bg)
        match cell.data:
            case "▀":
                return foreground, background
            case "▄":
                return background, foreground
            case "█":
                return foreground, foreground
            case " ":
                return background, background
        raise AssertionError(f"{cell.data!r} at column {x}, row {y} is no half-block")


def _rgb(color: str) -> tuple[int, ...]:
    return (0, 0, 0) if color == "default" else tuple(bytes.fromhex(color))
