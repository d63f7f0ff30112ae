"""The live picture."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from textual.app import App
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.encoder import RGB, Pixels
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.link.adaptation import REST, Adaptation
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.link.meter import FrameMeter
from vaevis_tui.terminal.surface import Place, Renderer, Surface, Update
from vaevis_tui.tui.painted_frame import DecodedFrame, PaintedFrame, RenderContext
from vaevis_tui.tui.textual_private import (
    LiveLane,
    Spot,
    WriteReport,
    before_leaving,
    paint_now,
    report_written,
)


@dataclass(slots=True)
class _UnderWay:
    """A frame on its way.

    Attributes:
        frame: What is shown.
        draw: Seconds that drawing took.
        report: Of its writing, nothing until then.
    """

    frame: DecodedFrame
    draw: float
    report: WriteReport


_Draw = Callable[[Surface, Pixels, tuple[int, int], RGB], Update]
"""Plans an update of a picture that begins at a row and a column, on a background."""


class Viewport(Widget):
    """Shows the newest frame it was given, as large as fits, at the pace the terminal takes pictures at.

    `show` may be called at any rate: what the link cannot take is dropped before it is encoded, and when
    frames cease the last one is shown. While another screen lies on top the picture rests. The widget has no
    border or padding of its own; put it into a container for that.

    Args:
        medium: What pictures are drawn with; truecolor half-blocks if None.
        link: Paces pictures; that of a local terminal if None.
        meter: Is told what happens to every frame; a new one if None.
        clock: Seconds that never go back; the link's and the meter's too where those are made here.
        placeholder: What to show while there is no frame.
        name: As for any widget.
        id: As for any widget.
        classes: As for any widget.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Viewport {
        width: 1fr;
        height: 1fr;
        content-align: center middle;
        text-align: center;
    }
    """

    placeholder: reactive[str] = reactive("")
    """What to show while there is no frame."""

    class Presented(Message):
        """A frame is on the screen.

        Attributes:
            viewport: Where.
            frame: What `Viewport.show` was given.
        """

        def __init__(self, viewport: Viewport, frame: DecodedFrame) -> None:
            super().__init__()
            self.viewport = viewport
            self.frame = frame

        @property
        def control(self) -> Viewport:
            """The viewport, for the selector of a handler."""
            return self.viewport

    def __init__(
        self,
        medium: Renderer | None = None,
        *,
        link: Link | None = None,
        meter: FrameMeter | None = None,
        clock: Callable[[], float] = time.perf_counter,
        placeholder: str = "",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.set_reactive(Viewport.placeholder, placeholder)
        self.link = link or Link(clock)
        self.meter = meter or FrameMeter(clock)
        self._medium = medium or cell_renderer(Graphics.HALF, ColorMode())
        self._clock = clock
        self._adaptation = Adaptation(self.link, clock)
        self._under_way: dict[int, _UnderWay] = {}
        self._newest: DecodedFrame | None = None
        self._number = 0
        """Of the newest frame, for the link."""
        self._drawn: PaintedFrame | None = None
        self._presented: DecodedFrame | None = None
        self._offered_at = 0.0
        self._live_lane = LiveLane(self)
        self._suspended = False
        self._wake: asyncio.TimerHandle | None = None
        self.before_paint: Callable[[], None] = lambda: None
        """Called before a frame is painted: what this draws elsewhere goes out with the frame."""

    @property
    def presented(self) -> DecodedFrame | None:
        """The newest frame that has reached the screen."""
        return self._presented

    @property
    def placement(self) -> Place | None:
        """Where in the widget the picture lies; None while there is no frame."""
        return self._drawn.placement if self._drawn else None

    @property
    def medium(self) -> Renderer:
        """What pictures are drawn with, where nothing lies on them."""
        return self._medium

    @medium.setter
    def medium(self, medium: Renderer) -> None:
        self._medium = medium
        self.refresh()

    def show(self, frame: DecodedFrame) -> None:
        """Show a frame, in place of any that was not encoded yet; to be called in the app's thread."""
        self.meter.decoded(frame.times.total)
        self._newest = frame
        self._offered_at = self._clock()
        self._number += 1
        if self.link.offer(self._number):
            self.meter.dropped()
        self._advance()

    def answered(self, row: int, column: int) -> None:
        """The terminal has reported its cursor, counted from 1: most likely it answers what a frame asked."""
        number = self.link.answered(row, column)
        if number is not None:
            self.link.presented(number)
            self._present(number)
        self._advance()

    @property
    def exact(self) -> bool:
        """Whether what was sent last shows the frame as it is; if not, the rest follows."""
        drawn = self._drawn
        stale = drawn is not None and drawn.canvas.stale and self._live_lane.has_terminal
        return self._adaptation.exact and not stale

    @property
    def quality(self) -> str:
        """Name of the quality of the picture on the screen."""
        return self._adaptation.name

    def render(self) -> str:
        """The placeholder."""
        return self.placeholder

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of the picture within ``crop``; encoded anew if what surrounds it has changed."""
        if self._drawn is None:
            return super().render_lines(crop)
        if self._surroundings() != self._drawn.surroundings:
            before, after = self._drawn, self._draw(self._drawn.frame)
            if before.surroundings.medium != after.surroundings.medium and crop.size != self.size:
                self.call_later(self.refresh)  # also what is not drawn now
            self.call_later(self._advance)  # a newer frame may have waited for this
        lines = self._drawn.lines()[crop.y : crop.bottom]
        if crop.column_span == (0, self.size.width):
            return lines
        return [line.crop(*crop.column_span) for line in lines]

    # Pacing

    def _advance(self) -> None:
        """Paint the waiting frame if it may go; see to it that this is called again once it may."""
        if self._suspended or not self.is_attached or not self.size or self._is_behind():
            return
        pause = self.link.pause()
        if pause is None:
            pause = self.link.timeout  # until then an answer comes, and calls this
        elif self.link.waiting is None:
            if self.exact or self._drawn is None:
                return
            pause = max(pause, self._offered_at + REST - self._clock())
            if pause <= 0:
                self._refine()
                return
        elif pause == 0:
            self._paint()
            return
        if pause is not None:
            self._wake_after(pause)

    def _wake_after(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._wake is not None:
            if self._wake.when() <= loop.time() + seconds:
                return
            self._wake.cancel()
        self._wake = loop.call_later(seconds, self.call_later, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self._advance()

    def _paint(self) -> None:
        frame, number = self._newest, self._number
        assert frame is not None
        self.before_paint()
        started = self._clock()
        if not (self._draw(frame).in_place and self._paint_live(number, self._adaptation.frame)):
            self._paint_lines(number)
        self._under_way[number] = _UnderWay(frame, self._clock() - started, WriteReport(0.0, 0))
        report_written(self, partial(self._written, number))

    def _refine(self) -> None:
        """At rest, draw more of the exact picture."""
        self._number += 1
        if self._paint_live(self._number, self._adaptation.refinement):
            report_written(self, partial(self._written, self._number))
        else:
            self._wake_after(REST)

    def _paint_lines(self, number: int) -> None:
        """Let the compositor draw, and with it whatever else waits to be drawn; then what it cannot."""
        asks = self.link.asks and self._live_lane.has_terminal
        if asks:
            self._live_lane.write(self.link.question(number, before=True))
        paint_now(self, [Region(0, 0, *self.size)])
        drawn, update = self._drawn, None
        assert drawn is not None
        if drawn.canvas.stale:
            update = self._plan(self._adaptation.frame)
        if asks or update:
            after = self.link.question(number, before=False) if asks else ""
            self._live_lane.write(f"{update.text if update else ''}{after}")
        self.link.sent(number, drawn.size + (update.size if update else 0), asked=asks)

    def _paint_live(self, number: int, draw: _Draw) -> bool:
        """Draw what has changed past the compositor, if possible; tells whether it was."""
        drawn = self._drawn
        if drawn is None or self._live_lane.spot() is None:
            return False
        paint_now(self, [])  # whatever else waits to be drawn, which may change what lies where
        update = self._plan(draw) if drawn is self._drawn else None
        if update is None:
            return False
        asks = bool(update.text or self.link.in_flight)
        if asks:
            before, after = (self.link.question(number, before=before) for before in (True, False))
            self._live_lane.write(f"{before}{update.text}{after}")
        self.link.sent(number, update.size, asked=asks)
        return True

    def _plan(self, draw: _Draw) -> Update | None:
        """What changes the picture where it lies, which must be written; None where the compositor has to."""
        drawn, spot = self._drawn, self._live_lane.spot()
        if drawn is None or spot is None:
            return None
        place = drawn.placement
        drawn.canvas.cover(_covered(spot, place))
        at = spot.region.y + place.top, spot.region.x + place.left
        return draw(drawn.canvas, drawn.pixels, at, drawn.surroundings.background.rgb)

    def _written(self, number: int, report: WriteReport) -> None:
        """What was drawn has reached the terminal's device."""
        if number in self._under_way:
            self._under_way[number].report = report
        if self.link.written(number, report.size) is not None:
            self._present(number)
        self._advance()

    def _present(self, number: int) -> None:
        """All up to a number is on the screen."""
        for each in sorted(each for each in self._under_way if each <= number):
            way = self._under_way.pop(each)
            self.meter.presented(way.draw, way.report.seconds, way.report.size)
            self._presented = way.frame
            self.post_message(self.Presented(self, way.frame))

    def on_mount(self) -> None:
        """Listen for the program being suspended: what is under way then may never be heard of."""
        self.app.app_suspend_signal.subscribe(self, self._suspend, immediate=True)
        self.app.app_resume_signal.subscribe(self, self._resume, immediate=True)
        before_leaving(self.app, self._teardown_output)

    def _suspend(self, _: App[object]) -> None:
        self._suspended = True

    def _resume(self, _: App[object]) -> None:
        self._suspended = False
        if self._drawn is not None:
            self._drawn.canvas.forget()
        self.link.forget()
        self._under_way.clear()
        self._advance()

    def _teardown_output(self) -> str:
        return self._drawn.canvas.leave() if self._drawn else ""

    def step_aside(self) -> None:
        """Take off the screen what would lie on another screen that comes on top of this one."""
        if self._drawn is not None:
            self._leave(self._drawn.canvas)

    def on_resize(self) -> None:
        """Show what had to wait for room."""
        self._advance()

    # Drawing

    def _is_behind(self) -> bool:
        return self.app.screen is not self.screen

    def _surroundings(self) -> RenderContext:
        _, background = self.background_colors
        behind = self._is_behind()
        medium = self._medium
        if behind or not self._live_lane.free:
            medium = medium.stand_in
        return RenderContext(self.size, behind, background, tuple(self.get_line_filters()), medium)

    def _draw(self, frame: DecodedFrame) -> PaintedFrame:
        """Make this frame the one that is drawn from now on."""
        before = self._drawn
        after = self._drawn = PaintedFrame(
            frame, self._surroundings(), self._adaptation, self._touched, before
        )
        if before is not None and before.canvas is not after.canvas:
            self._leave(before.canvas)
        return after

    def _leave(self, canvas: Surface) -> None:
        text = canvas.leave()
        if text and self._live_lane.has_terminal:
            self._live_lane.write(text)

    def _touched(self) -> None:
        """The compositor has drawn what is not the exact picture: that must follow."""
        self._wake_after(0.0 if self._adaptation.exact else REST)


def _covered(spot: Spot, place: Place) -> NDArray[np.bool_]:
    """Which of the picture's cells something lies on, (rows, columns)."""
    covered = np.zeros((place.rows, place.columns), np.bool_)
    for cover in spot.covers:
        x, y = cover.x - spot.region.x - place.left, cover.y - spot.region.y - place.top
        covered[max(y, 0) : max(y + cover.height, 0), max(x, 0) : max(x + cover.width, 0)] = True
    return covered
