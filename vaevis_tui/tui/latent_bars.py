"""The latent dimensions as bars from -3 to +3 sigma, the most informative first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from vaevis_tui.tui import bar_cells

HEADER_ROWS = 1
KL_FROM_COLUMNS = 50
"""Columns from which there is room to say how much each dimension tells, in nats."""

PITCH_MOST = 2
"""Rows a dimension: two, the second empty, where all dimensions fit so."""

PARTS = ("track", "above", "below", "below-edge", "name", "value", "quiet", "mark")


class LatentBars(Widget):
    """One row a dimension: its name, a bar around zero, its value in sigma.

    It draws what it is told by `show_space` and `show_point` and reports what the pointer asks for; it never
    changes a value by itself. Only rows that look different are drawn again: a walk moves every value, but few
    bars by an eighth of a cell between two frames.
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
        .latent-bars--below { background: $track; color: $below-muted; }
        .latent-bars--below-edge { background: $below-muted; color: $track; }
        .latent-bars--name, .latent-bars--value { background: $background; color: $foreground 75%; }
        .latent-bars--quiet { background: $background; color: $quiet; }
        .latent-bars--mark { background: $background; color: $background; }
        .latent-bars--selected-track { background: $track-selected; color: $quiet; }
        .latent-bars--selected-above { background: $track-selected; color: $above; }
        .latent-bars--selected-below { background: $track-selected; color: $below; }
        .latent-bars--selected-below-edge { background: $below; color: $track-selected; }
        .latent-bars--selected-name, .latent-bars--selected-value {
            background: $panel; color: $foreground; text-style: bold;
        }
        .latent-bars--selected-quiet { background: $panel; color: $foreground 75%; }
        .latent-bars--selected-mark { background: $panel; color: $accent; }
    }
    """

    class Selected(Message):
        """A dimension's row was pressed."""

        def __init__(self, dimension: int) -> None:
            super().__init__()
            self.dimension = dimension

    class Dragged(Message):
        """The pointer asks for a value; messages of one press to release share their ``gesture``."""

        def __init__(self, dimension: int, sigma: float, gesture: int) -> None:
            super().__init__()
            self.dimension = dimension
            self.sigma = sigma
            self.gesture = gesture

        def can_replace(self, message: Message) -> bool:
            """The newest place of the pointer is the only one that matters."""
            return isinstance(message, LatentBars.Dragged) and message.gesture == self.gesture

    class Wheeled(Message):
        """The wheel turned over the bars: move the selection by ``rows``."""

        def __init__(self, rows: int) -> None:
            super().__init__()
            self.rows = rows

    class ResetAsked(Message):
        """A row was pressed twice: bring its dimension back to the mean."""

        def __init__(self, dimension: int) -> None:
            super().__init__()
            self.dimension = dimension

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._rank_of: NDArray[np.int64] = np.zeros(0, np.int64)
        self._kl: NDArray[np.float32] = np.zeros(0, np.float32)
        self._sigma: NDArray[np.float32] = np.zeros(0, np.float32)
        self._selected = 0
        self._top = 0
        self._dragging: int | None = None
        self._gesture = 0
        self._styles_of: dict[bool, dict[str, Style]] = {}

    # What it shows

    def show_space(self, order: NDArray[np.int64], kl: NDArray[np.float32]) -> None:
        """Show another model's dimensions.

        Args:
            order: Dimensions, int64 (d,), in the order of their rows.
            kl: Information of each dimension in nats, float32 (d,), indexed by dimension.
        """
        self._order = np.asarray(order, np.int64)
        self._rank_of = np.argsort(self._order)
        self._kl = kl
        self._sigma = np.zeros(len(order), np.float32)
        self._selected = 0
        self._top = 0
        self._dragging = None
        self.refresh()

    def show_point(self, sigma: NDArray[np.float32], selected: int) -> None:
        """Show values in sigma, (d,), and the selected dimension; draws only rows that look different."""
        before, self._sigma = self._sigma, sigma
        rank = int(self._rank_of[selected])
        if rank != self._selected:
            self._select_rank(rank)
        top = self._top
        shown = self._order[top : top + self._visible_ranks()]
        # Two decimals tell more apart than an eighth of a cell does, so the text alone decides.
        changed = np.flatnonzero(np.rint(sigma[shown] * 100) != np.rint(before[shown] * 100))
        self._refresh_ranks(changed + top)

    @property
    def page(self) -> int:
        """Rows that PgUp and PgDn move by: one less than fit, so that one stays in sight."""
        return max(self._visible_ranks() - 1, 1)

    def _select_rank(self, rank: int) -> None:
        old, self._selected = self._selected, rank
        if self._follow_selection():
            self.refresh()
        else:
            self._refresh_ranks(np.array([old, rank]))

    def _follow_selection(self) -> bool:
        """Scroll so that the selected row is in sight; tells whether that moved anything."""
        shown = self._visible_ranks()
        last_top = max(len(self._order) - shown, 0)
        top = min(max(self._top, self._selected - shown + 1), self._selected, last_top)
        moved, self._top = top != self._top, top
        return moved

    @property
    def _pitch(self) -> int:
        """Rows from one dimension to the next."""
        rows, dimensions = self.size.height - HEADER_ROWS, max(len(self._order), 1)
        return min(max((rows + 1) // dimensions, 1), PITCH_MOST)

    def _visible_ranks(self) -> int:
        """How many dimensions are in sight at once."""
        return max(-(-(self.size.height - HEADER_ROWS) // self._pitch), 1)

    def _refresh_ranks(self, ranks: NDArray[np.int64]) -> None:
        width = self.size.width
        pitch = self._pitch
        regions = [Region(0, (int(rank) - self._top) * pitch + HEADER_ROWS, width, 1) for rank in ranks]
        if regions:
            self.refresh(*regions)

    # Drawing

    def notify_style_update(self) -> None:
        """Forget the styles of the theme before."""
        super().notify_style_update()
        self._styles_of = {}

    def _part_styles(self, selected: bool) -> dict[str, Style]:
        if selected not in self._styles_of:
            prefix = "latent-bars--selected-" if selected else "latent-bars--"
            self._styles_of[selected] = {
                part: self.get_component_rich_style(prefix + part, partial=True) for part in PARTS
            }
        return self._styles_of[selected]

    def _columns(self) -> tuple[int, int, int]:
        """Cells of the name, the track and the nats (0 where they are left out)."""
        width = self.size.width
        name = 2 + len(str(max(len(self._order) - 1, 0)))
        nats = 9 if width >= KL_FROM_COLUMNS else 0
        # A mark, a space after the name, six for the value, one for the scroll bar.
        track = width - (1 + name + 1 + 6 + 1) - nats
        return name, max(track - track % 2, 2), nats

    def render_line(self, y: int) -> Strip:
        """Draw one row: the scale on top, then a dimension each."""
        rank = self._rank_at(y)
        if y < HEADER_ROWS:
            segments = self._header()
        else:
            segments = [] if rank is None else self._row(rank, y)
        return Strip(segments).adjust_cell_length(self.size.width, self._part_styles(False)["quiet"])

    def _header(self) -> list[Segment]:
        name, track, nats = self._columns()
        quiet = self._part_styles(False)["quiet"]
        half = track // 2
        scale = f"{'-3':<{half}}{'0':<{half - 2}}+3" if track >= 8 else " " * track
        text = f"{'':{1 + name}}{scale}{'σ':>6}"
        return [Segment(text + (f"{'KL nats':>{nats}}" if nats else ""), quiet)] if len(self._order) else []

    def _row(self, rank: int, y: int) -> list[Segment]:
        name, track, nats = self._columns()
        dimension = int(self._order[rank])
        sigma = float(self._sigma[dimension])
        selected = rank == self._selected
        styles = self._part_styles(selected)
        parts = (styles["track"], styles["above"], styles["below"], styles["below-edge"])
        segments = [
            Segment("▌" if selected else " ", styles["mark"]),
            Segment(f"{f'z{dimension}':<{name}}", styles["name"]),
        ]
        bar = bar_cells.runs(bar_cells.steps(sigma, track), track)
        segments += [Segment(text, parts[what]) for text, what in bar]
        value = bar_cells.value_text(sigma)
        segments.append(Segment(value, styles["quiet" if value == "  0.00" and not selected else "value"]))
        if nats:
            segments.append(Segment(f"{self._kl[dimension]:>{nats}.2f}", styles["quiet"]))
        segments.append(Segment(" ", styles["quiet"]))
        segments.append(Segment(self._scroll_mark(y), self._part_styles(False)["quiet"]))
        return segments

    def _scroll_mark(self, y: int) -> str:
        """The scroll bar's cell in this row: where in the list the rows in sight lie."""
        shown, total = self._visible_ranks(), len(self._order)
        if total <= shown:
            return " "
        length = max(shown * shown // total, 1)
        first = self._top * (shown - length) // (total - shown)
        return "▐" if first <= y - HEADER_ROWS < first + length else " "

    # The pointer

    def _rank_at(self, y: int) -> int | None:
        """The rank drawn in row ``y``, or None where there is none."""
        line, between = divmod(y - HEADER_ROWS, self._pitch)
        rank = line + self._top
        return rank if y >= HEADER_ROWS and not between and rank < len(self._order) else None

    def _sigma_under(self, event: events.MouseEvent) -> float | None:
        name, track, _ = self._columns()
        start = 1 + name
        x = event.pointer_x - start
        if self._dragging is None and not 0 <= x < track:
            return None
        return bar_cells.sigma_at(x, track)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Select the row; on its track, take the value under the pointer and follow it until release."""
        rank = self._rank_at(event.y)
        if rank is None or event.button != 1:
            return
        event.stop()
        dimension = int(self._order[rank])
        self.post_message(self.Selected(dimension))
        sigma = self._sigma_under(event)
        if sigma is None:
            return
        self._dragging = dimension
        self._gesture += 1
        self.capture_mouse()
        self.post_message(self.Dragged(dimension, sigma, self._gesture))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer while its button is down."""
        if self._dragging is None:
            return
        event.stop()
        sigma = self._sigma_under(event)
        if sigma is not None:
            self.post_message(self.Dragged(self._dragging, sigma, self._gesture))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self._dragging is not None:
            event.stop()
            self._dragging = None
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Twice on a row brings its dimension back."""
        rank = self._rank_at(event.y)
        if rank is not None and event.chain == 2:
            self.post_message(self.ResetAsked(int(self._order[rank])))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next dimensions."""
        event.stop()
        self.post_message(self.Wheeled(1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The dimensions before."""
        event.stop()
        self.post_message(self.Wheeled(-1))

    def on_resize(self) -> None:
        """Keep the selected row in sight."""
        if len(self._order):
            self._follow_selection()
