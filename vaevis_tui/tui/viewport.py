"""The live picture."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.engine.decoder import DecodeTimes
from vaevis_tui.terminal.adapt import REST, Adaptation
from vaevis_tui.terminal.encoder import RGB, EncodedPicture, PictureEncoder, Pixels
from vaevis_tui.terminal.halfblock import HalfBlockEncoder
from vaevis_tui.terminal.layout import Placement, fit, resample
from vaevis_tui.terminal.link import Link
from vaevis_tui.terminal.live import LivePicture, Update
from vaevis_tui.terminal.meter import FrameMeter
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.tui.textual_private import (
    LiveLane,
    PictureStrip,
    Spot,
    WriteReport,
    paint_now,
    report_written,
)


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
    """All that the lines of a frame depend on but the frame.

    Attributes:
        size: Of the widget, in cells.
        behind: Whether another screen lies on top.
        background: What is not picture.
        filters: What the app does to colours.
    """

    size: Size
    behind: bool
    background: Color
    filters: tuple[LineFilter, ...]

    def fill(self, width: int) -> Strip:
        """So many cells of background."""
        style = Style.from_color(bgcolor=self.background.rich_color)
        return self.filtered(Strip([Segment(" " * width, style)] if width else [], width))

    def filtered(self, strip: Strip) -> Strip:
        """A strip as the app's filters want it."""
        for line_filter in self.filters:
            strip = strip.apply_filter(line_filter, self.background)
        return strip


class _Drawn:
    """A frame as lines of the widget, which are made when the compositor asks for them.

    Args:
        frame: What was shown.
        surroundings: In which.
        encoder: Makes rows of the picture.
        adaptation: Makes them where there is a live lane, as good as the way takes them.
        lines_written: Called when the compositor has written some of them, in whatever quality.
        before: What was drawn before: where it has the same place, what the terminal shows is handed on.
    """

    def __init__(
        self,
        frame: DecodedFrame,
        surroundings: _Surroundings,
        encoder: PictureEncoder,
        adaptation: Adaptation,
        lines_written: Callable[[], None],
        before: _Drawn | None,
    ) -> None:
        height, width, _ = frame.picture.shape
        self.frame = frame
        self.surroundings = surroundings
        self.placement = fit(height, width, *surroundings.size)
        pixels = resample(frame.picture, self.placement)
        self.pixels = _coarsened(pixels) if surroundings.behind else pixels
        self.in_place = (
            before is not None and before.surroundings == surroundings and before.placement == self.placement
        )
        self.live: LivePicture | None = before.live if before and self.in_place else self._new_live(encoder)
        self._encoder = encoder
        self._adaptation = adaptation
        self._lines_written = lines_written

    def _new_live(self, encoder: PictureEncoder) -> LivePicture | None:
        if not isinstance(encoder, HalfBlockEncoder) or self.surroundings.behind:
            return None
        return LivePicture(encoder.mode, self.placement.rows, self.placement.columns)

    @cached_property
    def encoded(self) -> EncodedPicture:
        """The picture's rows, as they are."""
        return self._encoder.encode(self.pixels, self.surroundings.background.rgb)

    @cached_property
    def _as_good_as_fits(self) -> tuple[EncodedPicture, Quality]:
        assert self.live is not None
        return self._adaptation.lines(self.live.mode, self.pixels, self.surroundings.background.rgb)

    @property
    def written(self) -> EncodedPicture:
        """The picture's rows as they go to the terminal."""
        return self.encoded if self.live is None else self._as_good_as_fits[0]

    def row_written(self, number: int) -> None:
        """The compositor writes a row."""
        if self.live is not None:
            encoded, quality = self._as_good_as_fits
            self.live.assume(number, encoded.colors[number].swapaxes(0, 1))
            if quality.tolerance:
                self._adaptation.wrote_lines(quality)
                self._lines_written()

    def lines(self) -> list[Strip]:
        """The picture's rows amid the background."""
        around, place = self.surroundings, self.placement
        columns, rows = around.size
        left = around.fill(place.left)
        right = around.fill(columns - place.left - place.columns)
        blank = around.fill(columns)
        picture = [around.filtered(PictureStrip(left, _Row(self, row), right)) for row in range(place.rows)]
        return [blank] * place.top + picture + [blank] * (rows - place.top - place.rows)


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


class _Row:
    """One row of what is drawn, for the compositor."""

    __slots__ = ("_drawn", "_number")

    def __init__(self, drawn: _Drawn, number: int) -> None:
        self._drawn = drawn
        self._number = number

    @property
    def columns(self) -> int:
        return self._drawn.placement.columns

    @property
    def output(self) -> str:
        return self._drawn.written.rows[self._number]

    @property
    def colors(self) -> NDArray[np.uint8]:
        colors: NDArray[np.uint8] = self._drawn.encoded.colors[self._number]
        return colors

    def written(self) -> None:
        self._drawn.row_written(self._number)

    def taken_apart(self) -> None:
        if self._drawn.live:
            self._drawn.live.forget(self._number)


_Draw = Callable[[LivePicture, Pixels, tuple[int, int], RGB], Update]
"""Plans an update of a picture that begins at a row and a column, on a background."""


class Viewport(Widget):
    """Shows the newest frame it was given, as large as fits, at the pace the terminal takes pictures at.

    `show` may be called at any rate: what the link cannot take is dropped before it is encoded, and when
    frames cease the last one is shown. While another screen lies on top the picture rests. The widget has no
    border or padding of its own; put it into a container for that.

    Args:
        encoder: Makes terminal output of pictures; truecolor half-blocks if None.
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
        self.set_reactive(Viewport.placeholder, placeholder)
        self.link = link or Link(clock)
        self.meter = meter or FrameMeter(clock)
        self._encoder = encoder or HalfBlockEncoder()
        self._clock = clock
        self._adaptation = Adaptation(self.link, clock)
        self._under_way: dict[int, _UnderWay] = {}
        self._newest: DecodedFrame | None = None
        self._number = 0
        """Of the newest frame, for the link."""
        self._drawn: _Drawn | None = None
        self._presented: DecodedFrame | None = None
        self._offered_at = 0.0
        self._live_lane = LiveLane(self)
        self._suspended = False
        self._wake: asyncio.TimerHandle | None = None

    @property
    def presented(self) -> DecodedFrame | None:
        """The newest frame that has reached the screen."""
        return self._presented

    @property
    def placement(self) -> Placement | None:
        """Where in the widget the picture lies, and at what scale; None while there is no frame."""
        return self._drawn.placement if self._drawn else None

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
        return self._adaptation.exact

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
        surroundings = self._surroundings()
        if surroundings != self._drawn.surroundings:
            self._drawn = self._draw(self._drawn.frame, surroundings)
            self.call_later(self._advance)  # a newer frame may have waited for this
        lines = self._drawn.lines()[crop.y : crop.bottom]
        if crop.column_span == (0, surroundings.size.width):
            return lines
        return [line.crop(*crop.column_span) for line in lines]

    # Pacing

    def _advance(self) -> None:
        """Paint the waiting frame if it may go; see to it that this is called again once it may."""
        if self._suspended or not self.is_attached or not self.size or self._is_behind():
            return
        pause = self.link.pause()
        if pause is None:
            pause = self.link.patience  # until then an answer comes, and calls this
        elif self.link.waiting is None:
            if self._adaptation.exact or self._drawn is None:
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
        started = self._clock()
        before, after = self._drawn, self._draw(frame, self._surroundings())
        self._drawn = after
        if not (after.in_place and self._paint_live(number, self._adaptation.frame)):
            self._paint_lines(number, before, after)
        self._under_way[number] = _UnderWay(frame, self._clock() - started, WriteReport(0.0, 0))
        report_written(self, partial(self._written, number))

    def _refine(self) -> None:
        """At rest, draw more of the exact picture."""
        self._number += 1
        if self._paint_live(self._number, self._adaptation.refinement):
            report_written(self, partial(self._written, self._number))
        else:
            self._wake_after(REST)

    def _paint_lines(self, number: int, before: _Drawn | None, after: _Drawn) -> None:
        """Let the compositor draw, and with it whatever else waits to be drawn."""
        rows = None if after.live else _changed_rows(before, after)
        asks = self.link.asks and self._live_lane.has_terminal and rows != []
        if asks:
            self._live_lane.write(self.link.question(number, before=True))
        paint_now(self, [Region(0, 0, *self.size)] if rows is None else _regions(rows, after))
        if asks:
            self._live_lane.write(self.link.question(number, before=False))
        sizes = after.written.sizes
        size = sum(sizes) if rows is None else sum(sizes[row] for row in rows)
        self.link.sent(number, size, asked=asks)

    def _paint_live(self, number: int, draw: _Draw) -> bool:
        """Draw what has changed past the compositor, if possible; tells whether it was."""
        drawn = self._drawn
        if drawn is None or drawn.live is None or self._live_lane.spot() is None:
            return False
        paint_now(self, [])  # whatever else waits to be drawn, which may change what lies where
        spot = self._live_lane.spot()
        if spot is None or drawn is not self._drawn:
            return False
        place = drawn.placement
        at = spot.region.y + place.top, spot.region.x + place.left
        drawn.live.cover(_covered(spot, place))
        update = draw(drawn.live, drawn.pixels, at, drawn.surroundings.background.rgb)
        asks = bool(update.text or self.link.in_flight)
        if asks:
            before, after = (self.link.question(number, before=before) for before in (True, False))
            self._live_lane.write(f"{before}{update.text}{after}")
        self.link.sent(number, update.size, asked=asks)
        return True

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

    def _suspend(self, _: App[object]) -> None:
        self._suspended = True

    def _resume(self, _: App[object]) -> None:
        self._suspended = False
        self.link.forget()
        self._under_way.clear()
        self._advance()

    def on_resize(self) -> None:
        """Show what had to wait for room."""
        self._advance()

    # Drawing

    def _is_behind(self) -> bool:
        return self.app.screen is not self.screen

    def _surroundings(self) -> _Surroundings:
        _, background = self.background_colors
        return _Surroundings(self.size, self._is_behind(), background, tuple(self.get_line_filters()))

    def _draw(self, frame: DecodedFrame, surroundings: _Surroundings) -> _Drawn:
        return _Drawn(frame, surroundings, self._encoder, self._adaptation, self._lines_written, self._drawn)

    def _lines_written(self) -> None:
        """The compositor has drawn what was not exact: the exact picture must follow."""
        self._wake_after(REST)


def _covered(spot: Spot, place: Placement) -> NDArray[np.bool_]:
    """Which of the picture's cells something lies on, (rows, columns)."""
    covered = np.zeros((place.rows, place.columns), np.bool_)
    for cover in spot.covers:
        x, y = cover.x - spot.region.x - place.left, cover.y - spot.region.y - place.top
        covered[max(y, 0) : max(y + cover.height, 0), max(x, 0) : max(x + cover.width, 0)] = True
    return covered


def _coarsened(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels in 16 levels a channel: what a screen on top lets shine through.

    Textual tints what lies behind a screen run by run of equal cells. Where every cell is a run of its own,
    opening the command palette over a picture of 128x128 takes a second.
    """
    coarse: NDArray[np.uint8] = pixels & np.uint8(0xF0) | np.uint8(0x08)
    return coarse


def _changed_rows(before: _Drawn | None, after: _Drawn) -> list[int] | None:
    """Which rows of the picture look different; None if what is around them may, too."""
    if before is None or before.surroundings != after.surroundings or before.placement != after.placement:
        return None
    pairs = zip(before.encoded.rows, after.encoded.rows, strict=True)
    return [row for row, (old, new) in enumerate(pairs) if old != new]


def _regions(rows: list[int], drawn: _Drawn) -> list[Region]:
    """Rows of the picture as regions of the widget, in whole lines: lines that are cut need segments."""
    width, _ = drawn.surroundings.size
    regions = []
    for _, run in groupby(enumerate(rows), lambda numbered: numbered[1] - numbered[0]):
        adjacent = [row for _, row in run]
        regions.append(Region(0, drawn.placement.top + adjacent[0], width, len(adjacent)))
    return regions
