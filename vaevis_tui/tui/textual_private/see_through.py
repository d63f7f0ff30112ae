"""Screens that lie on another and cover no more of it than their widgets do.

Textual would put a tint on what lies below, for which it takes every cell of an image apart, and the terminal
would have to be sent them all again, twice. As they are, they need not be sent at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textual._context import visible_screen_stack
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from vaevis_tui.tui.textual_private.strips import LineStrip


def lines_below(screen: Screen[Any], crop: Region) -> list[Strip] | None:
    """The lines of what lies below a screen, for its `render_lines`; None if there is nothing, or not there.

    Args:
        screen: It must have a transparent background.
        crop: What to give of them.
    """
    below = _screen_below(screen)
    if below is None or crop.bottom > below._compositor.size.height:  # a window is made smaller just now
        return None
    region = below._compositor.size.region
    lines = below._compositor._render_chops(region, lambda y: True)
    return [
        LineStrip(_without_gaps(lines[y], region.width)).crop(crop.x, crop.right) for y in crop.line_range
    ]


def _without_gaps(line: Mapping[int, Strip | None], width: int) -> Iterator[Strip]:
    """The parts of a line by their columns; blank where no widget has drawn any, in tiny windows."""
    ends = [*line, width][1:]
    for (start, part), end in zip(line.items(), ends, strict=True):
        yield Strip.blank(end - start) if part is None else part


def _screen_below(screen: Screen[Any]) -> Screen[Any] | None:
    """The screen that is next below the one that is drawn now, of those that have been laid out."""
    try:
        while True:
            below: Screen[Any] = visible_screen_stack.get().pop()
            if below is not screen and below._compositor.size == screen.size:
                return below
    except LookupError:  # none, or not while a screen is drawn
        return None
