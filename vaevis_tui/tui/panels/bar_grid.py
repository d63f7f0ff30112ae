"""Where the columns of the bars are, and the names that fit into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from vaevis_tui.latent.axes import Axis, AxisSet
from vaevis_tui.tui.text import cut

HEADER_ROWS = 1
EFFECT_FROM_COLUMNS, DETAIL_FROM_COLUMNS = 38, 60
"""Columns from which there is room for how much an axis changes the image, and for what else is known."""

MARK_COLUMNS, VALUE_COLUMNS, EFFECT_COLUMNS, SCROLL_COLUMNS = 1, 6, 7, 2
EFFECT_BAR = 5
NAME_SHARE, NAME_COLUMNS, TRACK_LEAST = 3, 12, 4
"""Names take a third of the width at most, or so many columns where that leaves the bars a track."""
PITCH_MOST = 2
"""Rows an axis: two, the second empty, where all fit so."""


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
    def of(cls, width: int, height: int, axes: AxisSet | None) -> Self:
        """The grid of a widget of so many cells."""
        rows = max(height - HEADER_ROWS, 1)
        count = len(axes) if axes else 0
        pitch = min(max((rows + 1) // max(count, 1), 1), PITCH_MOST)
        names = [len(label_of(axis)) for axis in axes.axes] if axes else []
        ends = [len(label_of(axis)) for axis in axes.axes if label_of(axis) != axis.name] if axes else []
        details = [len(axis.detail) for axis in axes.axes] if axes else []
        effect = EFFECT_COLUMNS if axes and axes.effects is not None and width >= EFFECT_FROM_COLUMNS else 0
        detail = 1 + max(details, default=-1) if width >= DETAIL_FROM_COLUMNS else 0
        others = MARK_COLUMNS + VALUE_COLUMNS + effect + detail + SCROLL_COLUMNS
        most = max(width // NAME_SHARE, min(NAME_COLUMNS, width - others - TRACK_LEAST), 4)
        name = min(1 + max(names, default=1), most)
        track = width - (MARK_COLUMNS + name + VALUE_COLUMNS + effect + detail + SCROLL_COLUMNS)
        room = 2 * sum(length < name for length in ends) >= len(ends) > 0
        return cls(width, name, room, max(track - track % 2, 2), effect, detail, pitch, -(-rows // pitch))


def label_of(axis: Axis) -> str:
    """An axis's name and what one sees at its ends, e.g. ``"coat: dark ↔ light"``."""
    if not (axis.low and axis.high) or axis.is_between_classes:
        return axis.name
    return f"{axis.name}: {axis.low} ↔ {axis.high}"


def label_within(axis: Axis, width: int, ends: bool) -> str:
    """As much of it as has room: without a place for the ends the name alone says more."""
    label = label_of(axis) if ends else axis.name
    return label if len(label) <= width else cut(axis.name, width)
