"""A live image: a widget that shows the newest frame it was given, through the terminal port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.terminal.link.adaptation import Adaptation
from vaevis_tui.terminal.link.meter import FrameMeter
from vaevis_tui.terminal.link.scheduler import MAIN, REST, FrameSlot, Turn
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.placement import Placement
from vaevis_tui.terminal.surface import Renderer, Surface, Update
from vaevis_tui.tui.images.painted_frame import DecodedFrame, PaintedFrame, RenderContext
from vaevis_tui.tui.images.terminal_port import Sent, TerminalPort
from vaevis_tui.tui.textual_private.painting import LiveLane, Spot, paint_now
from vaevis_tui.tui.textual_private.writing import WriteReport

_Draw = Callable[[Surface, Pixels, tuple[int, int], RGB], Update]
"""Plans an update: surface, pixels, row and column of the screen, background."""


class LiveImage(Widget):
    """Shows the newest frame it was given, as large as fits, at the pace of the terminal.

    `show` may be called at any rate: frames that the link cannot carry are dropped before they are encoded,
    and when frames cease the last one is shown exactly. Nothing is sent while another screen lies on top. A
    screen may have several live images; the main one goes first. The widget has no border or padding; put it
    into a container for that.

    Args:
        port: The app's.
        priority: `MAIN` (0) for the main image, more for a background image.
        meter: Counts frames and their times; None for a new one.
        placeholder: Text to show while there is no frame.
        id: As for any widget.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LiveImage {
        width: 1fr;
        height: 1fr;
        content-align: center middle;
        text-align: center;
    }
    """

    placeholder: reactive[str] = reactive("")
    """Text to show while there is no frame."""

    @dataclass(eq=False)
    class Presented(Message):
        """A frame has reached the screen.

        Attributes:
            image: The live image.
            frame: The frame that `LiveImage.show` was given.
        """

        image: LiveImage
        frame: DecodedFrame

        @property
        def control(self) -> LiveImage:
            """The live image, for the selector of a handler."""
            return self.image

    def __init__(
        self,
        port: TerminalPort,
        *,
        priority: int = MAIN,
        meter: FrameMeter | None = None,
        placeholder: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.set_reactive(LiveImage.placeholder, placeholder)
        self.port = port
        self.meter = meter or FrameMeter(port.clock)
        self.slot = FrameSlot(
            priority, self._can_send, lambda: self.exact, lambda: self._adaptation.whole or priority == MAIN
        )
        self._renderer = port.renderer
        self._image_id = port.new_image_id()
        self._adaptation = Adaptation(port.link, port.clock)
        self._newest: DecodedFrame | None = None
        self._painted: PaintedFrame | None = None
        self._presented: DecodedFrame | None = None
        self._live_lane = LiveLane(self)
        self.before_paint: Callable[[], None] = lambda: None
        """Called before a frame is painted; what it draws elsewhere goes out with the frame."""

    @property
    def presented(self) -> DecodedFrame | None:
        """The newest frame that has reached the screen."""
        return self._presented

    @property
    def waiting(self) -> bool:
        """Whether a frame waits to be sent."""
        return self.slot.waiting

    @property
    def placement(self) -> Placement | None:
        """Where the image lies in the widget; None while there is no frame."""
        return self._painted.placement if self._painted else None

    @property
    def renderer(self) -> Renderer:
        """What the image is drawn with where nothing covers it."""
        return self._renderer

    @renderer.setter
    def renderer(self, renderer: Renderer) -> None:
        if renderer != self._renderer:
            self._renderer = renderer
            self.refresh()

    def show(self, frame: DecodedFrame) -> None:
        """Show a frame, in place of any that is not encoded yet. Call it in the app's thread."""
        self.meter.decoded(frame.times.total)
        self._newest = frame
        comes_first = self._presented is None or self.slot.priority > MAIN
        if comes_first and self.size and self._is_behind():
            self._draw(frame)  # else nothing is seen here, or part of a strip, until that screen is closed
            self.app.screen.refresh()
        if self.port.offer(self.slot):
            self.meter.dropped()
        self.port.advance()

    @property
    def exact(self) -> bool:
        """Whether the screen shows the frame exactly; if not, the rest follows."""
        painted = self._painted
        pending = painted is not None and painted.pending and self._live_lane.has_terminal
        return self._adaptation.exact and not pending

    @property
    def cells(self) -> Region | None:
        """Where the image lies on the screen; None while there is none."""
        return self._painted.cells if self._painted else None

    def shows(self, row: int) -> NDArray[np.bool_] | None:
        """Which cells of a row are known to show the image; None if it is not drawn in characters."""
        known = self._painted.surface.known if self._painted else None
        return None if known is None else known[row]

    def lies_above(self, row: int) -> NDArray[np.bool_] | None:
        """Which cells of a row show it behind another screen, whose text has to take them away."""
        intact = self._painted.surface.intact if self._painted and self._is_behind() else None
        return None if intact is None else intact[row]

    def overwritten(self, row: int, start: int, end: int) -> None:
        """Other output was written over cells of a row."""
        if self._painted is not None:
            self._painted.surface.forget(row, slice(start, end))
            if not self._is_behind() and self._painted.surface.stale:
                self.port.wake_after(REST)

    @property
    def quality(self) -> str:
        """Name of the quality on the screen."""
        return self._adaptation.name

    def render(self) -> str:
        """The placeholder."""
        return self.placeholder

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of the image within ``crop``; painted again if the render context has changed."""
        if self._painted is None:
            return super().render_lines(crop)
        redrawn = False
        self._painted.is_behind = self._is_behind()
        if self._render_context() != self._painted.context:
            before, after = self._painted, self._draw(self._painted.frame)
            after.is_behind = before.is_behind
            if before.context.renderer != after.context.renderer and crop.size != self.size:
                self.call_later(self.refresh)  # also what is not drawn now
            redrawn = True
        if (redrawn or self.slot.waiting) and not self.port.sending:
            self.call_later(self.port.advance)  # a frame may have waited for this
        lines = self._painted.lines()[crop.y : crop.bottom]
        if crop.column_span == (0, self.size.width):
            return lines
        return [line.crop(*crop.column_span) for line in lines]

    # Sending, as the port asks for it

    @property
    def widget(self) -> Widget:
        """Itself."""
        return self

    def _can_send(self) -> bool:
        """Whether it is on the screen, as far as is known without a layout."""
        if not (self.is_attached and self._live_lane.is_visible) or self._is_behind():
            return False
        return self._painted is not None or (self.slot.waiting and bool(self.size))

    def send(self, number: int, turn: Turn) -> Sent | None:
        """Write the waiting frame, or more of the last one; None if the image is not on the screen."""
        adaptation = self._adaptation
        gives_way = self.slot.priority > MAIN
        part = partial(adaptation.part, seconds=turn.seconds)
        if turn.refines:
            more = part if gives_way and not adaptation.whole else adaptation.refinement
            return self._send_live(number, more)
        frame = self._newest
        assert frame is not None
        self.before_paint()
        started = self.port.clock()
        sent: Sent | None = None
        if self._draw(frame).in_place:
            sent = self._send_live(number, part if gives_way else adaptation.frame)
        if sent is None:
            sent = self._send_lines(number)
        return Sent(sent.size, sent.asked, frame, self.port.clock() - started)

    def _send_lines(self, number: int) -> Sent:
        """Let the compositor draw, with everything else that is pending; then pixels that lie above cells."""
        link = self.port.link
        asks = link.asks and self._live_lane.has_terminal
        if asks:
            self._live_lane.write(link.ack_request(number, before=True))
        paint_now(self, [Region(0, 0, *self.size)])
        painted, update = self._painted, None
        assert painted is not None
        if painted.surface.known is None and painted.surface.stale:
            update = self._plan(self._adaptation.frame)
        if asks or update:
            after = link.ack_request(number, before=False) if asks else ""
            self._live_lane.write(f"{update.text if update else ''}{after}")
        return Sent(update.size if update else 0, asks)

    def _send_live(self, number: int, draw: _Draw) -> Sent | None:
        """Draw what has changed, bypassing the compositor; None if that is not possible now."""
        painted, link = self._painted, self.port.link
        if painted is None or self._live_lane.spot() is None:
            return None
        paint_now(self, [])  # everything else that is pending: it may change what covers the image
        update = self._plan(draw) if painted is self._painted else None
        if update is None:
            return None
        asks = bool(update.text or link.in_flight)
        if asks:
            before, after = (link.ack_request(number, before=before) for before in (True, False))
            self._live_lane.write(f"{before}{update.text}{after}")
        return Sent(update.size, asks)

    def _plan(self, draw: _Draw) -> Update | None:
        """An update of the image in place, which must be written; None where only the compositor can draw."""
        painted, spot = self._painted, self._live_lane.spot()
        if painted is None or spot is None:
            return None
        place = painted.placement
        painted.surface.cover(_covered(spot, place))
        at = spot.region.y + place.top, spot.region.x + place.left
        update = draw(painted.surface, painted.pixels, at, painted.context.background.rgb)
        painted.sent |= update.whole
        if update.text:
            self._live_lane.shown.image_wrote(self)
        return update

    def presented_frame(self, frame: DecodedFrame, seconds: float, report: WriteReport) -> None:
        """A frame has reached the screen: the seconds that drawing took, and what was written."""
        self.meter.presented(seconds, report.seconds, report.size)
        self._presented = frame
        self.post_message(self.Presented(self, frame))

    def forget(self) -> None:
        """Assume nothing about what the terminal shows."""
        if self._painted is not None:
            self._painted.surface.forget()

    def teardown_output(self) -> str:
        """Output that removes the image from the terminal's screen and memory."""
        return self._painted.surface.erase() if self._painted else ""

    def step_back(self) -> None:
        """Another screen comes on top: take pixels off that its text would not take away."""
        if self._painted is not None and self._painted.surface.intact is None:
            self.hide()

    def hide(self) -> None:
        """Take pixels off the screen that would lie on top of another screen."""
        if self._painted is not None and self._painted.surface.known is None:
            self._erase(self._painted)

    # Events

    def on_mount(self) -> None:
        """Register with the port."""
        self.port.add(self)
        self._live_lane.shown.images.append(self)

    def on_unmount(self) -> None:
        """Unregister, and erase the image."""
        self.port.remove(self)
        self._live_lane.shown.images.remove(self)
        if self._painted is not None:
            self._erase(self._painted)

    def on_hide(self) -> None:
        """Erase what other widgets would not draw over."""
        self.hide()

    def on_show(self) -> None:
        """Send what had to wait."""
        self.port.advance()

    def on_resize(self) -> None:
        """Send what had to wait for room."""
        self.port.advance()

    # Drawing

    def _is_behind(self) -> bool:
        return self.app.screen is not self.screen

    def _render_context(self) -> RenderContext:
        _, background = self.background_colors
        region = self.region if self.region.size == self.size else self.size.region
        context = RenderContext(region, background, tuple(self.get_line_filters()), self._renderer)
        stays = self._live_lane.free and (not self._is_behind() or self._is_left_of(context))
        return context if stays else replace(context, renderer=self._renderer.fallback)

    def _is_left_of(self, context: RenderContext) -> bool:
        """Whether some of what was painted in a context can stay on the terminal behind another screen."""
        painted = self._painted
        intact = painted.surface.intact if painted is not None and painted.context == context else None
        return intact is not None and bool(intact.any())

    def _draw(self, frame: DecodedFrame) -> PaintedFrame:
        """Paint a frame in the current context, in place of the last one."""
        before = self._painted
        after = self._painted = PaintedFrame(
            frame, self._render_context(), self._adaptation, self._image_id, self._on_paint, before
        )
        if before is not None and before.surface is not after.surface:
            self._erase(before)
        return after

    def _erase(self, painted: PaintedFrame) -> None:
        """Erase what writing into its cells would not, and have those cells written again."""
        text = painted.surface.erase()
        if text and self._live_lane.has_terminal:
            self._live_lane.write(text)
        if painted.surface.lies_in_cells:
            self._live_lane.shown.forget(painted.cells)

    def _on_paint(self, inexact: bool) -> None:
        """The compositor has drawn it; if not exactly, the rest must follow."""
        self._live_lane.shown.image_wrote(self)
        if inexact:
            self.port.wake_after(REST)


@lru_cache(maxsize=16)
def _covered(spot: Spot, place: Placement) -> NDArray[np.bool_]:
    """Which of the image's cells are covered, (rows, columns)."""
    covered = np.zeros((place.rows, place.columns), np.bool_)
    for cover in spot.covers:
        x, y = cover.x - spot.region.x - place.left, cover.y - spot.region.y - place.top
        covered[max(y, 0) : max(y + cover.height, 0), max(x, 0) : max(x + cover.width, 0)] = True
    return covered
