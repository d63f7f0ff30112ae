"""Where the columns of the bars are, and the names that fit into them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from vaevis_tui.latent.axes import Axis, AxisSet
from vaevis_tui.tui.text import cut_words

HEADER_ROWS = 1
EFFECT_FROM_COLUMNS, DETAIL_FROM_COLUMNS = 38, 60
"""Columns from which there is room for how much an axis changes the image, and for what else is known."""

MARK_COLUMNS, VALUE_COLUMNS, EFFECT_COLUMNS, SCROLL_COLUMNS = 1, 6, 7, 2
EFFECT_BAR = 5
NAME_SHARE, NAME_COLUMNS, TRACK_LEAST = 3, 12, 4
"""Names take a third of the width at most, or so many columns where that leaves the bars a track."""
TRACK_READY = 14
"""Columns of a track beside which a longer name, without its ends, is written in full."""
TRACK_WIDE = 24
"""Columns of a track beside which every name is, with its ends."""
BORDER_MARGIN = 4
"""Columns of the border that a title in it leaves."""
PITCH_MOST = 2
"""Rows an axis where all fit so: the second is empty, or has what is at its ends and a third is empty."""


@dataclass(frozen=True, slots=True)
class BarGrid:
    """Where things are, in cells, for one size of the widget and one set of axes.

    Attributes:
        width: Of the widget.
        name: Columns of an axis's name and the space after it.
        track: Columns of a track, an even number.
        ends: Whether what one sees at an axis's ends stands after its name: where most of them have room.
        effect: Columns of the visible effect, 0 where it is unknown or there is no room.
        detail: Columns of what else is known, 0 where there is no room.
        pitch: Rows from one axis to the next.
        shown: Axes visible at once.
    """

    width: int
    name: int
    ends: bool
    track: int
    effect: int
    detail: int
    pitch: int
    shown: int

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, width: int, height: int, axes: AxisSet | None) -> Self:
        """The grid of a widget of so many cells."""
        rows = max(height - HEADER_ROWS, 1)
        count = len(axes) if axes else 0
        names = [len(label_of(axis)) for axis in axes.axes] if axes else []
        ends = [len(label_of(axis)) for axis in axes.axes if label_of(axis) != axis.name] if axes else []
        pitch = min(max((rows + 1) // max(count, 1), 1), PITCH_MOST + bool(ends))
        details = [len(axis.detail) for axis in axes.axes] if axes else []
        heading = len(axes.heading) if axes and any(details) else -1
        effect = EFFECT_COLUMNS if axes and axes.effects is not None and width >= EFFECT_FROM_COLUMNS else 0
        detail = 1 + max(heading, *details, -1) if width >= DETAIL_FROM_COLUMNS else 0
        others = MARK_COLUMNS + VALUE_COLUMNS + effect + detail + SCROLL_COLUMNS
        longest = 1 + max((len(axis.name) for axis in axes.axes), default=1) if axes else 2
        ready = min(longest, width - others - TRACK_READY)
        most = max(width // NAME_SHARE, min(NAME_COLUMNS, width - others - TRACK_LEAST), ready, 4)
        full = 1 + max(names, default=1)
        most = max(most, min(full, width - others - TRACK_WIDE))
        name = min(full, most)
        room = 2 * sum(length < name for length in ends) >= len(ends) > 0
        name = name if room else min(longest, most)
        track = width - (MARK_COLUMNS + name + VALUE_COLUMNS + effect + detail + SCROLL_COLUMNS)
        return cls(width, name, room, max(track - track % 2, 2), effect, detail, pitch, -(-rows // pitch))


def label_of(axis: Axis) -> str:
    """An axis's name and what one sees at its ends, e.g. ``"coat: dark ↔ light"``."""
    if not (axis.low and axis.high) or axis.is_between_classes:
        return axis.name
    return f"{axis.name}: {axis.low} ↔ {axis.high}"


def label_within(axis: Axis, width: int, ends: bool) -> str:
    """As much of it as has room: without a place for the ends the name alone says more."""
    label = label_of(axis) if ends else axis.name
    return label if len(label) <= width else cut_words(axis.name, width)


def ends_below(axis: Axis, grid: BarGrid) -> str:
    """What one sees at an axis's ends, each below its end of the track; empty if that is unknown.

    Where the track is too narrow they begin below the name; empty where there is no room for that either.
    """
    if not (axis.low and axis.high) or axis.is_between_classes:
        return ""
    left = MARK_COLUMNS + grid.name
    between = grid.track - len(axis.low) - len(axis.high)
    if between > 0:
        return " " * left + axis.low + " " * between + axis.high
    text = f"{axis.low} ↔ {axis.high}"
    return text.rjust(left + grid.track) if len(text) <= grid.name + grid.track else ""


def untold(axes: AxisSet, row: int, grid: BarGrid) -> str:
    """What is known of an axis and has no room in its line, nor below it, as far as the border has."""
    axis = axes.axes[row]
    shown = label_within(axis, grid.name - 1, grid.ends)
    parts = [] if shown.startswith(axis.name) else [axis.name]
    if label_of(axis) not in (axis.name, shown) and (grid.pitch == 1 or not ends_below(axis, grid)):
        parts = [label_of(axis) if parts else f"{axis.low} ↔ {axis.high}"]
    parts += [axes.detail(row)] if axis.detail and not grid.detail else []
    while len(parts) > 1 and len(" · ".join(parts)) > grid.width - BORDER_MARGIN:
        parts.pop()
    return " · ".join(parts)
