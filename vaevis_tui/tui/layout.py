"""Who gets which cells of the window, from its size and the panels that are open alone.

Nothing here depends on the latent vector, so that everything stands still while it moves.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region

from vaevis_tui.terminal.placement import fit

NOWHERE = Region(0, 0, 0, 0)
"""Of what is left out."""

FRAME = 2
"""Columns, and rows, of a panel's border."""
FRAMED_COLUMNS, FRAMED_ROWS = 64, 20
"""Window from which panels have borders: in a smaller one the image needs these cells."""

ROWS_LEAST = 16
"""Columns below which a bar has no track left between its name and its value."""
ROWS_READY = 34
"""Columns that give a track of about 20 cells, 160 steps of an eighth of a cell, over six sigma."""
ROWS_MOST = 72
"""Wider bars are no easier to read; what is left goes to a map beside them."""
BARS_LEAST = 4
"""Rows of cells below which a list of bars is of no use: the scale and three of them."""
BARS_BELOW = 8
"""The same where they lie below the image."""
IMAGE_LEAST = 0.6
"""Share of its size alone that the image keeps beside or above bars; else they are left out."""
BELOW_FROM = 1.3
"""How many times larger the image must be above the bars than beside them, to be put there."""

MAP_COLUMNS, MAP_ROWS = 20, 8
"""Inside of the smallest map."""

STRIP_TILES = 7
STRIP_FROM_ROWS = 16
STRIP_SHARE, STRIP_LEAST, STRIP_MOST = 5, 3, 12
"""A strip takes a fifth of the rows, of which its tiles have from 3 to 12, and one for its scale."""

BOTH_STRIPS_FROM_ROWS = 40
"""Below, the filmstrip takes the place of the strip."""

DETAILS_ROWS = 3
DETAILS_COLUMNS, DETAILS_FROM_ROWS = 64, 18
STATUS_FROM_ROWS = 8
HINTS_FROM_ROWS = 4


@dataclass(frozen=True, slots=True)
class Panels:
    """What is open beside the image, and what it holds.

    Attributes:
        rows: Of the list of bars.
        strip: Whether it is open; likewise of the others.
        notes: Lines of notes in the details.
        places: Whether there is any on the filmstrip.
    """

    rows: int
    strip: bool = False
    map: bool = False
    details: bool = False
    filmstrip: bool = False
    notes: int = 0
    places: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """Regions of the window, in cells, borders included; `NOWHERE` where a part is left out.

    Attributes:
        framed: Whether image, rows and map have borders.
    """

    image: Region
    rows: Region = NOWHERE
    map: Region = NOWHERE
    strip: Region = NOWHERE
    details: Region = NOWHERE
    status: Region = NOWHERE
    hints: Region = NOWHERE
    framed: bool = False
    filmstrip: Region = NOWHERE


def arrange(width: int, height: int, image: tuple[int, int], panels: Panels) -> Layout:
    """Divide a window.

    The image comes first: it takes as much as half-block cells (one pixel a column, two a row) can use once
    what is open has what it needs to be read. Bars stand beside it, or below it where that shows more of it.

    Args:
        width: Of the window in cells.
        height: Of the window in cells.
        image: Height and width of the image in pixels.
        panels: What is open.
    """
    framed = width >= FRAMED_COLUMNS and height >= FRAMED_ROWS
    bottom = height
    lines: list[Region] = []
    for rows, there in (
        (1, height >= HINTS_FROM_ROWS),
        (1, height >= STATUS_FROM_ROWS),
        (
            DETAILS_ROWS + panels.notes,
            panels.details and height >= DETAILS_FROM_ROWS and width >= DETAILS_COLUMNS,
        ),
        (
            _strip_rows(width, bottom, image) if panels.places else 1,
            panels.filmstrip and height >= STRIP_FROM_ROWS,
        ),
        (
            _strip_rows(width, bottom, image),
            panels.strip and height >= (BOTH_STRIPS_FROM_ROWS if panels.filmstrip else STRIP_FROM_ROWS),
        ),
    ):
        bottom -= rows if there else 0
        lines.append(Region(0, bottom, width, rows) if there else NOWHERE)
    hints, status, details, filmstrip, strip = lines
    main = Region(0, 0, width, max(bottom, 1))
    image_region, side = _divide(main, image, FRAME if framed else 0)
    bars, chart = _side(side, panels, FRAME if framed else 0)
    return Layout(image_region, bars, chart, strip, details, status, hints, framed, filmstrip)


def _strip_rows(width: int, height: int, image: tuple[int, int]) -> int:
    """Rows of the strip: its tiles, as large as their share and the window's width allow, and the scale."""
    tile = max((width - STRIP_TILES + 1) // STRIP_TILES, 1)
    by_width = -(-tile * image[0] // (2 * image[1]))
    return 1 + max(min(height // STRIP_SHARE, STRIP_MOST, by_width), STRIP_LEAST)


def _divide(main: Region, image: tuple[int, int], frame: int) -> tuple[Region, Region]:
    """The image's region, and that of everything beside or below it."""
    width, height = main.size

    def columns(available: int, rows: int) -> int:
        if min(available, rows) <= frame:
            return 0
        return fit(*image, available - frame, rows - frame).columns

    alone = columns(width, height)
    needed = min(ROWS_READY + frame, max(width // 2, ROWS_LEAST))
    beside = columns(width - needed, height)
    list_rows = max(height // 3, BARS_BELOW + frame)
    if columns(width, height - list_rows) < IMAGE_LEAST * alone:
        # Where the scale is a whole number, the image leaves rows that it cannot use.
        list_rows = max(height - _rows(image, width, height, frame), BARS_LEAST + frame)
    above = columns(width, height - list_rows) if width >= ROWS_LEAST else 0
    if height < BARS_LEAST + frame or max(beside, above) < IMAGE_LEAST * alone:
        return main, NOWHERE
    if above > BELOW_FROM * beside:
        used = _rows(image, width, height - list_rows, frame)
        return Region(0, 0, width, used), Region(0, used, width, height - used)
    used = beside + frame
    # What is left beside the image and cannot be used by bars is the image's margin.
    return Region(0, 0, used, height), Region(used, 0, width - used, height)


def _rows(image: tuple[int, int], width: int, height: int, frame: int) -> int:
    """Rows of the panel of an image as large as fits."""
    if min(width, height) <= frame:
        return height
    return fit(*image, width - frame, height - frame).rows + frame


def _side(side: Region, panels: Panels, frame: int) -> tuple[Region, Region]:
    """The regions of the bars and of the map within what the image leaves."""
    if not side:
        return NOWHERE, NOWHERE
    x, y, width, height = side
    if not panels.map:
        return Region(x, y, width, height), NOWHERE
    needed = min(panels.rows + 1 + frame, max(BARS_LEAST + frame, height // 3))
    stacked = width, height - needed
    bars = min(max(ROWS_READY + frame, width * 9 // 20), ROWS_MOST + frame)
    abreast = width - bars, height
    best = max(stacked, abreast, key=lambda size: min(size[0], 2 * size[1]))
    if min(best[0] - frame - MAP_COLUMNS, best[1] - frame - MAP_ROWS) < 0:
        return NOWHERE, side
    if best == stacked:
        return Region(x, y, width, needed), Region(x, y + needed, width, height - needed)
    return Region(x, y, bars, height), Region(x + bars, y, width - bars, height)
