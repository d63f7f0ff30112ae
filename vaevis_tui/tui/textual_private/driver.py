"""Textual's driver: it tells answers from keys, reports what was written, and ends clean."""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from vaevis_tui.terminal.detect.fence import Fence
from vaevis_tui.terminal.detect.queries import QUERIES
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.terminal.detect.window import Window, window_of
from vaevis_tui.tui.textual_private.brake import InputBrake
from vaevis_tui.tui.textual_private.input import KeyParser, TerminalInput
from vaevis_tui.tui.textual_private.restore import FLUSH_INTERVAL, LONGEST_WRITE, restore_terminal, throw_away
from vaevis_tui.tui.textual_private.writing import TimedFile, WriteMark, WriteReport

if sys.platform != "win32":
    import termios

_INPUT_PAUSE = 0.05
"""Seconds without input after which to see whether Escape was meant, or the program is being left."""
_INPUT_CHUNK = 1 << 14
_BRAKE_PAUSE = 0.002
"""Seconds after which to see whether the app has handled what it was given, where more waits."""

_LAST_ANSWER = 1.0
"""Seconds that leaving may take for the last answers to come: a round trip, as a rule."""

LARGEST = Size(1_000, 400)
"""Cells that are drawn of a window: more than the largest screens have. Each costs Textual a microsecond."""

_LAST_OUTPUT = 2.0
"""Seconds that the terminal may take for what is written last; then it has stalled."""

_LONG_OUTPUT = 256
"""Characters of an image or a part of the screen: more than of anything that sets a mode, or asks."""

HANGUP_CODE = 128 + 1
"""Exit code of a program whose terminal has gone: as of one that SIGHUP, signal 1, has ended."""


class TimedDriver(Driver):
    """What `timed_driver_class` adds to a driver of Textual's."""

    _writer_thread: Any
    fileno: int
    attrs_before: list[Any] | None
    exit_event: threading.Event
    _must_signal_resume: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file: Any = TimedFile(self._file, self._leave)
        self.teardown_outputs: list[Callable[[], str]] = []
        """Each gives what is to be written before the terminal is given back."""
        self.listener: Callable[[Reply], None] | None = None
        """Is told, in the event loop, what the terminal answers."""
        self._fence = Fence()
        self._started = False
        self._suspends = False
        self._suspended = False
        """Whether it is to be started when SIGCONT comes."""
        self._restoring = threading.Lock()
        self._given_back = False

    @property
    def can_be_asked(self) -> bool:
        """Whether both ends are a terminal's."""
        return self._started and self._is_heard

    @property
    def _is_heard(self) -> bool:
        """Whether what the terminal answers is read by `run_input_thread`."""
        return sys.platform != "win32" and os.isatty(self.fileno)

    def ask(self, queries: bytes, timeout: float) -> None:
        """Write queries, the last of which is DA1, whose answer is hoped for within so many seconds."""
        self._fence.asked(timeout)
        self.write(queries.decode("ascii"))

    def _get_terminal_size(self) -> tuple[int, int]:
        width, height = super()._get_terminal_size()  # type: ignore[misc]
        return min(width, LARGEST.width), min(height, LARGEST.height)

    def process_message(self, message: Message) -> None:
        """As Textual's, with a window of which no more is drawn than `LARGEST`."""
        if isinstance(message, events.Resize):
            width, height = message.size
            drawn = Size(min(width, LARGEST.width), min(height, LARGEST.height))
            message = events.Resize(drawn, drawn, pixel_size=message.pixel_size)
        super().process_message(message)

    def run_input_thread(self) -> None:
        """As Textual's, but that it tells answers from keys, and no terminal that has gone is an error."""
        source = TerminalInput(KeyParser(self._debug), self._heard)
        brake = InputBrake(self.process_message, self._when_handled)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                messages: list[Message] = []
                if selector.select(_BRAKE_PAUSE if brake.waits else _INPUT_PAUSE):
                    try:
                        data = os.read(self.fileno, _INPUT_CHUNK)
                    except OSError:
                        data = b""
                    if not data:
                        self._fence.gone()
                        self._leave()
                        break
                    messages += source.feed(brake.skim(data))
                messages += source.tick()
                brake.put(messages)
        source.close()

    def _when_handled(self, handled: Callable[[], None]) -> None:
        """Call back when the app, and the widget that it gives keys to, has handled all before."""

        def pass_on() -> None:
            receiver = self._app.focused or (self._app.screen if self._app.screen_stack else None)
            if receiver is None or not receiver.call_later(handled):
                handled()

        self.send_message(events.Callback(callback=pass_on))

    def _heard(self, reply: Reply) -> None:
        if reply.kind is ReplyKind.ATTRIBUTES:
            self._fence.answered()
        if self.listener is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.listener, reply)

    def disable_input(self) -> None:
        """Give the terminal back, with nothing of ours left in it and no answer on its way from there.

        An answer that came later would be read by the shell, which would show it as if it were typed.
        """
        if self._started:
            self._started = False
            if not self._suspends:
                self._drop_what_is_drawn()
            for teardown_output in self.teardown_outputs:
                self.write(teardown_output())
            if self._is_heard and not self._fence.silent:  # Textual asks before we do
                self.ask(QUERIES[ReplyKind.ATTRIBUTES], _LAST_ANSWER)
                self._fence.wait(_LAST_ANSWER)
        super().disable_input()  # type: ignore[safe-super]

    def _drop_what_is_drawn(self) -> None:
        """Throw away what is queued, but for what sets modes: nobody will see it."""
        queue = self._writer_thread._queue
        with queue.mutex:
            kept = [text for text in queue.queue if text is None or len(text) <= _LONG_OUTPUT]
            queue.queue.clear()
            queue.queue.extend(kept)

    def close(self) -> None:
        """End the thread that writes. Where the terminal has stalled, what it did not take is thrown away."""
        writer = getattr(self, "_writer_thread", None)  # none without a terminal
        if writer is None:
            return
        writer._queue.put(None)
        writer.join(_LAST_OUTPUT)
        if writer.is_alive():
            self.restore_now()
        with self._restoring:  # another thread may be at it, by which this one goes on: it ends first
            pass

    def restore_now(self) -> None:
        """Leave the terminal as it was, whatever it does; to be called in any thread, as the last thing."""
        with self._restoring:  # whoever comes second would throw away what the first has written
            if self._given_back:
                return
            self._given_back = True
            self._file.throw_away()
            end = time.monotonic() + LONGEST_WRITE
            while self._file.writing and time.monotonic() < end:
                throw_away(self.fileno)
                time.sleep(FLUSH_INTERVAL)
            restore_terminal(self.fileno, self.attrs_before)

    def start_application_mode(self) -> None:
        """Start, with a queue of output that never makes the event loop wait, and without post-processing.

        Textual's queue waits when it holds 30 pieces, and keys with it, once a terminal stalls. Images are
        paced before they come here, and what else is drawn is small.

        The kernel looks at every byte to put carriage returns before line feeds (OPOST). Textual moves the
        cursor after each line feed, and needs none; the 300 KB of an image are written in 0.9 ms of
        processor time instead of 2. Textual restores all modes of the terminal at the end.
        """
        former = self._writer_thread
        super().start_application_mode()  # type: ignore[safe-super]
        self._started = self._writer_thread is not former
        self._suspended = not self._started  # a background job: then it waits to come to the foreground
        if self._started:
            self._writer_thread._queue.maxsize = 0
            if sys.platform != "win32" and os.isatty(self.fileno):
                modes = termios.tcgetattr(self.fileno)
                modes[1] &= ~termios.OPOST  # output modes
                termios.tcsetattr(self.fileno, termios.TCSANOW, modes)

    def suspend_application_mode(self) -> None:
        """Stop for a while: what is queued will be seen later."""
        self._suspends = True
        try:
            super().suspend_application_mode()
        finally:
            self._suspends, self._suspended = False, True

    def _sigcont_application(self, *_: object) -> None:
        """Start again in the event loop.

        The signal may have come while this thread holds the lock of the queue of output, which starting again
        would wait for, for ever.
        """
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(super()._sigcont_application)  # type: ignore[misc]

    def resume_application_mode(self) -> None:
        """Start again, after stopping first where nothing did: SIGSTOP stops a program without a word.

        Else there would be two threads that read the terminal, one of which never ends, and modes set twice.
        In the background it sleeps on, since only the foreground may set the terminal's modes.
        """
        if not (self._started or self._suspended):
            return
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


def ask_terminal(app: App[Any], queries: bytes, timeout: float, heard: Callable[[Reply], None]) -> bool:
    """Ask the terminal, if it is one that can be asked; its answers are never taken for keys.

    Args:
        app: A running app.
        queries: What to write, ending in DA1.
        timeout: Seconds for which answers are hoped for.
        heard: Called in the event loop with each answer, however late it comes.
    """
    driver = app._driver
    if not isinstance(driver, TimedDriver) or not driver.can_be_asked:
        return False
    driver.listener = heard
    driver.ask(queries, timeout)
    return True


def window_of_terminal(app: App[Any]) -> Window | None:
    """The window of an app's terminal, as the system knows it; None where there is none."""
    driver = app._driver
    return window_of(driver.fileno) if isinstance(driver, TimedDriver) and driver.can_be_asked else None


def restore_terminal_now(app: App[Any]) -> None:
    """Leave an app's terminal as it was at once, whatever else goes on: the program ends now."""
    if isinstance(app._driver, TimedDriver):
        app._driver.restore_now()


def before_leaving(app: App[Any], teardown_output: Callable[[], str]) -> None:
    """See to it that something is written before the terminal is given back, at the end or for a while."""
    if isinstance(app._driver, TimedDriver):
        app._driver.teardown_outputs.append(teardown_output)


def write_out(app: App[Any], output: str) -> None:
    """Write what neither draws nor moves anything to an app's terminal, if it has one."""
    if app._driver is not None:
        app._driver.write(output)


def call_in_app(app: App[Any], callback: Callable[[], None]) -> None:
    """Call back in the event loop as if the app had handled a message, with its errors handled by it.

    Not by MessagePump.call_later, which looks up the signature of its callback: 0.2 ms a frame.
    """
    with app._context():
        try:
            callback()
        except Exception as error:
            app._handle_exception(error)


def report_written(app: App[Any], callback: Callable[[WriteReport], None]) -> None:
    """Call back, in the event loop, once all output so far has been written to the terminal.

    Where there is no terminal, or none that can tell (a test, a browser), that is as soon as possible. It may
    be never: output is thrown away when the terminal has gone, and may be when the program is suspended.
    """
    loop = asyncio.get_running_loop()

    def report(written: WriteReport) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(call_in_app, app, partial(callback, written))

    driver = app._driver
    if isinstance(driver, TimedDriver):
        driver.write(WriteMark(report))
    else:
        loop.call_soon(call_in_app, app, partial(callback, WriteReport(0.0, 0)))
