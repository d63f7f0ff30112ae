"""The one module that touches Textual's private parts, each for a reason given where it is done.

What it relies on is checked by tests/tui/test_textual_private.py, which fails in words when a new Textual breaks it.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray
from rich.color import Color as RichColor
from rich.color import ColorType
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.driver import Driver
from textual.filter import ANSIToTruecolor, LineFilter, Monochrome
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.terminal.halfblock import UPPER_HALF


class PictureStrip(Strip):
    """A line of a picture: terminal output made beforehand, and segments made only if somebody asks for them.

    Textual makes terminal output of a line from its segments, one Python object or three a cell, which takes 100 ms
    for a picture of 128x128. Where the line is drawn as a whole the compositor takes `Strip._render_cache` instead,
    which is filled here from the start. Whoever cuts, filters or exports the line reads `Strip._segments`.

    Args:
        left: What lies left of the picture.
        row: The row of the picture as terminal output.
        colors: The same row as colours, uint8 (columns, 2, 3), upper and lower half of each cell.
        right: What lies right of the picture.
        console: Renders what lies left and right.
    """

    __slots__ = ("_colors", "_left", "_made", "_right")

    def __init__(
        self, left: Strip, row: str, colors: NDArray[np.uint8], right: Strip, console: Console
    ) -> None:
        self._left = left
        self._right = right
        self._colors = colors
        super().__init__((), left.cell_length + len(colors) + right.cell_length)
        self._made: list[Segment] | None = None
        self._render_cache = left.render(console) + row + right.render(console)

    @property
    def _segments(self) -> list[Segment]:
        if self._made is None:
            self._made = [*self._left, *_cell_segments(self._colors), *self._right]
        return self._made

    @_segments.setter
    def _segments(self, segments: list[Segment]) -> None:
        """Take no notice: Strip's constructor sets it."""

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:
        """Apply a filter, except where it would change nothing: a picture holds no ANSI colours."""
        if isinstance(filter, ANSIToTruecolor) or (isinstance(filter, Monochrome) and self._is_grey()):
            return self
        return super().apply_filter(filter, background)

    def _is_grey(self) -> bool:
        return bool((self._colors == self._colors[..., :1]).all())


def _cell_segments(colors: NDArray[np.uint8]) -> list[Segment]:
    """Segments of cells, one for each run of cells that look the same."""
    pairs = colors.reshape(len(colors), 6)
    starts = np.flatnonzero((pairs[1:] != pairs[:-1]).any(axis=1)) + 1
    bounds = [0, *starts.tolist(), len(pairs)]
    segments = []
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        glyph, style = _cell_style(*pairs[start].tolist())
        segments.append(Segment(glyph * (end - start), style))
    return segments


@lru_cache(maxsize=1 << 14)
def _cell_style(*pair: int) -> tuple[str, Style]:
    """Glyph and style of a cell: red, green, blue of its upper and of its lower half."""
    upper, lower = pair[:3], pair[3:]
    if upper == lower:
        return " ", Style.from_color(None, _rich_color(lower))
    return UPPER_HALF, Style.from_color(_rich_color(upper), _rich_color(lower))


def _rich_color(rgb: tuple[int, ...]) -> RichColor:
    triplet = ColorTriplet(*rgb)
    return RichColor(triplet.hex, ColorType.TRUECOLOR, triplet=triplet)


def paint_now(widget: Widget, regions: Iterable[Region]) -> bool:
    """Draw regions of a widget at once, and with them whatever else waits to be drawn on its screen.

    Textual draws at its next tick, up to 1/60 s later; a live picture has been paced before, and would come late.

    Args:
        widget: A mounted widget.
        regions: What is to be drawn, relative to the widget.

    Returns:
        True if it was drawn; False if Textual will draw it later (another screen lies on top, or it is batching).
    """
    screen = widget.screen
    widget._set_dirty(*regions)
    screen._dirty_widgets.add(widget)
    screen._on_timer_update()
    return screen is screen.app.screen and not screen.app._batch_count


class WriteReport(NamedTuple):
    """What was written to the terminal since the report before.

    Attributes:
        seconds: Time in write and flush.
        size: Bytes written.
    """

    seconds: float
    size: int


class _Mark(str):
    """An empty piece of output that stands in the queue behind a frame; whoever writes it tells `written`."""

    __slots__ = ("written",)

    def __new__(cls, written: Callable[[WriteReport], None]) -> _Mark:
        mark = super().__new__(cls)
        mark.written = written
        return mark

    written: Callable[[WriteReport], None]


class TimedFile:
    """The driver's file, which also measures writing and answers marks. Used by the driver's writer thread alone.

    A terminal that has gone (closed window, dropped connection) takes no output any more, and Textual's writer
    thread would die of it; then its queue fills and the app hangs on its way out. So a write that fails is the
    last one that is tried: what follows is thrown away.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._seconds = 0.0
        self._size = 0
        self._gone = False

    def write(self, text: str) -> int:
        """Write text, or flush and report if it is a mark."""
        if isinstance(text, _Mark):
            self.flush()
            if not self._gone:
                report, self._seconds, self._size = WriteReport(self._seconds, self._size), 0.0, 0
                text.written(report)
            return 0
        data = text.encode(self._file.encoding, "backslashreplace")
        self._timed(self._file.buffer.write, data)
        self._size += len(data)
        return len(text)

    def flush(self) -> None:
        """Flush the file."""
        self._timed(self._file.buffer.flush)

    def _timed(self, operation: Callable[..., object], *arguments: bytes) -> None:
        if self._gone:
            return
        started = time.perf_counter()
        try:
            operation(*arguments)
        except OSError:
            self._gone = True
        self._seconds += time.perf_counter() - started

    def __getattr__(self, name: str) -> Any:
        """Whatever else a file can do."""
        return getattr(self._file, name)


class TimedDriver(Driver):
    """What `timed_driver_class` adds to a driver of Textual's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file: Any = TimedFile(self._file)

    def start_application_mode(self) -> None:
        """Start, with a queue of output that never makes the event loop wait.

        Textual blocks once 30 pieces are queued, and keys with it, if a terminal stalls. Pictures are paced
        before they come here, and what else is drawn is small.
        """
        super().start_application_mode()  # type: ignore[safe-super]
        self._writer_thread: Any
        self._writer_thread._queue.maxsize = 0


@cache
def timed_driver_class(base: type[Driver]) -> type[Driver]:
    """A driver class that can tell when a frame has been written; use it in App.get_driver_class.

    Args:
        base: What the app would use otherwise.
    """
    return type(f"Timed{base.__name__}", (TimedDriver, base), {})


def report_written(widget: Widget, callback: Callable[[WriteReport], None]) -> None:
    """Call back, in the widget's message loop, once all output so far has been written to the terminal.

    Without a terminal that can tell (a test, a browser) that is as soon as possible.
    """
    driver = widget.app._driver
    if not isinstance(driver, TimedDriver):
        widget.call_later(callback, WriteReport(0.0, 0))
        return
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()

    def written(report: WriteReport) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(widget.call_later, callback, report, context=context)

    driver.write(_Mark(written))
