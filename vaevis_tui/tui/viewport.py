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
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.engine.decoder import DecodeTimes
from vaevis_tui.terminal.encoder import EncodedPicture, PictureEncoder
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


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A frame as lines of the widget."""

    frame: DecodedFrame
    surroundings: _Surroundings
    placement: Placement
    encoded: EncodedPicture
    lines: list[Strip]


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
        self._newest: DecodedFrame | None = None
        self._number = 0
        """Of the newest frame, for the link."""
        self._drawn: _Drawn | None = None
        self._presented: DecodedFrame | None = None
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
        self._number += 1
        if self.link.offer(self._number):
            self.meter.dropped()
        self._advance()

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
        lines = self._drawn.lines[crop.y : crop.bottom]
        if crop.column_span == (0, surroundings.size.width):
            return lines
        return [line.crop(*crop.column_span) for line in lines]

    # Pacing

    def _advance(self) -> None:
        """Paint the waiting frame if it may go; see to it that this is called again once it may."""
        if self._suspended or not self.is_attached or not self.size or self._is_behind():
            return
        delay = self.link.delay()
        if delay == 0:
            self._paint()
        elif delay is not None and self._wake is None:
            self._wake = asyncio.get_running_loop().call_later(delay, self.call_later, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self._advance()

    def _paint(self) -> None:
        frame, number = self._newest, self._number
        assert frame is not None
        started = self._clock()
        before, after = self._drawn, self._draw(frame, self._surroundings())
        self._drawn = after
        rows = _changed_rows(before, after)
        paint_now(self, [Region(0, 0, *self.size)] if rows is None else _regions(rows, after))
        sizes = after.encoded.sizes
        self.link.sent(number, sum(sizes) if rows is None else sum(sizes[row] for row in rows))
        seconds = self._clock() - started
        report_written(self, partial(self._written, frame, number, seconds))

    def _written(self, frame: DecodedFrame, number: int, draw: float, report: WriteReport) -> None:
        """The frame has reached the terminal."""
        if self.link.presented(number) is not None:
            self.meter.presented(draw, report.seconds, report.size)
            self._presented = frame
            self.post_message(self.Presented(self, frame))
        self._advance()

    def on_mount(self) -> None:
        """Listen for the program being suspended: what is under way then may never be heard of."""
        self.app.app_suspend_signal.subscribe(self, self._suspend, immediate=True)
        self.app.app_resume_signal.subscribe(self, self._resume, immediate=True)

    def _suspend(self, _: App[object]) -> None:
        self._suspended = True

    def _resume(self, _: App[object]) -> None:
        self._suspended = False
        self.link.forget()
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
        height, width, _ = frame.picture.shape
        columns, rows = surroundings.size
        placement = fit(height, width, columns, rows)
        pixels = resample(frame.picture, placement)
        if surroundings.behind:
            pixels = _coarsened(pixels)
        encoded = self._encoder.encode(pixels, surroundings.background.rgb)
        lines = self._lines(encoded, placement, surroundings)
        return _Drawn(frame, surroundings, placement, encoded, lines)

    def _lines(
        self, encoded: EncodedPicture, placement: Placement, surroundings: _Surroundings
    ) -> list[Strip]:
        """The picture's rows amid the background."""
        columns, rows = surroundings.size
        console = self.app.console
        left = surroundings.fill(placement.left)
        right = surroundings.fill(columns - placement.left - placement.columns)
        blank = surroundings.fill(columns)
        picture = [
            surroundings.filtered(PictureStrip(left, row, colors, right, console))
            for row, colors in zip(encoded.rows, encoded.colors, strict=True)
        ]
        below = rows - placement.top - placement.rows
        return [blank] * placement.top + picture + [blank] * below


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
