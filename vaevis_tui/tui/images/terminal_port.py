"""The port to the terminal, one an app: all live images send their frames through it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from textual.app import App
from textual.widget import Widget

from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.ids import image_id
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.link.scheduler import FrameScheduler, FrameSlot, Turn
from vaevis_tui.terminal.surface import Renderer
from vaevis_tui.tui.textual_private.app import ScreenApp
from vaevis_tui.tui.textual_private.driver import before_leaving, call_in_app, report_written, write_out
from vaevis_tui.tui.textual_private.writing import WriteReport

if TYPE_CHECKING:
    from vaevis_tui.tui.images.painted_frame import DecodedFrame


COMPARE_BELOW = 500_000.0
"""Below this rate (bytes a second), text drawn beside frames is diffed against what the terminal shows: the
600 bytes of bars a frame are more than 5 % of such a link."""

BACKLOG = 0.15
"""Most seconds of backlog of a silent link at which the screen is redrawn; beyond it the redraw waits."""

MUCH = 1500
"""Bytes of a screen update, a packet or so, from which on the next update waits for its ack."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a live image has written in its turn.

    Attributes:
        size: Length in bytes.
        asked: Whether ack requests stand around it.
        frame: The frame, if it was a new one.
        seconds: Time that drawing took.
    """

    size: int
    asked: bool
    frame: DecodedFrame | None = None
    seconds: float = 0.0


class PortClient(Protocol):
    """What the port needs of a live image."""

    slot: FrameSlot
    renderer: Renderer

    @property
    def widget(self) -> Widget:
        """The image as a widget."""
        ...

    def send(self, number: int, turn: Turn) -> Sent | None:
        """Write the waiting frame, or more of the last one; None if the image is not on the screen."""
        ...

    def presented_frame(self, frame: DecodedFrame, seconds: float, report: WriteReport) -> None:
        """A frame has reached the screen: the seconds that drawing took, and what was written."""
        ...

    def forget(self) -> None:
        """Assume nothing about what the terminal shows."""
        ...

    def hide(self) -> None:
        """Take an image that was sent as pixels off the screen."""
        ...

    def teardown_output(self) -> str:
        """Output that removes the image from the terminal's screen and memory."""
        ...


@dataclass(slots=True)
class _InFlight:
    client: PortClient
    frame: DecodedFrame
    seconds: float
    report: WriteReport


class TerminalPort:
    """Owns the link, the sequence numbers and kitty's image ids.

    The app passes each cursor report to `acknowledge`, and the port notifies the image whose frame that is.
    The main image goes first, other live images after it (see `FrameScheduler`).

    Args:
        link: Paces frames; None for the link of a local terminal.
        renderer: What live images are drawn with at first; None for truecolor half-blocks.
        clock: Monotonic seconds; also for the default link.
    """

    def __init__(
        self,
        link: Link | None = None,
        *,
        renderer: Renderer | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.clock = clock
        self.link = link or Link(clock)
        self._scheduler = FrameScheduler(self.link, clock)
        self._renderer = renderer or cell_renderer(Graphics.HALF, ColorMode())
        self._clients: list[PortClient] = []
        self._in_flight: dict[int, _InFlight] = {}
        self._number = 0
        self._image_ids = 0
        self._app: ScreenApp[Any] | None = None
        self.sending = False
        """Whether an image is being sent now."""
        self._screen_bytes = 0
        self._screen_update = 0
        """Number of the last large screen update."""
        self._reported: int | None = None
        """The same, until its write report is requested."""
        self._suspended = False
        self._wake: asyncio.TimerHandle | None = None

    @property
    def renderer(self) -> Renderer:
        """What live images are drawn with where nothing covers them; setting it changes all of them."""
        return self._renderer

    @renderer.setter
    def renderer(self, renderer: Renderer) -> None:
        self._renderer = renderer
        for client in self._clients:
            client.renderer = renderer

    @property
    def frames(self) -> int:
        """How many frames were sent."""
        return self._number

    def send_again(self) -> None:
        """Send images made of pixels again: they did not arrive, or not at every attached terminal."""
        for client in self._clients:
            client.hide()
        self.advance()

    def new_image_id(self) -> int:
        """A terminal image id that no other image of this app has, see `KittyImage`."""
        self._image_ids += 1
        return image_id(self._image_ids)

    def attach(self, app: ScreenApp[Any]) -> None:
        """Become the port of an app that starts to run."""
        self._app = app
        app.app_suspend_signal.subscribe(app, self._suspend, immediate=True)
        app.app_resume_signal.subscribe(app, self._resume, immediate=True)
        app.screen_writer.may_write = self._may_write
        app.screen_writer.compares = self._compares
        app.screen_writer.before_write = self._before_screen_write
        app.screen_writer.after_write = self._after_screen_write

    def write(self, output: str) -> None:
        """Write output that draws nothing and leaves the cursor alone; it counts like the screen's."""
        if self._app is not None:
            write_out(self._app, f"\x1b7{self._before_screen_write(output)}\x1b8")
            self._after_screen_write()

    def add(self, client: PortClient) -> None:
        """Register a live image that was mounted."""
        if not self._clients and self._app is not None:
            before_leaving(self._app, self._teardown_output)
        self._clients.append(client)
        self._scheduler.add(client.slot)

    def remove(self, client: PortClient) -> None:
        """Unregister a live image."""
        if client in self._clients:
            self._clients.remove(client)
            self._scheduler.remove(client.slot)

    def offer(self, slot: FrameSlot) -> bool:
        """Queue a frame; True if it replaces another one, which is dropped."""
        return self._scheduler.offer(slot)

    def acknowledge(self, row: int, column: int, late: float = 0.0) -> None:
        """Handle a cursor report: most likely the ack of a frame.

        Args:
            row: Of the cursor, from 1.
            column: Of the cursor, from 1.
            late: Seconds since the report came, while the program was busy.
        """
        number = self.link.acknowledged(row, column, late)
        if number is not None:
            self.link.presented(number)
            self._present(number)
        self.advance()

    def advance(self) -> None:
        """Let images send what they may now, and schedule the next call for when they may send more."""
        if self._suspended or self._app is None:
            return
        if self._app.screen_writer.deferred:
            if self._may_write():
                self._app.write_deferred()
            elif pause := self.link.timeout or self.link.backlog:
                self.wake_after(pause)  # in case the ack of the last update does not come
        served: set[FrameSlot] = set()
        while (upcoming := self._scheduler.next()) is not None:
            turn, pause = upcoming
            if pause > 0 or turn.slot in served:
                self.wake_after(pause)
                return
            served.add(turn.slot)
            self._send(turn)

    def wake_after(self, seconds: float) -> None:
        """Call `advance` in so many seconds at the latest."""
        loop = asyncio.get_running_loop()
        if self._wake is not None:
            if self._wake.when() <= loop.time() + seconds:
                return
            self._wake.cancel()
        assert self._app is not None
        self._wake = loop.call_later(seconds, call_in_app, self._app, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self.advance()

    def _send(self, turn: Turn) -> None:
        client = next(client for client in self._clients if client.slot is turn.slot)
        self._number += 1
        number = self._number
        self.sending, self._screen_bytes = True, 0
        try:
            sent = client.send(number, turn)
        finally:
            self.sending = False
        if sent is None:
            self.link.charge(self._screen_bytes)
            self._scheduler.postpone(turn)
            return
        self._scheduler.sent(turn)
        size = sent.size + self._screen_bytes
        self.link.sent(number, size, asked=sent.asked, background=turn.slot.priority > 0)
        if sent.frame is not None:
            self._in_flight[number] = _InFlight(client, sent.frame, sent.seconds, WriteReport(0.0, 0))
        report_written(client.widget.app, partial(self._written, number))

    def _may_write(self) -> bool:
        """Whether the screen may be written: always with a frame, else once the last update has arrived."""
        if self.sending:
            return True
        if any(frame.number == self._screen_update for frame in self.link.in_flight):
            return False
        return self.link.answering or self.link.backlog <= BACKLOG

    def _compares(self) -> bool:
        """Whether to diff text against the screen: not for bars beside each frame on a fast link."""
        capacity = self.link.capacity
        return not self.sending or (capacity is not None and capacity < COMPARE_BELOW)

    def _before_screen_write(self, output: str) -> str:
        """Count what is written to the screen, and put ack requests around a large update."""
        size = len(output.encode())
        if self.sending:
            self._screen_bytes += size
            return output
        if size < MUCH:
            self.link.charge(size)
            return output
        self._number += 1
        self._screen_update = self._reported = self._number
        before, after = (self.link.ack_request(self._number, before=before) for before in (True, False))
        self.link.sent(self._number, size, background=True)
        return f"{before}{output}{after}"

    def _after_screen_write(self) -> None:
        """Request a report of when a large update was written."""
        if self._reported is not None:
            assert self._app is not None
            report_written(self._app, partial(self._written, self._reported))
            self._reported = None

    def _written(self, number: int, report: WriteReport) -> None:
        """Output up to a number was written to the terminal's device."""
        if number in self._in_flight:
            self._in_flight[number].report = report
        if self.link.written(number, report.size) is not None:
            self._present(number)
        self.advance()

    def _present(self, number: int) -> None:
        """Everything up to a number is on the screen."""
        for each in sorted(each for each in self._in_flight if each <= number):
            sent = self._in_flight.pop(each)
            if sent.client in self._clients:
                sent.client.presented_frame(sent.frame, sent.seconds, sent.report)

    def _suspend(self, _: App[object]) -> None:
        self._suspended = True

    def _resume(self, _: App[object]) -> None:
        """Start over after a suspend: acks may be lost, and the screen's content is unknown."""
        self._suspended = False
        if self._app is not None:
            self._app.screen_writer.shown.forget()
        for client in self._clients:
            client.forget()
        self.link.forget()
        self._in_flight.clear()
        self.advance()

    def _teardown_output(self) -> str:
        return "".join(client.teardown_output() for client in self._clients)
