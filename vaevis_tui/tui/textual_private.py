"""The one module that touches Textual's private parts, each for a reason given where it is done.

What it relies on is checked by tests/tui/test_textual_private.py, which fails in words when Textual changes.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache, partial
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, TextIO

import numpy as np
from numpy.typing import NDArray
from rich.color import Color as RichColor
from rich.color import ColorType
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.app import App
from textual.color import Color
from textual.driver import Driver
from textual.filter import ANSIToTruecolor, LineFilter, Monochrome
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.terminal.cells.halfblock import UPPER_HALF
from vaevis_tui.terminal.detect.probe import QUERIES, Reply, ReplyKind
from vaevis_tui.terminal.detect.window import Window, window_of
from vaevis_tui.tui.textual_input import KeyParser, TerminalInput

if sys.platform != "win32":
    import termios

_INPUT_PAUSE = 0.05
"""Seconds without input after which to see whether Escape was meant, or the program is being left."""
_INPUT_CHUNK = 1 << 14

_LAST_ANSWER = 1.0
"""Seconds that leaving may take for the last answers to come: a round trip, as a rule."""

HANGUP_CODE = 128 + 1
"""Exit code of a program whose terminal has gone: as of one that SIGHUP, signal 1, has ended."""


_WINDOWS_CHUNK = 8192
"""Characters a write: more at once are lost there (https://github.com/Textualize/textual/issues/2548)."""


class PictureRow(Protocol):
    """A row of a picture, made when somebody asks for it, and told what becomes of it."""

    @property
    def columns(self) -> int:
        """Width in cells."""
        ...

    def output(self, console: Console) -> str:
        """The row as terminal output."""
        ...

    @property
    def colors(self) -> NDArray[np.uint8]:
        """The row as colours, uint8 (columns, 2, 3), upper and lower half of each cell."""
        ...

    def written(self) -> None:
        """`output` goes to the terminal."""
        ...

    def on_split(self) -> None:
        """Parts of the row may go to the terminal, or something else in its place."""
        ...


class PictureStrip(Strip):
    """A line of a picture: ready-made terminal output, and segments only if somebody asks for them.

    Textual makes the terminal output of a line from its segments, a few Python objects a cell, which takes
    100 ms for a picture of 128x128. A line that is drawn as a whole needs no segments; whoever cuts, exports
    or tints it does. And many a line is asked for only because something beside it is drawn: that needs
    neither.

    Args:
        left: What lies left of the picture.
        row: The row of the picture.
        right: What lies right of the picture.
    """

    __slots__ = ("_left", "_right", "_row")

    def __init__(self, left: Strip, row: PictureRow, right: Strip) -> None:
        # Strip's constructor is left for `__getattr__`: the caches it makes cost half of what the row does.
        self._left = left
        self._right = right
        self._row = row
        self._cell_length = left.cell_length + row.columns + right.cell_length

    def __getattr__(self, name: str) -> Any:
        """Make the segments, and all else that Strip's constructor makes, once somebody reads any of it."""
        if name not in Strip.__slots__:
            raise AttributeError(name)
        self._row.on_split()
        segments = [*self._left, *_cell_segments(self._row.colors), *self._right]
        super().__init__(segments, self._cell_length)
        return getattr(self, name)

    def render(self, console: Console) -> str:
        """The line as terminal output; made without segments."""
        self._row.written()
        return self._left.render(console) + self._row.output(console) + self._right.render(console)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Divide at the given columns; the compositor asks for this also where nothing lies on top."""
        cuts = list(cuts)
        return [self] if cuts == [self._cell_length] else super().divide(cuts)

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:
        """Apply a filter unless it would change nothing: a picture holds no ANSI colours, and may be grey."""
        if isinstance(filter, ANSIToTruecolor) or (isinstance(filter, Monochrome) and self._is_grey()):
            return self
        return super().apply_filter(filter, background)

    def _is_grey(self) -> bool:
        colors = self._row.colors
        return bool((colors == colors[..., :1]).all())


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


def paint_now(widget: Widget, regions: Sequence[Region]) -> None:
    """Draw regions of a widget at once, and in the same go whatever else waits to be drawn on its screen.

    Textual collects what is to be drawn by messages and draws at its next tick, up to 1/60 s later. A live
    picture was paced before and would only come late, and bars that moved with it would be drawn in a go of
    their own. While Textual is batching updates, it draws when it is done with that.

    Args:
        widget: A mounted widget of the screen on top.
        regions: What is to be drawn, relative to the widget.
    """
    screen = widget.screen
    if regions:  # to _set_dirty no region means the whole widget
        widget._set_dirty(*regions)
        screen._dirty_widgets.add(widget)
    for other in screen._compositor.visible_widgets:
        if other._repaint_required and other is not screen:
            other._repaint_required = False  # else it would send the message for which it is drawn here
            screen._dirty_widgets.add(other)
    screen._on_timer_update()


class Spot(NamedTuple):
    """Where a widget is drawn.

    Attributes:
        region: Of the screen, all of it in sight.
        covers: Regions of the screen that lie on it.
    """

    region: Region
    covers: tuple[Region, ...]


class LiveLane:
    """The way to the terminal past the compositor, for a widget that knows what the terminal shows of it.

    Args:
        widget: Whose lane it is.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._map: object = None
        self._spot: Spot | None = None

    @property
    def has_terminal(self) -> bool:
        """Whether what is written gets to a terminal."""
        app = self._widget.app
        driver = app._driver
        return driver is not None and app._running and not (driver.is_headless or driver.is_inline)

    @property
    def is_visible(self) -> bool:
        """Whether any of the widget was in sight when its screen was laid out last."""
        return self._widget in self._widget.screen._compositor.visible_widgets

    def spot(self) -> Spot | None:
        """Where to draw; None where the compositor has to.

        That is where there is no terminal, on a screen that is not on top or is about to be laid out, and
        where a part of the widget is out of sight.
        """
        app, screen = self._widget.app, self._widget.screen
        if not self.has_terminal or app._batch_count or app.screen is not screen:
            return None
        if screen._layout_required or screen._scroll_required:
            return None
        return self._laid_out()

    @property
    def free(self) -> bool:
        """Whether nothing lies on the widget, all of which is in sight, with text below it, as laid out last.

        Below it, since terminals scroll once a picture that is more than text reaches their last row.
        """
        if not self.has_terminal or (spot := self._laid_out()) is None:
            return False
        return not spot.covers and spot.region.bottom < self._widget.app.size.height

    def _laid_out(self) -> Spot | None:
        """Where the widget was laid out last, if all of it is in sight."""
        visible = self._widget.screen._compositor.visible_widgets  # one object until the next layout
        if visible is not self._map:
            self._map, self._spot = visible, self._find(visible)
        return self._spot

    def _find(self, visible: dict[Widget, tuple[Region, Region]]) -> Spot | None:
        """Look for the widget among all, which are ordered from the top down."""
        above: list[Region] = []
        for widget, (region, clip) in visible.items():
            if widget is self._widget:
                covers = tuple(part for other in above if (part := region.intersection(other)))
                return Spot(region, covers) if clip.contains_region(region) else None
            above.append(region.intersection(clip))
        return None

    def write(self, output: str) -> None:
        """Write output in one go, all at once where the terminal can do that.

        Cursor and attributes are afterwards what they were before (DECSC and DECRC).
        """
        app = self._widget.app
        output = f"\x1b7{output}\x1b[m\x1b8"
        if app._sync_available:
            output = f"{SYNC_START}{output}{SYNC_END}"
        assert app._driver is not None
        chunk = _WINDOWS_CHUNK if sys.platform == "win32" else len(output)
        for start in range(0, len(output), chunk):
            app._driver.write(output[start : start + chunk])


class WriteReport(NamedTuple):
    """What was written to the terminal since the report before.

    Attributes:
        seconds: Time in write and flush.
        size: Bytes written.
    """

    seconds: float
    size: int


class _Mark(str):
    """An empty piece of output that stands in the queue behind a frame; whoever gets to it reports."""

    __slots__ = ("report",)
    report: Callable[[WriteReport], None]

    def __new__(cls, report: Callable[[WriteReport], None]) -> _Mark:
        mark = super().__new__(cls)
        mark.report = report
        return mark


class TimedFile:
    """A driver's file that measures writing and answers marks; used by the driver's writer thread alone.

    A terminal that has gone (closed window, dropped connection) takes no output any more, and Textual's
    writer thread would die of it; then its queue fills, and the app hangs on its way out. So a write that
    fails is the last one that is tried: what follows is thrown away.

    Args:
        file: What is written to. Output is encoded here, which counts its bytes on the way.
        gone: Called when the terminal turns out to have gone.
    """

    def __init__(self, file: TextIO, gone: Callable[[], object]) -> None:
        self._file = file
        self._tell_gone = gone
        self._seconds = 0.0
        self._size = 0
        self._gone = False

    def write(self, text: str) -> int:
        """Write text, or flush and report if it is a mark."""
        if isinstance(text, _Mark):
            self.flush()
            if not self._gone:
                text.report(WriteReport(self._seconds, self._size))
            self._seconds, self._size = 0.0, 0
        else:
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
            self._tell_gone()
        self._seconds += time.perf_counter() - started

    def __getattr__(self, name: str) -> Any:
        """Whatever else the file can do."""
        return getattr(self._file, name)


class TimedDriver(Driver):
    """What `timed_driver_class` adds to a driver of Textual's."""

    _writer_thread: Any
    fileno: int
    exit_event: threading.Event
    _must_signal_resume: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file: Any = TimedFile(self._file, self._leave)
        self.teardown_outputs: list[Callable[[], str]] = []
        """Each gives what is to be written before the terminal is given back."""
        self.listener: Callable[[Reply], None] | None = None
        """Is told, in the event loop, what the terminal answers."""
        self._fence = threading.Event()
        """Set while no answer is on its way."""
        self._fence.set()
        self._answers = False
        """Whether it has ever answered."""
        self._reply_deadline = 0.0
        """When to wait no longer for what it was asked last."""
        self._started = False

    @property
    def can_be_asked(self) -> bool:
        """Whether both ends are a terminal's."""
        return self._started and os.isatty(self.fileno)

    def ask(self, queries: bytes, timeout: float) -> None:
        """Write queries, the last of which is DA1, whose answer is hoped for within so many seconds."""
        self._fence.clear()
        self._reply_deadline = time.monotonic() + timeout
        self.write(queries.decode("ascii"))

    def run_input_thread(self) -> None:
        """As Textual's, but that it tells answers from keys, and no terminal that has gone is an error."""
        source = TerminalInput(KeyParser(self._debug), self._heard)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                messages: list[Message] = []
                if selector.select(_INPUT_PAUSE):
                    try:
                        data = os.read(self.fileno, _INPUT_CHUNK)
                    except OSError:
                        data = b""
                    if not data:
                        self._answers = False
                        self._fence.set()
                        self._leave()
                        break
                    messages += source.feed(data)
                messages += source.tick()
                for message in messages:
                    self.process_message(message)
        source.close()

    def _heard(self, reply: Reply) -> None:
        if reply.kind is ReplyKind.ATTRIBUTES:
            self._answers = True
            self._fence.set()
        if self.listener is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.listener, reply)

    def disable_input(self) -> None:
        """Give the terminal back, with nothing of ours left in it and no answer on its way from there.

        An answer that came later would be read by the shell, which would show it as if it were typed.
        """
        if self._started:
            self._started = False
            for teardown_output in self.teardown_outputs:
                self.write(teardown_output())
            if self._answers:
                self.ask(QUERIES[ReplyKind.ATTRIBUTES], _LAST_ANSWER)
            self._fence.wait(min(max(0.0, self._reply_deadline - time.monotonic()), _LAST_ANSWER))
        super().disable_input()  # type: ignore[safe-super]

    def start_application_mode(self) -> None:
        """Start, with a queue of output that never makes the event loop wait, and without post-processing.

        Textual's queue waits when it holds 30 pieces, and keys with it, once a terminal stalls. Images are
        paced before they come here, and what else is drawn is small.

        The kernel looks at every byte to put carriage returns before line feeds (OPOST). Textual moves the
        cursor after each line feed, and needs none; the 300 KB of a picture are written in 0.9 ms of
        processor time instead of 2. Textual restores all modes of the terminal at the end.
        """
        super().start_application_mode()  # type: ignore[safe-super]
        if self._writer_thread is None:
            return  # a background job, which Textual starts again when it comes to the foreground
        self._started = True
        self._writer_thread._queue.maxsize = 0
        if sys.platform != "win32" and os.isatty(self.fileno):
            modes = termios.tcgetattr(self.fileno)
            modes[1] &= ~termios.OPOST  # output modes
            termios.tcsetattr(self.fileno, termios.TCSANOW, modes)

    def resume_application_mode(self) -> None:
        """Start again, after stopping first where nothing did: SIGSTOP stops a program without a word.

        Else there would be two threads that read the terminal, one of which never ends, and modes set twice.
        In the background it sleeps on, since only the foreground may set the terminal's modes.
        """
        if self._started:
            if self._in_background():
                os.kill(os.getpid(), signal.SIGSTOP)
                return
            self.suspend_application_mode()
            self._must_signal_resume = True
        super().resume_application_mode()

    def _in_background(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:  # no terminal of this program's, or it has gone
            return False

    def stop_application_mode(self) -> None:
        """Stop, with reports of the mouse in pixels (mode 1016) turned off, which Textual forgets."""
        if getattr(self, "_mouse_pixels", False):
            self.write("\x1b[?1016l")
            self._mouse_pixels = False
        super().stop_application_mode()  # type: ignore[safe-super]

    def _leave(self) -> None:
        """Leave the app, whose terminal has gone; Textual's input thread only ends itself then.

        Most often SIGHUP has ended the program by now, unless it is ignored (nohup).
        """
        exit_app = partial(self._app.exit, return_code=HANGUP_CODE)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(exit_app)


@cache
def timed_driver_class(base: type[Driver]) -> type[Driver]:
    """A driver class that can tell when a frame has been written, for App.get_driver_class.

    Args:
        base: What the app would use otherwise. One that does not write by a thread (a browser's) is
            returned as it is.
    """
    if base.__name__ not in {"LinuxDriver", "WindowsDriver"}:
        return base
    return type(f"Timed{base.__name__}", (TimedDriver, base), {})


def write_out(app: App[Any], output: str) -> None:
    """Write what neither draws nor moves anything to an app's terminal, if it has one."""
    if app._driver is not None:
        app._driver.write(output)


def ask_terminal(app: App[Any], queries: bytes, timeout: float, heard: Callable[[Reply], None]) -> bool:
    """Ask the terminal, if it is one that can be asked; its answers are never taken for keys.

    Args:
        app: A running app.
        queries: What to write, ending in DA1.
        timeout: Seconds for which answers are hoped for.
        heard: Called in the event loop with each answer, however late it comes.
    """
    driver = app._driver
    if sys.platform == "win32" or not isinstance(driver, TimedDriver) or not driver.can_be_asked:
        return False
    driver.listener = heard
    driver.ask(queries, timeout)
    return True


def window_of_terminal(app: App[Any]) -> Window | None:
    """The window of an app's terminal, as the system knows it; None where there is none."""
    driver = app._driver
    return window_of(driver.fileno) if isinstance(driver, TimedDriver) and driver.can_be_asked else None


def call_in_app(app: App[Any], callback: Callable[[], None]) -> None:
    """Call back in the event loop as if the app had handled a message, with its errors handled by it.

    Not by MessagePump.call_later, which looks up the signature of its callback: 0.2 ms a frame.
    """
    with app._context():
        try:
            callback()
        except Exception as error:
            app._handle_exception(error)


def before_leaving(app: App[Any], teardown_output: Callable[[], str]) -> None:
    """See to it that something is written before the terminal is given back, at the end or for a while."""
    if isinstance(app._driver, TimedDriver):
        app._driver.teardown_outputs.append(teardown_output)


def report_written(widget: Widget, callback: Callable[[WriteReport], None]) -> None:
    """Call back, in the event loop, once all output so far has been written to the terminal.

    Where there is no terminal, or none that can tell (a test, a browser), that is as soon as possible. It may
    be never: output is thrown away when the terminal has gone, and may be when the program is suspended.
    """
    app = widget.app
    loop = asyncio.get_running_loop()

    def report(written: WriteReport) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(call_in_app, app, partial(callback, written))

    driver = app._driver
    if isinstance(driver, TimedDriver):
        driver.write(_Mark(report))
    else:
        loop.call_soon(call_in_app, app, partial(callback, WriteReport(0.0, 0)))
