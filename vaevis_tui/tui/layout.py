"""Who gets which cells of the window: picture, bars, panel and hints, from the window's size alone.

Nothing here depends on the latent vector, so the picture and the bars stand still while it moves.
"""

from __future__ import annotations

from dataclasses import dataclass

from vaevis_tui.terminal.placement import fit

BARS_LEAST = 16
"""Columns below which a bar has no track left between its name and its value."""
BARS_READY = 34
"""Columns that give a track of 20 cells, 160 steps of an eighth of a cell, over six sigma."""
BARS_MOST = 72
"""Wider bars are no easier to read; what is left goes to the picture."""
PICTURE_LEAST = 0.6
"""Share of its width alone that the picture keeps beside bars; where it could not, the bars are left out."""
MARGINS = 2
"""Columns that part the picture from the window's edge and from the bars, where they can be spared."""
PANEL_ROWS = 3
PANEL_WIDTH = 64
"""Columns that the panel of three rows needs for its table of times."""
PANEL_FROM_ROWS = 18
STRIP_FROM_ROWS = 14
STRIP_WIDTH = 34
HINTS_FROM_ROWS = 4


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Cells for each part; a part with 0 is left out.

    Attributes:
        picture: Columns and rows of the area in which the picture is centred.
        bars: Columns of the bars, which are as high as the picture's area.
        panel: Rows of the statistics: 3, 1 (a strip with the most important ones) or 0.
        hints: Rows of the hints, 1 or 0.
        left_out: What was left out, in words for people, with the window that would show it.
    """

    picture: tuple[int, int]
    bars: int
    panel: int
    hints: int
    left_out: str = ""


def arrange(width: int, height: int, image_height: int, image_width: int) -> Arrangement:
    """Divide a window, in cells, for a picture of the given pixels.

    The picture comes first: it takes as much as half-block cells (one pixel a column, two a row) can use once
    the bars have what they need to be read, at a whole-number scale or, where even that is too large, shrunk.
    """
    hints = 1 if height >= HINTS_FROM_ROWS else 0
    panel = _panel_rows(width, height)
    rows = max(height - hints - panel, 1)
    bars = _bars_columns(width, rows, image_height, image_width)
    missing = [
        name
        for name, absent in (
            ("bars", bars == 0),
            ("statistics", panel == 0),
            ("details", panel == 1),
        )
        if absent
    ]
    left_out = ""
    if missing:
        left_out = f"{' and '.join(missing)} left out: need {PANEL_WIDTH}×{PANEL_FROM_ROWS}"
    return Arrangement((width - bars, rows), bars, panel, hints, left_out)


def _panel_rows(width: int, height: int) -> int:
    if height >= PANEL_FROM_ROWS and width >= PANEL_WIDTH:
        return PANEL_ROWS
    if height >= STRIP_FROM_ROWS and width >= STRIP_WIDTH:
        return 1
    return 0


def _bars_columns(width: int, rows: int, image_height: int, image_width: int) -> int:
    """Columns for the bars: what the picture cannot use, at least enough to be read."""
    wanted = min(BARS_READY, max(width // 2, BARS_LEAST))
    if wanted >= width:
        return 0
    alone = fit(image_height, image_width, width, rows).columns
    beside = fit(image_height, image_width, width - wanted, rows).columns
    if beside < PICTURE_LEAST * alone:
        return 0
    left = width - beside
    return min(left - MARGINS if left - MARGINS >= wanted else left, BARS_MOST)
