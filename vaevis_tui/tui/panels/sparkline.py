"""Frame times as a small chart of block elements."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
CEILING = 50.0
"""Milliseconds at the chart's top: 20 frames a second. The scale is fixed, so a height means one time."""


def sparkline(times: Sequence[float], width: int, height: int) -> list[str]:
    """Rows of text, top to bottom, with one column a value, the latest at the right.

    Args:
        times: Milliseconds, oldest first; only the last ``width`` are drawn.
        width: Columns.
        height: Rows; each adds eight levels.
    """
    levels = [_level(value, 8 * height) for value in times[-width:]] if width > 0 else []
    rows = []
    for row in range(height - 1, -1, -1):
        cells = "".join(BLOCKS[min(max(level - 8 * row, 0), 8)] for level in levels)
        rows.append(cells.rjust(width))
    return rows


def _level(value: float, top: int) -> int:
    """From 1, so that even the fastest frame is seen, to ``top``."""
    return min(max(round(value / CEILING * top), 1), top)
