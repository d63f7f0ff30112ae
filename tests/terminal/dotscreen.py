"""A terminal that shows text, sixels, kitty's graphics and iTerm2's images, each where it is drawn."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pyte
from numpy.typing import NDArray
from PIL import Image

from tests.terminal.emulator import PixelScreen
from tests.terminal.kittens import KittyTerminal
from tests.terminal.sixels import read_sixels
from vaevis_tui.terminal.images.kitty import PLACEHOLDER, diacritics

_SPECIAL = re.compile(
    r"\x1b_G.*?\x1b\\|\x1bP[0-9;]*q.*?\x1b\\|\x1b\]1337;File=(?P<keys>[^:]*):(?P<png>[^\x07]*)\x07", re.DOTALL
)
_PLACEHOLDERS = re.compile(f"(?:{PLACEHOLDER}..)+", re.DOTALL)

Dots = NDArray[np.uint8]


class _Screen(pyte.Screen):
    """A screen that tells which cells are drawn into."""

    def __init__(self, owner: DotScreen, columns: int, rows: int) -> None:
        self._owner = owner
        super().__init__(columns, rows)

    def restore_cursor(self) -> None:
        """What was saved can be restored again, on real terminals."""
        super().restore_cursor()
        self.save_cursor()

    def draw(self, data: str) -> None:
        for character in data:
            x, y = self.cursor.x, self.cursor.y
            super().draw(character)
            self._owner.drawn_over(x, y)


class DotScreen(PixelScreen):
    """Cells, and dots above them. Dots that sixels and iTerm2's images set go when text is drawn there.

    Args:
        columns: Width in cells.
        rows: Height in cells.
        cell: Height and width of a cell in dots.
    """

    def __init__(self, columns: int, rows: int, cell: tuple[int, int]) -> None:
        super().__init__(columns, rows)
        self.cell = cell
        self.kitty = KittyTerminal()
        self.corners: dict[int, tuple[int, int]] = {}
        """Rows and columns that direct placements begin at, by image."""
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; no dots are left, as the program draws all anew."""
        self.screen: Any = _Screen(self, columns, rows)
        self._stream = pyte.Stream(self.screen)
        self._dots: Dots = np.zeros((rows * self.cell[0], columns * self.cell[1], 3), np.uint8)
        self.scrolled = False
        """Whether a picture has reached the last row, at which terminals scroll; this one does not."""
        self._set = np.zeros(self._dots.shape[:2], np.bool_)
        self._placeholders: dict[tuple[int, int], tuple[int, int, int]] = {}

    def drawn_over(self, x: int, y: int) -> None:
        """Text is in a cell now."""
        height, width = self.cell
        self._set[y * height : (y + 1) * height, x * width : (x + 1) * width] = False
        self._placeholders.pop((y, x), None)

    def feed(self, output: str) -> None:
        done = 0
        for match in _SPECIAL.finditer(output):
            self._text(output[done : match.start()])
            done = match.end()
            sequence = match[0]
            if sequence.startswith("\x1b_G"):
                self._graphics(sequence)
            elif sequence.startswith("\x1bP"):
                self._put(read_sixels(sequence))
            else:
                keys = dict(pair.split("=") for pair in match["keys"].split(";"))
                self._inline(keys, base64.b64decode(match["png"], validate=True))
        self._text(output[done:])

    def _text(self, output: str) -> None:
        """Text, placeholders in which pyte would take for something else."""
        done = 0
        for match in _PLACEHOLDERS.finditer(output):
            self._stream.feed(output[done : match.start()])
            done = match.end()
            for cell in range(match.start(), match.end(), 3):
                y, x = self.screen.cursor.y, self.screen.cursor.x
                image = self.screen.cursor.attrs.fg
                self._stream.feed(" ")
                place = (diacritics().index(output[cell + 1]), diacritics().index(output[cell + 2]))
                numbers = _palette_numbers(image)
                number = next((each for each in numbers if each in self.kitty.placements), numbers[0])
                self._placeholders[y, x] = (number, *place)
        self._stream.feed(output[done:])

    def _graphics(self, sequence: str) -> None:
        before = dict(self.kitty.placements)
        self.kitty.feed_part(sequence)
        for image, keys in self.kitty.placements.items():
            if before.get(image) is not keys and "U" not in keys:
                self.corners[image] = self.screen.cursor.y, self.screen.cursor.x

    def _inline(self, keys: dict[str, str], png: bytes) -> None:
        assert keys["doNotMoveCursor"] == "1"
        with Image.open(io.BytesIO(png)) as image:
            pixels = np.asarray(image.convert("RGB"))
        self._put(stretched(pixels, int(keys["height"]) * self.cell[0], int(keys["width"]) * self.cell[1]))

    def _put(self, dots: Dots) -> None:
        y, x = self.screen.cursor.y * self.cell[0], self.screen.cursor.x * self.cell[1]
        self.scrolled |= y + len(dots) >= len(self._dots)
        height, width, _ = self._dots[y : y + len(dots), x : x + dots.shape[1]].shape
        self._dots[y : y + height, x : x + width] = dots[:height, :width]
        self._set[y : y + height, x : x + width] = True

    def dots(self) -> Dots:
        """What is shown, uint8 (height, width, 3) in dots, text as its halves."""
        height, width = self.cell
        shown = stretched(self.pixels(), *self._dots.shape[:2])
        shown[self._set] = self._dots[self._set]
        for image, keys in self.kitty.placements.items():
            columns, rows = int(keys["c"]), int(keys["r"])
            pixels = stretched(self.kitty.images[image], rows * height, columns * width)
            if "U" not in keys:
                y, x = self.corners[image]
                shown[y * height : (y + rows) * height, x * width : (x + columns) * width] = pixels
                continue
            for (y, x), (of, row, column) in self._placeholders.items():
                if of == image:
                    part = pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]
                    shown[y * height : (y + 1) * height, x * width : (x + 1) * width] = part
        return shown


def stretched(pixels: Dots, height: int, width: int) -> Dots:
    """Pixels enlarged to so many dots, each dot taking the pixel that its middle lies in."""
    rows = (2 * np.arange(height) + 1) * len(pixels) // (2 * height)
    columns = (2 * np.arange(width) + 1) * pixels.shape[1] // (2 * width)
    return pixels[rows][:, columns].copy()


def _palette_numbers(color: str) -> list[int]:
    """The numbers of a colour of the 256, by what pyte makes of it: some colours have two."""
    return [number for number, each in enumerate(pyte.graphics.FG_BG_256) if each == color]
