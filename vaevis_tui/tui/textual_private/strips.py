"""Lines of an image, and of a screen that lies beneath another, which stay whole until somebody looks inside.

Textual makes the terminal output of a line from its segments, a few Python objects a cell, which takes 100 ms
for an image of 128x128. The cells of a live image need none: the image itself writes those that differ from
what the terminal shows (see `ScreenWriter`). Whoever exports, tints or inspects such a line gets segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.color import Color as RichColor
from rich.color import ColorSystem, ColorType
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter, Monochrome
from textual.strip import Strip

from vaevis_tui.terminal.cells.halfblock import UPPER_HALF


class ImagePainter(Protocol):
    """An image that writes its own cells."""

    def half_cells(self, row: int) -> NDArray[np.uint8]:
        """A row of cells as colours, uint8 (columns, 2, 3): upper and lower half of each."""
        ...

    def texts(self, row: int, start: int, end: int) -> Iterable[tuple[int, Strip]] | None:
        """Text for cells of an image that lies above them, by its columns; None where it is drawn in them."""
        ...

    def paint(self, spans: Sequence[tuple[int, int, int]]) -> str:
        """What makes the terminal show the image in some cells, which is written at once.

        Args:
            spans: Row, first column and end column within the image, each.
        """
        ...


class LazyStrip(Strip):
    """A strip that makes its segments once somebody reads any of it.

    Strip's constructor is left for `__getattr__`: the caches it makes cost half of what a row of an image
    does.
    """

    __slots__ = ()

    def _make_segments(self) -> Iterable[Segment]:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        """Make the segments, and all else that Strip's constructor makes."""
        if name not in Strip.__slots__:
            raise AttributeError(name)
        Strip.__init__(self, self._make_segments(), self._cell_length)
        return getattr(self, name)


class ImageStrip(LazyStrip):
    """Some cells of a row of an image.

    Args:
        painter: The image.
        row: Which row of its cells.
        start: The first column.
        end: The column after the last.
    """

    __slots__ = ("end", "painter", "row", "start")

    def __init__(self, painter: ImagePainter, row: int, start: int, end: int) -> None:
        self.painter = painter
        self.row = row
        self.start = start
        self.end = end
        self._cell_length = end - start

    def _make_segments(self) -> Iterable[Segment]:
        return _cell_segments(self.painter.half_cells(self.row)[self.start : self.end])

    def crop(self, start: int, end: int | None = None) -> Strip:
        """The cells between two."""
        length = self.end - self.start
        start, end = max(0, start), length if end is None else min(length, end)
        if end <= start:
            return Strip([], 0)
        return ImageStrip(self.painter, self.row, self.start + start, self.start + end)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Divide at the given columns."""
        return [self.crop(a, b) for a, b in pairwise([0, *_within(cuts, self.end - self.start)])]

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:
        """Apply a filter unless it would change nothing: an image holds no ANSI colours, and may be grey."""
        if isinstance(filter, ANSIToTruecolor) or (isinstance(filter, Monochrome) and self._is_grey()):
            return self
        return super().apply_filter(filter, background)

    def _is_grey(self) -> bool:
        colors = self.painter.half_cells(self.row)[self.start : self.end]
        return bool((colors == colors[..., :1]).all())


class LineStrip(LazyStrip):
    """A line that is put together of others, which are cut, and not taken apart, where it is cut.

    Args:
        parts: From left to right.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: Iterable[Strip]) -> None:
        self.parts = tuple(parts)
        self._cell_length = sum(part.cell_length for part in self.parts)

    def _make_segments(self) -> Iterable[Segment]:
        return [segment for part in self.parts for segment in part]

    @property
    def leaves(self) -> Iterator[Strip]:
        """The parts, and the parts of those that have any."""
        for part in self.parts:
            if isinstance(part, LineStrip):
                yield from part.leaves
            else:
                yield part

    def crop(self, start: int, end: int | None = None) -> Strip:
        """The line between two columns."""
        length = self.cell_length
        start, end = max(0, start), length if end is None else min(length, end)
        if (start, end) == (0, length):
            return self
        parts: list[Strip] = []
        at = 0
        for part in self.parts:
            if start < at + part.cell_length and at < end:
                parts.append(part.crop(start - at, end - at))
            at += part.cell_length
        return LineStrip(parts)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Divide at the given columns."""
        return [self.crop(a, b) for a, b in pairwise([0, *_within(cuts, self.cell_length)])]

    def render(self, console: Console) -> str:
        """The line as terminal output."""
        return "".join([part.render(console) for part in self.parts])

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:
        """Apply a filter part by part."""
        return LineStrip(part.apply_filter(filter, background) for part in self.parts)


def render_anew(strip: Strip, console: Console) -> str:
    """A strip as terminal output, in the console's colours, which may be more than when it was made.

    Strips and styles remember their output, whatever colours it was for.
    """
    system = console._color_system or ColorSystem.TRUECOLOR
    output = []
    for text, style, _ in strip:
        codes = Strip.render_ansi(style, system) if style else ""
        output.append(f"\x1b[{codes}m{text}\x1b[0m" if codes else text)
    return "".join(output)


def _within(cuts: Iterable[int], length: int) -> Iterator[int]:
    return (cut for cut in cuts if cut <= length)


def _cell_segments(colors: NDArray[np.uint8]) -> list[Segment]:
    """Segments of cells, uint8 (columns, 2, 3): one for each run of cells that look the same."""
    pairs = colors.reshape(len(colors), 6)
    starts = np.flatnonzero((pairs[1:] != pairs[:-1]).any(axis=1)) + 1
    segments = []
    for start, end in pairwise([0, *starts.tolist(), len(pairs)]):
        glyph, style = _cell_style(*pairs[start].tolist())
        segments.append(Segment(glyph * (end - start), style))
    return segments


@lru_cache(maxsize=1 << 12)
def _cell_style(*pair: int) -> tuple[str, Style]:
    """Glyph and style of a cell from red, green, blue of its upper and of its lower half."""
    upper, lower = pair[:3], pair[3:]
    if upper == lower:
        return " ", Style.from_color(None, _rich_color(lower))
    return UPPER_HALF, Style.from_color(_rich_color(upper), _rich_color(lower))


def _rich_color(rgb: tuple[int, ...]) -> RichColor:
    triplet = ColorTriplet(*rgb)
    return RichColor(triplet.hex, ColorType.TRUECOLOR, triplet=triplet)
