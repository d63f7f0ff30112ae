"""A frame as painted: lines of a widget, and cells of the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip

from vaevis_tui.engine.decoder import DecodeTimes
from vaevis_tui.terminal.link.adaptation import Adaptation
from vaevis_tui.terminal.surface import Halves, Mask, Renderer, Surface
from vaevis_tui.tui.textual_private.strips import ImageStrip, LineStrip


class DecodedFrame(Protocol):
    """What a live image needs of a frame; the engine's Frame has it."""

    @property
    def image(self) -> NDArray[np.uint8]:
        """The image, uint8 (h, w, 3)."""
        ...

    @property
    def times(self) -> DecodeTimes:
        """Where decoding spent its time."""
        ...


@dataclass(frozen=True, slots=True)
class RenderContext:
    """Everything that the cells of a frame depend on, except the frame.

    Attributes:
        region: Of the widget on the screen, in cells.
        background: Colour around the image.
        filters: The app's colour filters.
        renderer: What the image is drawn with.
    """

    region: Region
    background: Color
    filters: tuple[LineFilter, ...]
    renderer: Renderer

    def fill(self, width: int) -> Strip:
        """Some cells of background."""
        style = Style.from_color(bgcolor=self.background.rich_color)
        return self.filtered(Strip([Segment(" " * width, style)] if width else [], width))

    def filtered(self, strip: Strip) -> Strip:
        """A strip after the app's filters."""
        for line_filter in self.filters:
            strip = strip.apply_filter(line_filter, self.background)
        return strip


class PaintedFrame:
    """A frame painted in a context.

    Args:
        frame: The frame.
        context: The context.
        adaptation: Chooses the quality.
        image_id: See `TerminalPort.new_image_id`.
        on_paint: Called after `paint`, with whether it was inexact.
        before: The frame painted before; its surface is reused if the place is the same.
    """

    def __init__(
        self,
        frame: DecodedFrame,
        context: RenderContext,
        adaptation: Adaptation,
        image_id: int,
        on_paint: Callable[[bool], None],
        before: PaintedFrame | None,
    ) -> None:
        height, width, _ = frame.image.shape
        renderer = context.renderer
        self.frame = frame
        self.context = context
        self.placement = renderer.place(height, width, *context.region.size)
        self.pixels = renderer.pixels(frame.image, self.placement)
        self.in_place = (
            before is not None and before.context == context and before.placement == self.placement
        )
        self.surface: Surface
        if before is not None and self.in_place:
            self.surface = before.surface
        else:
            self.surface = renderer.surface(self.placement, image_id)
        self.sent = False
        """Whether every known cell shows this frame, in whatever quality."""
        self.is_behind = False
        """Whether another screen lies on it."""
        self._adaptation = adaptation
        self._on_paint = on_paint

    @property
    def cells(self) -> Region:
        """Where the image lies on the screen."""
        x, y = self.context.region.offset
        place = self.placement
        return Region(x + place.left, y + place.top, place.columns, place.rows)

    @property
    def pending(self) -> bool:
        """Whether the terminal may show something else: cells that were overwritten, or an older image.

        Pixels that lie above cells are not drawn by the compositor, so while a layout is due they wait.
        """
        return self.surface.stale or (self.surface.known is None and not self.sent)

    @cached_property
    def _halves(self) -> Halves:
        return self.surface.halves(self.pixels, self.context.background.rgb)

    def half_cells(self, row: int) -> NDArray[np.uint8]:
        """The colours of a row of cells, uint8 (columns, 2, 3): upper and lower half of each."""
        colors: NDArray[np.uint8] = self._halves[row]
        return colors

    def texts(self, row: int, start: int, end: int) -> Iterable[tuple[int, Strip]] | None:
        """Text for cells of an image that lies above them, by columns of it; None if it is drawn in them.

        Behind another screen that are half-blocks, where its text has taken the image away and does no more.
        """
        if self.surface.known is not None:
            return None
        if not self.is_behind or (intact := self.surface.intact) is None:
            return [(start, self.context.fill(end - start))]
        gaps = np.flatnonzero(~intact[row, start:end]) + start
        runs = np.split(gaps, np.flatnonzero(np.diff(gaps) > 1) + 1) if gaps.size else []
        cells = ((int(run[0]), int(run[-1]) + 1) for run in runs)
        return [(first, self.context.filtered(ImageStrip(self, row, first, last))) for first, last in cells]

    def paint(self, spans: Sequence[tuple[int, int, int]]) -> str:
        """Output that makes the terminal show the image in some cells; the caller writes it at once."""
        within: Mask = np.zeros((self.placement.rows, self.placement.columns), np.bool_)
        for row, start, end in spans:
            within[row, start:end] = True
        if self.sent and (known := self.surface.known) is not None:
            within &= ~known  # the others are refined at rest
        x, y = self.cells.offset
        update = self._adaptation.repaint(
            self.surface, self.pixels, (y, x), self.context.background.rgb, within
        )
        self._on_paint(not self._adaptation.exact or self.surface.stale)
        return update.text

    def lines(self) -> list[Strip]:
        """The lines of the widget: the image's rows, surrounded by background."""
        around, place = self.context, self.placement
        columns, rows = around.region.size
        left, right = around.fill(place.left), around.fill(columns - place.left - place.columns)
        blank = around.fill(columns)
        image = [
            LineStrip((left, around.filtered(ImageStrip(self, row, 0, place.columns)), right))
            for row in range(place.rows)
        ]
        return [blank] * place.top + image + [blank] * (rows - place.top - place.rows)
