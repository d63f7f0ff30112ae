"""What the terminal shows in each cell, so that only what differs is written.

Text is remembered as it is written, and only looked into cell by cell when a whole screen is compared: that
takes some milliseconds, and what is drawn in a walk is a few lines that change anyway. The cells of live
images are not kept here; each image knows its own, and is told when text takes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rich.cells import get_character_cell_size
from rich.control import Control
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

_Keys = NDArray[np.int64]

_UNKNOWN = 0
_CODE_BITS = 21
_CLUSTERS_FROM = 0x110000
"""Above all code points: the numbers of cells that hold several of them."""
_CONTINUED = (1 << _CODE_BITS) - 1
"""In place of a code point, for the right half of a wide character."""
_GAP = 8
"""Cells between two that differ which are written too: moving past them takes as many bytes."""
_MOST_NUMBERS = 1 << 16
"""Of styles and of cells of several code points that are remembered."""


class ImageCells(Protocol):
    """A live image, as far as it has cells of the screen."""

    @property
    def cells(self) -> Region | None:
        """Where on the screen; None while it is nowhere."""
        ...

    def shows(self, row: int) -> NDArray[np.bool_] | None:
        """In which cells of a row of its own characters are known to show it; None if it has none."""
        ...

    def lies_above(self, row: int) -> NDArray[np.bool_] | None:
        """In which cells of a row it lies above text that has to be written, even if it is there; or None."""
        ...

    def overwritten(self, row: int, start: int, end: int) -> None:
        """Something else was written into cells of a row."""
        ...


class ShownCells:
    """A copy of the terminal's cells."""

    def __init__(self) -> None:
        self._keys: _Keys = np.zeros((0, 0), np.int64)
        self._written: list[dict[tuple[int, int], Strip]] = []
        """Strips by column and width that were written since the keys of a row were made, the last last."""
        self._styles: dict[Style | None, int] = {}
        self._looks: dict[object, int] = {}
        self._clusters: dict[str, int] = {}
        self.images: list[ImageCells] = []
        """Live images that have cells."""

    def resize(self, width: int, height: int) -> None:
        """The terminal has this size from now on; with another one it shows nobody knows what."""
        if max(len(self._styles), len(self._clusters)) > _MOST_NUMBERS:
            for numbers in (self._styles, self._looks, self._clusters):
                numbers.clear()
            self.forget()
        if self._keys.shape != (height, width):
            self._keys = np.zeros((height, width), np.int64)
            self._written = [{} for _ in range(height)]

    def forget(self, region: Region | None = None) -> None:
        """Nobody knows what the terminal shows in some cells, or in any."""
        if region is None:
            self._keys[:] = _UNKNOWN
            for row in self._written:
                row.clear()
            return
        height, width = self._keys.shape
        x, y, right, bottom = region.intersection(Region(0, 0, width, height)).corners
        for row_number in range(y, bottom):
            self._look_into(row_number)
            self._keys[row_number, x:right] = _UNKNOWN

    def wrote(self, y: int, x: int, strip: Strip) -> None:
        """Text was written as it is."""
        if not 0 <= y < len(self._written):
            return
        row, place = self._written[y], (x, strip.cell_length)
        row.pop(place, None)
        row[place] = strip
        self._tell_images(y, x, x + strip.cell_length)

    def image_wrote(self, image: ImageCells) -> None:
        """An image has written cells of its own, which others lose."""
        if (cells := image.cells) is None:
            return
        for other in self.images:
            if other is image or (theirs := other.cells) is None:
                continue
            x, y, right, bottom = (overlap := cells.intersection(theirs)).corners
            for row in range(y, bottom if overlap else y):
                other.overwritten(row - theirs.y, x - theirs.x, right - theirs.x)

    def update(self, y: int, x: int, strip: Strip, render: Callable[[Strip], str]) -> str:
        """What makes the terminal show text where it does not; it counts as written."""
        if not 0 <= y < len(self._written):
            return ""
        self._look_into(y)
        keys = self._keys_of(strip)[: max(self._keys.shape[1] - x, 0)]
        shown = self._keys[y, x : x + len(keys)]
        differs = np.flatnonzero((keys != shown) | self._below_images(y, x, len(keys)))
        if not differs.size:
            return ""
        shown[:] = keys
        breaks = np.flatnonzero(np.diff(differs) > _GAP) + 1
        output: list[str] = []
        for run in np.split(differs, breaks):
            start, end = int(run[0]), int(run[-1]) + 1
            end = min(end + 1, len(keys)) if end < len(keys) and _is_continued(keys[end]) else end
            start = start - 1 if start and _is_continued(keys[start]) else start
            output += Control.move_to(x + start, y).segment.text, render(strip.crop(start, end))
            self._tell_images(y, x + start, x + end)
        return "".join(output)

    def _below_images(self, y: int, x: int, count: int) -> NDArray[np.bool_]:
        """Which of so many cells an image lies above that has to give way to what is written."""
        below = np.zeros(count, np.bool_)
        for image in self.images:
            cells = image.cells
            if cells is None or not cells.y <= y < cells.bottom:
                continue
            if (lies := image.lies_above(y - cells.y)) is not None:
                start, end = max(cells.x, x), min(cells.right, x + count)
                if start < end:
                    below[start - x : end - x] |= lies[start - cells.x : end - cells.x]
        return below

    def _tell_images(self, y: int, x: int, right: int) -> None:
        for image in self.images:
            cells = image.cells
            if cells is not None and cells.y <= y < cells.bottom and x < cells.right and right > cells.x:
                start, end = max(x, cells.x) - cells.x, min(right, cells.right) - cells.x
                image.overwritten(y - cells.y, start, end)

    def _look_into(self, y: int) -> None:
        """Bring the keys of a row up to date."""
        keys, written = self._keys[y], self._written[y]
        for (x, _), strip in written.items():
            made = self._keys_of(strip)[max(-x, 0) : max(len(keys) - x, 0)]
            keys[max(x, 0) :][: len(made)] = made
        written.clear()
        for image in self.images:
            cells = image.cells
            if cells is None or not cells.y <= y < cells.bottom:
                continue
            if (shows := image.shows(y - cells.y)) is not None:
                start, end = max(cells.x, 0), min(cells.right, len(keys))
                if start < end:  # after a window became smaller, an image may lie beside it for a moment
                    keys[start:end][shows[start - cells.x : end - cells.x]] = _UNKNOWN

    def _keys_of(self, strip: Strip) -> _Keys:
        """A number for the look of each cell, int64 (cells,), never `_UNKNOWN`."""
        parts: list[_Keys] = []
        for text, style, control in strip:
            if control or not text:
                continue
            codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
            if not text.isascii():
                sizes = [get_character_cell_size(character) for character in text]
                if any(size != 1 for size in sizes):
                    codes = self._cell_codes(text, sizes)
            parts.append(codes | self._style_number(style) << _CODE_BITS)
        keys = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        return keys[: strip.cell_length]

    def _cell_codes(self, text: str, sizes: list[int]) -> _Keys:
        """A number for what each cell holds, where characters take no cell or two."""
        held: list[str] = []
        for character, size in zip(text, sizes, strict=True):
            if size:
                held += [character, *[""] * (size - 1)]
            elif held:
                at = len(held) - 1
                while at and not held[at]:
                    at -= 1
                held[at] += character
        codes = [self._cluster_number(cell) for cell in held]
        return np.array(codes, np.int64)

    def _cluster_number(self, cell: str) -> int:
        if len(cell) == 1:
            return ord(cell)
        if not cell:
            return _CONTINUED
        return _CLUSTERS_FROM + self._clusters.setdefault(cell, len(self._clusters))

    def _style_number(self, style: Style | None) -> int:
        """A number for the look of a style, from 1; meta data have none."""
        number = self._styles.get(style)
        if number is None:
            look = None
            if style is not None:
                look = style.color, style.bgcolor, style._attributes & style._set_attributes, style.link
            number = self._styles[style] = self._looks.setdefault(look, len(self._looks) + 1)
        return number


def _is_continued(key: np.int64) -> bool:
    return int(key) & _CONTINUED == _CONTINUED
