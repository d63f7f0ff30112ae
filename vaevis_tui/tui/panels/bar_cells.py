"""The geometry of one bar: from a value in sigma to eighths of a cell and back from a pointer to sigma."""

from __future__ import annotations

RANGE = 3.0
"""A track shows -3 to +3 sigma; values beyond it are clipped in the drawing, never in the state."""
ZERO_REACH = 0.25
"""Columns around zero in which a pointer that is reported in pixels means zero."""
EIGHTHS = 8
FULL = "█"
LEFT_BLOCKS = (" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
"""U+258F to U+2589: the left n eighths of a cell, by n."""

TRACK, ABOVE, BELOW, BELOW_EDGE = 0, 1, 2, 3
"""What a run of cells is: the empty track, a bar right or left of zero, or the left end of the latter.

There are no blocks that grow from the right, so a bar's left end is drawn with the colours exchanged.
"""

Run = tuple[str, int]
"""Text and what it is."""


def steps(sigma: float, width: int) -> int:
    """Signed length of the bar in eighths of a cell, for a track of ``width`` cells (even)."""
    half = EIGHTHS * width // 2
    return round(min(max(sigma / RANGE, -1.0), 1.0) * half)


def runs(length: int, width: int) -> list[Run]:
    """A track of even ``width``, left to right, with a bar of the signed ``length`` that `steps` gives."""
    half = width // 2
    whole, part = divmod(abs(length), EIGHTHS)
    if length >= 0:
        bar: list[Run] = [("█" * whole, ABOVE), (LEFT_BLOCKS[part] if part else "", ABOVE)]
        rest = half - whole - (part > 0)
        # The zero line is the left edge of the right half; a bar covers it, an empty track shows it.
        empty = "▏" + " " * (rest - 1) if length == 0 else " " * rest
        cells = [(" " * half, TRACK), *bar, (empty, TRACK)]
    else:
        rest = half - whole - (part > 0)
        edge = LEFT_BLOCKS[EIGHTHS - part] if part else ""
        cells = [
            (" " * rest, TRACK),
            (edge, BELOW_EDGE),
            ("█" * whole, BELOW),
            ("▏" + " " * (half - 1), TRACK),
        ]
    return [run for run in cells if run[0]]


def slot(count: int, index: int, width: int) -> list[Run]:
    """A track of so many slots, one of them full; a cell at least."""
    left = min(index * width // count, width - 1)
    right = max((index + 1) * width // count, left + 1)
    cells = [(" " * left, TRACK), ("█" * (right - left), ABOVE), (" " * (width - right), TRACK)]
    return [run for run in cells if run[0]]


def beyond(bar: list[Run], sigma: float) -> list[Run]:
    """A full bar whose last cell says that the value lies beyond the track."""
    text, what = bar[-1] if sigma > 0 else bar[0]
    if sigma > 0:
        return [*bar[:-1], (text[:-1], what), ("▶", what)]
    return [("◀", what), (text[1:], what), *bar[1:]]


def share_text(share: float, width: int) -> str:
    """A share from 0 to 1 as a bar of so many cells, in eighths."""
    whole, part = divmod(round(min(max(share, 0.0), 1.0) * EIGHTHS * width), EIGHTHS)
    return f"{'█' * whole + (LEFT_BLOCKS[part] if part else ''):<{width}}"


def sigma_at(x: float, width: int, *, exact: bool) -> float:
    """The value under a pointer, from its column in a track of ``width`` cells.

    Args:
        x: Columns from the track's left edge.
        width: Columns of the track.
        exact: Whether the terminal reports pixels, x being a fraction. Where it reports cells the first and
            the last one are the ends of the range, and the two in the middle are zero, which could not be hit
            otherwise.
    """
    share = 2 * x / width - 1 if exact else 2 * x / (width - 1) - 1
    near_zero = abs(x - width / 2) < ZERO_REACH if exact else x in (width // 2 - 1, width // 2)
    return 0.0 if near_zero else min(max(share, -1.0), 1.0) * RANGE


def value_text(sigma: float) -> str:
    """The value in six cells, with its sign; two decimals, the step of the finest key."""
    text = f"{sigma:+.2f}"
    return f"{'0.00' if text in ('+0.00', '-0.00') else text:>6}"
