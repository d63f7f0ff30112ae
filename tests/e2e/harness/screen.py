"""What a terminal shows: pyte's screen and an alternate one, read back as text and as pixels."""

from __future__ import annotations

import codecs
import re

import numpy as np
import pyte
from numpy.typing import NDArray

ALTERNATE_MODES = (47, 1047, 1049)

_PYTES_MODES = (6, 7, 25)  # origin, line wrap, cursor; pyte's mode 3 would change the width
_MODES = re.compile(rb"\x1b\[\?([0-9;]*)([hl])")
_TOKEN = re.compile(
    r"\x1b\[([0-9;]*)m"
    r"|\x1b\[([0-9;]*)H"
    r"|([^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[[0-9;?]*[@-~]"
    r"|\x1b[ -/]*[0-Z\\-~]"
    r"|.",
    re.DOTALL,
)
_REPEAT = re.compile(rb"\x1b\[([0-9]*)b")

_HALVES = {" ": "bb", "▀": "fb", "▄": "bf", "█": "ff"}  # colour of the upper and the lower half, fore or back
_REMEMBERED = 1 << 14  # colour changes, a few megabytes
_COLOURS = {  # as pyte names them, with a slip of its own at the end; the values are xterm's
    "black": "000000",
    "red": "cd0000",
    "green": "00cd00",
    "brown": "cdcd00",
    "blue": "0000ee",
    "magenta": "cd00cd",
    "cyan": "00cdcd",
    "white": "e5e5e5",
    "brightblack": "7f7f7f",
    "brightred": "ff0000",
    "brightgreen": "00ff00",
    "brightbrown": "ffff00",
    "brightblue": "5c5cff",
    "brightmagenta": "ff00ff",
    "brightcyan": "00ffff",
    "brightwhite": "ffffff",
    "bfightmagenta": "ff00ff",
}


class _Page(pyte.Screen):
    """One of a terminal's two screens, and what feeds it."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self._stream = pyte.Stream(self)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._after: dict[tuple[pyte.screens.Char, str], pyte.screens.Char] = {}

    def feed(self, data: bytes) -> None:
        """Take whole sequences and text; a character may be cut in two.

        pyte's own parser goes character by character and takes most of the time that a picture needs.
        Colours, cursor positions and text are therefore told apart here; the rest is left to it.
        """
        for token in _TOKEN.finditer(self._decoder.decode(data)):
            colours, position, text = token.groups()
            if text is not None:
                self._draw(text)
            elif colours is not None:
                self._colour(colours)
            elif position is not None:
                self.cursor_position(*_numbers(position)[:2])
            else:
                self._stream.feed(token.group())

    def _draw(self, text: str) -> None:
        """Text; a single half-block, the most of a picture, goes past what pyte does for any character."""
        cursor = self.cursor
        if text in _HALVES and cursor.x < self.columns and pyte.modes.IRM not in self.mode:
            self.buffer[cursor.y][cursor.x] = pyte.screens.Char(text, *cursor.attrs[1:])
            cursor.x += 1
        else:
            self.draw(text)

    def _colour(self, parameters: str) -> None:
        """Colours and attributes as pyte works them out, remembered for pictures of few colours."""
        key = (self.cursor.attrs, parameters)
        if key in self._after:
            self.cursor.attrs = self._after[key]
            return
        self.select_graphic_rendition(*_numbers(parameters))
        if len(self._after) >= _REMEMBERED:
            self._after.clear()
        self._after[key] = self.cursor.attrs


def _numbers(parameters: str) -> list[int]:
    return [int(number or 0) for number in parameters.split(";")]


class Screen:
    """The cells of a terminal.

    Args:
        columns: Width in cells.
        rows: Height in cells.
        foreground: Default colour of text, hexadecimal.
        background: Default colour behind text, hexadecimal.
    """

    def __init__(
        self, columns: int, rows: int, foreground: str = "e5e5e5", background: str = "000000"
    ) -> None:
        self._colours = {**_COLOURS, "default": foreground}
        self._background = background
        self._main = self._page = _Page(columns, rows)

    @property
    def columns(self) -> int:
        """Width in cells."""
        return int(self._page.columns)

    @property
    def rows(self) -> int:
        """Height in cells."""
        return int(self._page.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor from 1, as terminals report them."""
        return self._page.cursor.y + 1, min(self._page.cursor.x, self._page.columns - 1) + 1

    @property
    def plain(self) -> bool:
        """Whether text would be written without colours and attributes now."""
        return bool(self._page.cursor.attrs == self._page.default_char)

    def write(self, data: bytes) -> None:
        """Take text and what else pyte understands."""
        self._page.feed(data)

    def control(self, sequence: bytes) -> None:
        """Take a mode change, a repetition or another sequence that pyte needs help with."""
        if match := _MODES.fullmatch(sequence):
            for mode in match[1].split(b";"):
                self._set_mode(int(mode or 0), match[2] == b"h")
        elif match := _REPEAT.fullmatch(sequence):
            cursor = self._page.cursor
            before = self._page.buffer[cursor.y][max(0, cursor.x - 1)].data
            self._page.draw(before * int(match[1] or 1))
        else:
            self.write(sequence)

    def _set_mode(self, mode: int, on: bool) -> None:
        if mode in ALTERNATE_MODES:
            modes, attributes = self._page.mode, self._page.cursor.attrs
            self._page = _Page(self._page.columns, self._page.lines) if on else self._main
            self._page.mode, self._page.cursor.attrs = modes, attributes
        elif mode in _PYTES_MODES:
            (self._page.set_mode if on else self._page.reset_mode)(mode, private=True)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; what no longer fits is lost."""
        for page in {id(page): page for page in (self._main, self._page)}.values():
            page.resize(rows, columns)

    def lines(self) -> list[str]:
        """The text of each row, full width."""
        page = self._page
        return ["".join(page.buffer[y][x].data for x in range(page.columns)) for y in range(page.lines)]

    def pixels(self, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        """Read half-blocks back.

        Args:
            top: First row, from 0.
            left: First column, from 0.
            height: Rows.
            width: Columns.

        Returns:
            uint8 (2 * height, width, 3).

        Raises:
            ValueError: a cell lies outside or holds anything but a half-block, a full block or a space.
        """
        if top < 0 or left < 0 or top + height > self._page.lines or left + width > self._page.columns:
            raise ValueError(f"rows {top}+{height}, columns {left}+{width} are not all on the screen")
        rows = []
        for y in range(top, top + height):
            cells = [self._halves(y, x) for x in range(left, left + width)]
            rows += ["".join(upper for upper, _ in cells), "".join(lower for _, lower in cells)]
        return np.frombuffer(bytes.fromhex("".join(rows)), np.uint8).reshape(2 * height, width, 3)

    def _halves(self, y: int, x: int) -> tuple[str, str]:
        """Colours of the upper and the lower half of a cell, hexadecimal."""
        cell = self._page.buffer[y][x]
        if cell.data not in _HALVES:
            raise ValueError(f"row {y}, column {x} holds {cell.data!r}, which is no half-block")
        fore = self._colours.get(cell.fg, cell.fg)
        back = self._background if cell.bg == "default" else self._colours.get(cell.bg, cell.bg)
        if cell.reverse:
            fore, back = back, fore
        upper, lower = (fore if half == "f" else back for half in _HALVES[cell.data])
        return upper, lower
