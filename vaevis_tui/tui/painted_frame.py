"""A frame as lines of a widget, which are made when the compositor asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Size
from textual.strip import Strip

from vaevis_tui.engine.decoder import DecodeTimes
from vaevis_tui.terminal.link.adaptation import Adaptation
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import Halves, Lines, Renderer, Surface
from vaevis_tui.tui.textual_private import PictureStrip


class DecodedFrame(Protocol):
    """What a live image shows: the engine's Frame, or anything like it."""

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The picture, uint8 (h, w, 3)."""
        ...

    @property
    def times(self) -> DecodeTimes:
        """Where decoding spent its time."""
        ...


@dataclass(frozen=True, slots=True)
class RenderContext:
    """All that the lines of a frame depend on but the frame.

    Attributes:
        size: Of the widget, in cells.
        behind: Whether another screen lies on top.
        background: What is not picture.
        filters: What the app does to colours.
        renderer: What the picture is drawn with.
    """

    size: Size
    behind: bool
    background: Color
    filters: tuple[LineFilter, ...]
    renderer: Renderer

    def fill(self, width: int) -> Strip:
        """So many cells of background."""
        style = Style.from_color(bgcolor=self.background.rich_color)
        return self.filtered(Strip([Segment(" " * width, style)] if width else [], width))

    def filtered(self, strip: Strip) -> Strip:
        """A strip as the app's filters want it."""
        for line_filter in self.filters:
            strip = strip.apply_filter(line_filter, self.background)
        return strip


class PaintedFrame:
    """A frame in its context.

    Args:
        frame: What is shown.
        context: In which.
        adaptation: Makes lines as good as the way takes them.
        image_id: For an image in the terminal, see `TerminalPort.new_image_id`.
        on_inexact: Called when the compositor has written something else than the exact picture.
        before: What was drawn before: where it has the same place, its surface is handed on.
    """

    def __init__(
        self,
        frame: DecodedFrame,
        context: RenderContext,
        adaptation: Adaptation,
        image_id: int,
        on_inexact: Callable[[], None],
        before: PaintedFrame | None,
    ) -> None:
        height, width, _ = frame.picture.shape
        renderer = context.renderer
        self.frame = frame
        self.context = context
        self.placement = renderer.place(height, width, *context.size)
        pixels = renderer.pixels(frame.picture, self.placement)
        self.pixels = _coarsened(pixels) if context.behind else pixels
        self.in_place = (
            before is not None and before.context == context and before.placement == self.placement
        )
        self.surface: Surface
        if before is not None and self.in_place:
            self.surface = before.surface
        else:
            self.surface = renderer.surface(self.placement, image_id)
        self._adaptation = adaptation
        self._on_inexact = on_inexact

    @cached_property
    def halves(self) -> Halves:
        """What the cells look like in half-blocks."""
        return self.surface.halves(self.pixels, self.context.background.rgb)

    @cached_property
    def _as_good_as_fits(self) -> tuple[Lines, Quality]:
        return self._adaptation.lines(self.surface, self.pixels, self.context.background.rgb)

    @property
    def size(self) -> int:
        """Bytes of all rows of the picture, as the compositor writes them."""
        return sum(self._as_good_as_fits[0].sizes)

    def output(self, row: int, console: Console) -> str:
        """A row of the picture as it goes to the terminal."""
        text = self._as_good_as_fits[0].rows[row]
        return self.context.fill(self.placement.columns).render(console) if text is None else text

    def written(self, row: int) -> None:
        """The compositor writes a row."""
        lines, quality = self._as_good_as_fits
        lines.commit(row)
        self._adaptation.wrote_lines(quality)
        if quality.tolerance or self.surface.stale:
            self._on_inexact()

    def on_split(self, row: int) -> None:
        """The compositor may write parts of a row in half-blocks, or something else in its place."""
        self.surface.forget(row)
        if self.surface.stale:
            self._on_inexact()

    def lines(self) -> list[Strip]:
        """The picture's rows amid the background."""
        around, place = self.context, self.placement
        columns, rows = around.size
        left = around.fill(place.left)
        right = around.fill(columns - place.left - place.columns)
        blank = around.fill(columns)
        picture = [around.filtered(PictureStrip(left, _Row(self, row), right)) for row in range(place.rows)]
        return [blank] * place.top + picture + [blank] * (rows - place.top - place.rows)


class _Row:
    """One row of what is drawn, for the compositor."""

    __slots__ = ("_number", "_painted")

    def __init__(self, painted: PaintedFrame, number: int) -> None:
        self._painted = painted
        self._number = number

    @property
    def columns(self) -> int:
        return self._painted.placement.columns

    @property
    def colors(self) -> NDArray[np.uint8]:
        colors: NDArray[np.uint8] = self._painted.halves[self._number]
        return colors

    def output(self, console: Console) -> str:
        return self._painted.output(self._number, console)

    def written(self) -> None:
        self._painted.written(self._number)

    def on_split(self) -> None:
        self._painted.on_split(self._number)


def _coarsened(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels in 16 levels a channel: what a screen on top lets shine through.

    Textual tints what lies behind a screen run by run of equal cells. Where every cell is a run of its own,
    opening the command palette over a picture of 128x128 takes a second.
    """
    coarse: NDArray[np.uint8] = pixels & np.uint8(0xF0) | np.uint8(0x08)
    return coarse
