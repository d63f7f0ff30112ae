"""Where a picture goes that is drawn with several pixels a cell, and the pixels of that size.

A cell is taken to be twice as high as wide. The picture is placed on quarter rows and half columns, which are
square: the pixels of octants and braille. Those of quadrants are two of them high, those of sextants four
thirds, so that a picture has more pixels one way than the other, and looks right.
"""

from __future__ import annotations

from dataclasses import dataclass

from vaevis_tui.terminal.encoder import Pixels
from vaevis_tui.terminal.placement import Placement, fit, resample


@dataclass(frozen=True, slots=True)
class CellPlacement:
    """A picture's place in a window of cells.

    Attributes:
        height: Pixels to encode, from top to bottom.
        width: Pixels to encode, from left to right.
        columns: Width in cells.
        rows: Height in cells.
        left: Empty columns of cells left of the picture.
        top: Empty rows of cells above the picture.
    """

    height: int
    width: int
    columns: int
    rows: int
    left: int
    top: int


def fit_cells(
    image_height: int, image_width: int, columns: int, rows: int, grid: tuple[int, int]
) -> CellPlacement:
    """Place a picture in a window: right proportions, as large as fits, centred, not cropped.

    It is enlarged by a whole number of half columns a pixel, or else made as small as need be.

    Args:
        image_height: Height of the picture in pixels, at least 1.
        image_width: Width of the picture in pixels, at least 1.
        columns: Width of the window in cells, at least 1.
        rows: Height of the window in cells, at least 1.
        grid: Pixels in a cell: rows, columns; as an encoder tells.

    Raises:
        ValueError: Something is less than 1.
    """
    # To `fit`, whose cells are a pixel wide and two high, a window of half columns and half rows.
    square = fit(image_height, image_width, 2 * columns, 2 * rows)
    height = max(1, round(square.height * grid[0] / 4))
    width = max(1, round(square.width * grid[1] / 2))
    used = -(-width // grid[1]), -(-height // grid[0])
    return CellPlacement(height, width, *used, (columns - used[0]) // 2, (rows - used[1]) // 2)


def resample_cells(picture: Pixels, placement: CellPlacement) -> Pixels:
    """The pixels to encode: the picture averaged over the area of each, which repeats what is enlarged.

    Args:
        picture: uint8 (h, w, 3), of the size that ``placement`` was made for.
        placement: Where `fit_cells` puts it.

    Returns:
        uint8 (placement.height, placement.width, 3).
    """
    height, width, _ = picture.shape
    down, across = placement.height // height, placement.width // width
    if (height * down, width * across) == (placement.height, placement.width):
        return picture.repeat(across, axis=1).repeat(down, axis=0)
    return resample(picture, Placement(placement.height, placement.width, 0, 0, 0))
