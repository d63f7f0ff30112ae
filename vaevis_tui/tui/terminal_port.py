"""The one port to the terminal: every live image of an app sends its frames through it."""

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
    from vaevis_tui.tui.painted_frame import DecodedFrame


COMPARE_BELOW = 500_000.0
"""Bytes a second of the link below which text beside frames is compared with what the terminal shows: the 600
bytes of bars a frame are more than 5 % of it."""

BACKLOG = 0.15
"""Seconds that a silent link may be behind when the screen is drawn; else that waits, and keys need not."""

MUCH = 1500
"""Bytes of an update of the screen, a packet or so, from which on the next one waits for it to arrive."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a live image has handed over.

    Attributes:
        size: Its length in bytes.
        asked: Whether it asks for an acknowledgement.
        frame: The frame, if it was a new one.
        seconds: That drawing took.
    """

    size: int
    asked: bool
    frame: DecodedFrame | None = None
    seconds: float = 0.0


class PortClient(Protocol):
    """What the port asks of a live image."""

    slot: FrameSlot
    renderer: Renderer

    @property
    def widget(self) -> Widget:
        """The image as a widget."""
        ...

    def send(self, number: int, turn: Turn) -> Sent | None:
        """Write the frame that waits, or more of the one before; None if it has no place on the screen."""
        ...

    def presented_frame(self, frame: DecodedFrame, seconds: float, report: WriteReport) -> None:
        """A frame is on the screen: how long drawing it took, and what was written."""
        ...

    def forget(self) -> None:
        """Nobody knows what the terminal shows."""
        ...

    def hide(self) -> None:
        """Take off the screen what was sent as dots."""
        ...

    def teardown_output(self) -> str:
        """What takes the image off the terminal's screen and out of its memory."""
        ...


@dataclass(slots=True)
class _InFlight:
    client: PortClient
    frame: DecodedFrame
    seconds: float
    report: WriteReport


class TerminalPort:
    """Owns the link, the sequence numbers, the budget of bytes and kitty's image ids; one an app.

    The app passes each cursor report to `acknowledge`; the port tells the image whose frame it acknowledges.
    The main image goes first; what else is live goes out after it (see `FrameScheduler`).

    Args:
        link: Paces frames; that of a local terminal if None.
        renderer: What live images are drawn with at first; truecolor half-blocks if None.
        clock: Seconds that never go back; the link's too where that is made here.
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
        """Number of the last large update of the screen."""
        self._reported: int | None = None
        """The same until its report is asked for."""
        self._suspended = False
        self._wake: asyncio.TimerHandle | None = None

    @property
    def renderer(self) -> Renderer:
        """What live images are drawn with, where nothing lies on them; setting it changes all."""
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
        """Images that are sent as dots have not come, or not to all who look on."""
        for client in self._clients:
            client.hide()
        self.advance()

    def new_image_id(self) -> int:
        """A number for an image in the terminal that no other of this app has, see `KittyImage`."""
        self._image_ids += 1
        return image_id(self._image_ids)

    def attach(self, app: ScreenApp[Any]) -> None:
        """Be the port of an app that begins to run."""
        self._app = app
        app.app_suspend_signal.subscribe(app, self._suspend, immediate=True)
        app.app_resume_signal.subscribe(app, self._resume, immediate=True)
        app.screen_writer.may_write = self._may_write
        app.screen_writer.compares = self._compares
        app.screen_writer.before_write = self._before_screen_write
        app.screen_writer.after_write = self._after_screen_write

    def write(self, output: str) -> None:
        """Write what neither draws nor moves anything; it takes its share of the link as the screen does."""
        if self._app is not None:
            write_out(self._app, f"\x1b7{self._before_screen_write(output)}\x1b8")
            self._after_screen_write()

    def add(self, client: PortClient) -> None:
        """A live image takes part from now on; it is mounted."""
        if not self._clients and self._app is not None:
            before_leaving(self._app, self._teardown_output)
        self._clients.append(client)
        self._scheduler.add(client.slot)

    def remove(self, client: PortClient) -> None:
        """A live image is no more."""
        if client in self._clients:
            self._clients.remove(client)
            self._scheduler.remove(client.slot)

    def offer(self, slot: FrameSlot) -> bool:
        """A frame waits from now on; True if it takes the place of another, which is thereby dropped."""
        return self._scheduler.offer(slot)

    def acknowledge(self, row: int, column: int, late: float = 0.0) -> None:
        """The terminal has reported its cursor, counted from 1: most likely it acknowledges a frame.

        Args:
            row: Of the cursor.
            column: Of the cursor.
            late: Seconds since the report came, which were spent on something else.
        """
        number = self.link.acknowledged(row, column, late)
        if number is not None:
            self.link.presented(number)
            self._present(number)
        self.advance()

    def advance(self) -> None:
        """Let images send what they may; see to it that this is called again once they may send more."""
        if self._suspended or self._app is None:
            return
        if self._app.screen_writer.deferred:
            if self._may_write():
                self._app.write_deferred()
            elif pause := self.link.timeout or self.link.backlog:
                self.wake_after(pause)  # if nothing is heard of the last update until then
        served: set[FrameSlot] = set()
        while (upcoming := self._scheduler.next()) is not None:
            turn, pause = upcoming
            if pause > 0 or turn.slot in served:
                self.wake_after(pause)
                return
            served.add(turn.slot)
            self._send(turn)

    def wake_after(self, seconds: float) -> None:
        """See to it that `advance` is called in so many seconds at the latest."""
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
        """Whether the screen may be written: with a frame always, else once the last update has come."""
        if self.sending:
            return True
        if any(frame.number == self._screen_update for frame in self.link.in_flight):
            return False
        return self.link.answering or self.link.backlog <= BACKLOG

    def _compares(self) -> bool:
        """Whether bytes are dearer than time: not those of bars beside each frame on a fast link."""
        capacity = self.link.capacity
        return not self.sending or (capacity is not None and capacity < COMPARE_BELOW)

    def _before_screen_write(self, output: str) -> str:
        """Count what is written to the screen; where it is much, ask for an acknowledgement of it, too."""
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
        """Hear of it once it is written."""
        if self._reported is not None:
            assert self._app is not None
            report_written(self._app, partial(self._written, self._reported))
            self._reported = None

    def _written(self, number: int, report: WriteReport) -> None:
        """What was drawn has reached the terminal's device."""
        if number in self._in_flight:
            self._in_flight[number].report = report
        if self.link.written(number, report.size) is not None:
            self._present(number)
        self.advance()

    def _present(self, number: int) -> None:
        """All up to a number is on the screen."""
        for each in sorted(each for each in self._in_flight if each <= number):
            sent = self._in_flight.pop(each)
            if sent.client in self._clients:
                sent.client.presented_frame(sent.frame, sent.seconds, sent.report)

    def _suspend(self, _: App[object]) -> None:
        self._suspended = True

    def _resume(self, _: App[object]) -> None:
        """What was in flight may never be heard of, and the terminal shows nothing of what it showed."""
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
