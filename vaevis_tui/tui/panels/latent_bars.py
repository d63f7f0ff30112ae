"""The axes one can move along as bars from -3 to +3 sigma, those that change the image most first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.latent.axes import AxisSet
from vaevis_tui.tui.panels import bar_cells
from vaevis_tui.tui.panels.bar_grid import (
    EFFECT_BAR,
    HEADER_ROWS,
    MARK_COLUMNS,
    VALUE_COLUMNS,
    BarGrid,
    ends_below,
    label_within,
    untold,
)

PARTS = ("track", "above", "above-fill", "below", "below-edge", "name", "value", "quiet", "mark")


class LatentBars(Widget):
    """One line an axis: its name, a bar around zero, its value in sigma, what it does to the image.

    Controls of the decoder stand above them, each with its value, and where that is on its track.

    It draws what it is told by `show_axes` and `show_point` and reports what the pointer asks for; it never
    changes a value by itself. Only lines that look different are drawn again.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"latent-bars--{part}" for part in PARTS} | {
        f"latent-bars--selected-{part}" for part in PARTS
    }
    DEFAULT_CSS = """
    LatentBars {
        background: $background;
        .latent-bars--track { background: $track; color: $quiet 50%; }
        .latent-bars--above { background: $track; color: $above-muted; }
        .latent-bars--above-fill { background: $above-muted; color: $track; }
        .latent-bars--below { background: $track; color: $below-muted; }
        .latent-bars--below-edge { background: $below-muted; color: $track; }
        .latent-bars--name, .latent-bars--value { background: $background; color: $foreground; }
        .latent-bars--quiet { background: $background; color: $quiet; }
        .latent-bars--mark { background: $background; color: $background; }
        .latent-bars--selected-track { background: $selected-track; color: $quiet; }
        .latent-bars--selected-above { background: $selected-track; color: $above; }
        .latent-bars--selected-above-fill { background: $above; color: $selected-track; }
        .latent-bars--selected-below { background: $selected-track; color: $below; }
        .latent-bars--selected-below-edge { background: $below; color: $selected-track; }
        .latent-bars--selected-name, .latent-bars--selected-value {
            background: $selected; color: $foreground; text-style: bold;
        }
        .latent-bars--selected-quiet { background: $selected; color: $foreground; }
        .latent-bars--selected-mark { background: $selected; color: $accent; }
    }
    """

    @dataclass(eq=False)
    class Selected(Message):
        """An axis was pressed."""

        row: int

    @dataclass(eq=False)
    class Dragged(Message):
        """The pointer asks for a value; messages of one press to release share their ``gesture``."""

        row: int
        sigma: float
        gesture: int

        def can_replace(self, message: Message) -> bool:
            """The newest place of the pointer is the only one that matters."""
            return isinstance(message, LatentBars.Dragged) and message.gesture == self.gesture

    @dataclass(eq=False)
    class Wheeled(Message):
        """The wheel turned over the bars: move the selection by ``rows``."""

        rows: int

    @dataclass(eq=False)
    class ResetAsked(Message):
        """An axis was pressed twice: bring it back to the mean."""

        row: int

    def __init__(self) -> None:
        super().__init__()
        self._axes: AxisSet | None = None
        self._order: NDArray[np.intp] = np.zeros(0, np.intp)
        self._rank_of: NDArray[np.intp] = np.zeros(0, np.intp)
        self._hundredths: NDArray[np.int64] = np.zeros(0, np.int64)
        """Values as they are shown, in hundredths of a sigma, by row of the set."""
        self._selected = 0
        self._top = 0
        self._dragging: int | None = None
        self._gesture = 0
        self._pixels = False
        """Whether the terminal has been seen to report the pointer in pixels."""
        self._grid = BarGrid.of(2, 1, None)
        self._lines: dict[int, Strip] = {}
        """Lines drawn before that are still right, by row."""
        self._styles_of: dict[bool, dict[str, Style]] = {}

    # What it shows

    def show_axes(self, axes: AxisSet) -> None:
        """Show another set of axes, in its own order; nothing if it is the one on show."""
        if axes is self._axes:
            return
        self._axes = axes
        self._order = np.asarray(axes.order, np.intp)
        self._rank_of = np.argsort(self._order)
        self._hundredths = np.zeros(len(axes), np.int64)
        self._selected = self._top = 0
        self._dragging = None
        self._grid = BarGrid.of(*self.size, axes)
        self._redraw()

    def show_point(self, sigma: NDArray[np.floating], selected: int) -> None:
        """Show coordinates in sigma, (k,), and the selected row; draws only lines that look different."""
        # Two decimals tell values further apart than an eighth of a cell does, so they alone decide.
        before, self._hundredths = self._hundredths, np.rint(sigma * 100).astype(np.int64)
        rank = int(self._rank_of[selected])
        changed = []
        if rank != self._selected:
            changed = [self._selected, rank]
            self._selected = rank
            if self._follow_selection():
                self._redraw()
                return
        shown = self._order[self._top : self._top + self._grid.shown]
        changed += (np.flatnonzero(self._hundredths[shown] != before[shown]) + self._top).tolist()
        self._redraw_ranks(changed)

    def show_only(self, rows: Sequence[int] | None) -> None:
        """Show some rows of the set alone, in that order, or all of them again; `show_point` has to follow.

        The selected row must be among them.
        """
        if self._axes is None:
            return
        order = np.asarray(self._axes.order if rows is None else rows, np.intp)
        if np.array_equal(order, self._order):
            return
        self._order = order
        self._rank_of = np.zeros(len(self._axes), np.intp)
        self._rank_of[order] = np.arange(len(order))
        self._selected = self._top = 0
        self._redraw()

    @property
    def untold(self) -> str:
        """What is known of the selected row and has no room in its line, nor below it."""
        if self._axes is None or not len(self._order):
            return ""
        grid = BarGrid.of(*self.size, self._axes)
        return untold(self._axes, int(self._order[self._selected]), grid)

    @property
    def page(self) -> int:
        """Rows that PgUp and PgDn move by: one less than fit, so that one stays visible."""
        return max(self._grid.shown - 1, 1)

    def _follow_selection(self) -> bool:
        """Scroll so that the selected row is visible; returns whether that moved anything."""
        shown = self._grid.shown
        last_top = max(len(self._order) - shown, 0)
        top = min(max(self._top, self._selected - shown + 1), self._selected, last_top)
        moved, self._top = top != self._top, top
        return moved

    def _redraw(self) -> None:
        self._lines.clear()
        self.refresh()

    def _redraw_ranks(self, ranks: list[int]) -> None:
        rows = {(rank - self._top) * self._grid.pitch + HEADER_ROWS for rank in ranks}
        for row in rows:
            self._lines.pop(row, None)
        if rows:
            self.refresh(*(Region(0, row, self._grid.width, 1) for row in rows))

    # Drawing

    def notify_style_update(self) -> None:
        """Forget the styles of the theme before."""
        super().notify_style_update()
        self._styles_of = {}
        self._lines.clear()

    def _part_styles(self, selected: bool) -> dict[str, Style]:
        if selected not in self._styles_of:
            prefix = "latent-bars--selected-" if selected else "latent-bars--"
            self._styles_of[selected] = {
                part: self.get_component_rich_style(prefix + part, partial=True) for part in PARTS
            }
        return self._styles_of[selected]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows within ``crop``: those drawn before unless they have changed.

        Textual would dress each row in borders and padding, which there are none of, and look for ANSI
        colours in it: two thirds of the time of a row that changes with every picture.
        """
        grid = BarGrid.of(*self.size, self._axes)
        if grid != self._grid:
            self._grid = grid
            self._follow_selection()
            self._lines.clear()
        lines = [self._lines.get(y) or self.render_line(y) for y in crop.line_range]
        _, background = self.background_colors
        for line_filter in self.get_line_filters():
            if not isinstance(line_filter, ANSIToTruecolor):
                lines = [line.apply_filter(line_filter, background) for line in lines]
        if crop.column_span == (0, grid.width):
            return lines
        return [line.crop(*crop.column_span) for line in lines]

    def render_line(self, y: int) -> Strip:
        """Draw one line: the scale on top, then an axis each."""
        rank = self._rank_at(y)
        if y < HEADER_ROWS:
            segments = self._header()
        else:
            segments = self._ends(self._rank_at(y - 1)) if rank is None else self._row(rank)
        width, quiet = self._grid.width, self._part_styles(False)["quiet"]
        mark = Segment(self._scroll_mark(y), quiet)
        self._lines[y] = line = Strip([*Strip(segments).adjust_cell_length(width - 1, quiet), mark], width)
        return line

    def _header(self) -> list[Segment]:
        grid = self._grid
        half = grid.track // 2
        scale = f"{'-3':<{half}}{'0':<{half - 2}}+3" if grid.track >= 8 else " " * grid.track
        text = f"{'':{MARK_COLUMNS + grid.name}}{scale}{'σ':>{VALUE_COLUMNS}}"
        text += f"{' effect':<{grid.effect}}" if grid.effect else ""
        text += f" {self._axes.heading:>{grid.detail - 1}}" if grid.detail > 1 and self._axes else ""
        return [Segment(text, self._part_styles(False)["quiet"])] if len(self._order) else []

    def _row(self, rank: int) -> list[Segment]:
        grid, axes = self._grid, self._axes
        assert axes is not None
        row = int(self._order[rank])
        axis, control = axes.axes[row], axes.control(row)
        value = int(self._hundredths[row]) / 100
        sigma = value if control is None else control.place(value)
        shown = bar_cells.value_text(value) if control is None else f"{control.text(value):>6}"
        selected = rank == self._selected
        styles = self._part_styles(selected)
        parts = (styles["track"], styles["above"], styles["below"], styles["below-edge"])
        fills = {bar_cells.ABOVE: styles["above-fill"], bar_cells.BELOW: styles["below-edge"]}
        if control is None or control.kind == "number":
            bar = bar_cells.runs(bar_cells.steps(sigma, grid.track), grid.track)
        else:
            bar = bar_cells.slot(control.count, round(value), grid.track)
        if abs(sigma) > bar_cells.RANGE + 1e-6:
            bar = bar_cells.beyond(bar, sigma)
        segments = [
            Segment("▌" if selected else " ", styles["mark"]),
            Segment(f"{label_within(axis, grid.name - 1, grid.ends):<{grid.name}}", styles["name"]),
            *[_run(text, parts[what], fills.get(what)) for text, what in bar],
            Segment(shown, styles["value" if sigma or selected or control else "quiet"]),
        ]
        if grid.effect and (control is not None or axes.effects is None):
            segments.append(Segment(" " * grid.effect, styles["quiet"]))
        elif grid.effect and axes.effects is not None:
            share = float(axes.effects[row]) / max(float(axes.effects.max()), 1e-9)
            effect = bar_cells.share_text(share, EFFECT_BAR)
            segments.append(Segment(f" {effect} ", styles["quiet"]))
        if grid.detail:
            segments.append(Segment(f" {axis.detail:>{grid.detail - 1}}", styles["quiet"]))
        segments.append(Segment(" ", styles["quiet"]))
        return segments

    def _ends(self, rank: int | None) -> list[Segment]:
        """The line below a row, where there is one: what one sees at the ends of its track."""
        if rank is None or self._axes is None or self._grid.ends or self._grid.pitch == 1:
            return []
        text = ends_below(self._axes.axes[int(self._order[rank])], self._grid)
        return [Segment(text, self._part_styles(False)["quiet"])] if text else []

    def _scroll_mark(self, y: int) -> str:
        """The scroll bar's cell in this row: where in the list the visible rows lie."""
        shown, total = self._grid.shown, len(self._order)
        if total <= shown:
            return " "
        length = max(shown * shown // total, 1)
        first = self._top * (shown - length) // (total - shown)
        return "▐" if first <= y - HEADER_ROWS < first + length else " "

    # The pointer

    def _rank_at(self, y: int) -> int | None:
        """The rank drawn in row ``y``, or None where there is none."""
        line, between = divmod(y - HEADER_ROWS, self._grid.pitch)
        rank = line + self._top
        return rank if y >= HEADER_ROWS and not between and rank < len(self._order) else None

    def _sigma_under(self, event: events.MouseEvent) -> float | None:
        track = self._grid.track
        x = event.pointer_x - MARK_COLUMNS - self._grid.name
        self._pixels = self._pixels or x % 1 != 0
        if self._dragging is None and not 0 <= x < track:
            return None
        return bar_cells.sigma_at(x, track, exact=self._pixels)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Select the row; on its track, take the value under the pointer and follow it until release."""
        rank = self._rank_at(event.y)
        if rank is None or event.button != 1:
            return
        event.stop()
        row = int(self._order[rank])
        self.post_message(self.Selected(row))
        sigma = self._sigma_under(event)
        if sigma is None:
            return
        self._dragging = row
        self._gesture += 1
        self.capture_mouse()
        self._drag(row, sigma)

    def _drag(self, row: int, sigma: float) -> None:
        assert self._axes is not None
        control = self._axes.control(row)
        self.post_message(self.Dragged(row, sigma if control is None else control.at(sigma), self._gesture))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer while its button is down."""
        if self._dragging is None:
            return
        event.stop()
        sigma = self._sigma_under(event)
        if sigma is not None:
            self._drag(self._dragging, sigma)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self._dragging is not None:
            event.stop()
            self._dragging = None
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Twice on an axis brings it back."""
        rank = self._rank_at(event.y)
        if rank is not None and event.chain == 2:
            self.post_message(self.ResetAsked(int(self._order[rank])))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next axes."""
        event.stop()
        self.post_message(self.Wheeled(1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The axes before."""
        event.stop()
        self.post_message(self.Wheeled(-1))


def _run(text: str, style: Style, fill: Style | None) -> Segment:
    """A part of a bar; whole cells in the background's colour, as fonts draw seams between full blocks."""
    whole = text.count(bar_cells.FULL)
    return Segment(" " * whole, fill) if fill and whole == len(text) else Segment(text, style)
