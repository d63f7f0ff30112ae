"""The live picture."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.engine.decoder import DecodeTimes
from vaevis_tui.terminal.encoder import RGB, EncodedPicture, PictureEncoder
from vaevis_tui.terminal.halfblock import HalfBlockEncoder
from vaevis_tui.terminal.layout import Placement, fit, resample
from vaevis_tui.terminal.link import Link
from vaevis_tui.terminal.meter import FrameMeter
from vaevis_tui.tui.textual_private import PictureStrip, WriteReport, paint_now, report_written


class DecodedFrame(Protocol):
    """What a viewport shows: the engine's Frame, or anything like it."""

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The picture, uint8 (h, w, 3)."""
        ...

    @property
    def times(self) -> DecodeTimes:
        """Where decoding spent its time."""
        ...


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """All that a drawn picture depends on but the picture."""

    size: Size
    fill: Style
    background: RGB
    filters: tuple[LineFilter, ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A frame as lines of the widget."""

    frame: DecodedFrame
    surroundings: _Surroundings
    placement: Placement
    encoded: EncodedPicture
    lines: list[Strip]


class Viewport(Widget):
    """Shows the newest frame it was given, as large as fits, at the pace that the terminal takes pictures.

    `show` may be called at any rate: what the link cannot take is dropped before it is encoded, and when frames
    cease the last one is shown. The widget has no border or padding of its own; put it into a container for that.

    Args:
        encoder: Makes terminal output of pictures; truecolor half-blocks if None.
        link: Paces pictures; a local terminal's if None.
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
        encoder: PictureEncoder | None = None,
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
        self.link = link or Link(clock)
        self.meter = meter or FrameMeter(clock)
        self.set_reactive(Viewport.placeholder, placeholder)
        self._encoder = encoder or HalfBlockEncoder()
        self._clock = clock
        self._number = 0
        self._newest: DecodedFrame | None = None
        self._drawn: _Drawn | None = None
        self._presented: DecodedFrame | None = None
        self._resting_until = 0.0
        self._drawing = False
        self._suspended = False
        self._wake: asyncio.TimerHandle | None = None

    @property
    def presented(self) -> DecodedFrame | None:
        """The newest frame that has reached the screen."""
        return self._presented

    @property
    def placement(self) -> Placement | None:
        """Where in the widget the picture lies and at what scale; None while there is no frame."""
        return self._drawn.placement if self._drawn else None

    def show(self, frame: DecodedFrame) -> None:
        """Show a frame, in place of any that has not been encoded yet. To be called in the app's thread."""
        self.meter.decoded(frame.times.total)
        self._newest = frame
        self._number += 1
        if self.link.offer(self._number):
            self.meter.dropped()
        self._advance()

    def clear(self) -> None:
        """Show the placeholder again until the next frame."""
        self._newest = self._drawn = self._presented = None
        self.refresh()

    def render(self) -> str:
        """The placeholder."""
        return self.placeholder

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of the picture within ``crop``; encoded anew if size or colours around it have changed."""
        if self._drawn is None:
            return super().render_lines(crop)
        surroundings = self._surroundings()
        if surroundings != self._drawn.surroundings:
            self._drawn = self._draw(self._drawn.frame, surroundings)
        lines = self._drawn.lines[crop.y : crop.bottom]
        if crop.column_span == (0, surroundings.size.width):
            return lines
        return [line.crop(*crop.column_span) for line in lines]

    # Pacing

    def _advance(self) -> None:
        """Paint the waiting frame if it may go; see to it that this is called again when it may."""
        if self._drawing or self._suspended or not self.is_attached or not self.size:
            return
        delay = self.link.delay()
        if delay is None:
            return
        delay = max(delay, self._resting_until - self._clock())
        if delay <= 0:
            self._paint()
        elif self._wake is None:
            self._wake = asyncio.get_running_loop().call_later(delay, self.call_later, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self._advance()

    def _paint(self) -> None:
        frame, number = self._newest, self._number
        assert frame is not None
        started = self._clock()
        before = self._drawn
        self._drawn = self._draw(frame, self._surroundings())
        self.link.sent(number, self._drawn.encoded.size)
        self._drawing = True
        finish = partial(self._painted, frame, number, started)
        if paint_now(self, _changed_regions(before, self._drawn)):
            finish()
        else:
            self.app.screen.call_after_refresh(finish)

    def _painted(self, frame: DecodedFrame, number: int, started: float) -> None:
        """The frame is on its way to the terminal."""
        seconds = self._clock() - started
        self._drawing = False
        # Drawing takes half of the event loop's time at most, so that keys are never far behind: a screen on top
        # that lets the picture shine through makes Textual draw every cell by itself, which takes 0.1 s and more.
        self._resting_until = self._clock() + seconds
        report_written(self, partial(self._written, frame, number, seconds))

    def _written(self, frame: DecodedFrame, number: int, draw: float, report: WriteReport) -> None:
        """The frame has reached the terminal."""
        if self.link.presented(number) is not None:
            self.meter.presented(draw, report.seconds, report.size)
            self._presented = frame
            self.post_message(self.Presented(self, frame))
        self._advance()

    def on_mount(self) -> None:
        """Listen for the program being stopped and continued: what is under way then is never heard of."""
        self.app.app_suspend_signal.subscribe(self, self._suspend, immediate=True)
        self.app.app_resume_signal.subscribe(self, self._resume, immediate=True)

    def _suspend(self, _: App[object]) -> None:
        self._suspended = True

    def _resume(self, _: App[object]) -> None:
        self._suspended = False
        self.link.reset()
        self._advance()

    def on_resize(self) -> None:
        """Show what could not be shown while there was no room."""
        self._advance()

    # Drawing

    def _surroundings(self) -> _Surroundings:
        _, background = self.background_colors
        fill = Style.from_color(bgcolor=background.rich_color)
        return _Surroundings(self.size, fill, background.rgb, tuple(self.get_line_filters()))

    def _draw(self, frame: DecodedFrame, surroundings: _Surroundings) -> _Drawn:
        height, width, _ = frame.picture.shape
        columns, rows = surroundings.size
        placement = fit(height, width, columns, rows)
        encoded = self._encoder.encode(resample(frame.picture, placement), surroundings.background)
        lines = self._lines(encoded, placement, surroundings)
        return _Drawn(frame, surroundings, placement, encoded, lines)

    def _lines(
        self, encoded: EncodedPicture, placement: Placement, surroundings: _Surroundings
    ) -> list[Strip]:
        """The picture's rows amid the background."""
        columns, rows = surroundings.size

        def fill(width: int) -> Strip:
            strip = Strip([Segment(" " * width, surroundings.fill)] if width else [], width)
            return self._filtered(strip, surroundings)

        left = fill(placement.left)
        right = fill(columns - placement.left - placement.columns)
        blank = fill(columns)
        console = self.app.console
        picture = [
            self._filtered(PictureStrip(left, row, colors, right, console), surroundings)
            for row, colors in zip(encoded.rows, encoded.colors, strict=True)
        ]
        below = rows - placement.top - placement.rows
        return [blank] * placement.top + picture + [blank] * below

    def _filtered(self, strip: Strip, surroundings: _Surroundings) -> Strip:
        _, background = self.background_colors
        for line_filter in surroundings.filters:
            strip = strip.apply_filter(line_filter, background)
        return strip


def _changed_regions(before: _Drawn | None, after: _Drawn) -> list[Region]:
    """What of the widget looks different, as whole lines: only these go through the compositor by themselves."""
    width, height = after.surroundings.size
    if before is None or before.surroundings != after.surroundings or before.placement != after.placement:
        return [Region(0, 0, width, height)]
    changed = [a != b for a, b in zip(before.encoded.rows, after.encoded.rows, strict=True)]
    regions = []
    y = after.placement.top
    for differs, run in groupby(changed):
        count = len(list(run))
        if differs:
            regions.append(Region(0, y, width, count))
        y += count
    return regions
