"""Where in a window of cells an image goes, at what size, and the pixels of that size.

A cell is taken to be twice as high as wide where its dots are not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.pixels import Pixels

SHARP_FROM = 128
"""Pixels along a side from which on an image is sent as it is. Smaller ones are enlarged by repetition:
many terminals smooth what they enlarge, and what is repeated takes few bytes."""

HALVES = (2, 1)
"""Pixels in a cell of half-blocks: rows, columns."""


@dataclass(frozen=True, slots=True)
class Placement:
    """An image's place in a window of cells.

    Attributes:
        height: Pixels to draw, from top to bottom.
        width: Pixels to draw, from left to right.
        columns: Width in cells; the last ones may be filled in part.
        rows: Height in cells; likewise.
        left: Empty columns of cells left of the image.
        top: Empty rows of cells above it.
        dots: Height and width of what is sent in dots, of which each pixel takes one or more; None where what
            is drawn are characters.
    """

    height: int
    width: int
    columns: int
    rows: int
    left: int
    top: int
    dots: tuple[int, int] | None = None


def fit(
    image_height: int, image_width: int, columns: int, rows: int, grid: tuple[int, int] = HALVES
) -> Placement:
    """Place an image that is drawn with characters: as large as fits in proportion, centred, not cropped.

    A pixel of half-blocks is square, and a pixel of the image takes a whole number of them. With finer cells
    it takes a whole number of half columns. Pixels of octants and braille are square, those of quadrants are
    twice as high as wide and those of sextants four thirds: then the image has more pixels one way than the
    other, and looks right. An image that is larger than the window is made as small as need be.

    Args:
        image_height: Height of the image in pixels, at least 1.
        image_width: Width of the image in pixels, at least 1.
        columns: Width of the window in cells, at least 1.
        rows: Height of the window in cells, at least 1.
        grid: Pixels in a cell: rows, columns.

    Raises:
        ValueError: Something is less than 1.
    """
    if min(image_height, image_width, columns, rows) < 1:
        raise ValueError(
            f"cannot place an image of {image_width}x{image_height} pixels in {columns}x{rows} cells: "
            "every size must be at least 1"
        )
    if grid == HALVES:
        height, width = _square(image_height, image_width, 2 * rows, columns)
    else:
        height, width = _square(image_height, image_width, 4 * rows, 2 * columns)
        height, width = max(1, round(height * grid[0] / 4)), max(1, round(width * grid[1] / 2))
    return _centred(height, width, (-(-height // grid[0]), -(-width // grid[1])), columns, rows)


def _square(height: int, width: int, max_height: int, max_width: int) -> tuple[int, int]:
    """The largest size in square pixels: a whole number of times as large, or smaller."""
    scale = min(max_width // width, max_height // height)
    if scale:
        return height * scale, width * scale
    if max_width * height <= max_height * width:
        return max(1, _divide_rounded(height * max_width, width)), max_width
    return max_height, max(1, _divide_rounded(width * max_height, height))


def _divide_rounded(a: int, b: int) -> int:
    return (2 * a + b) // (2 * b)


def _centred(
    height: int,
    width: int,
    used: tuple[int, int],
    columns: int,
    rows: int,
    dots: tuple[int, int] | None = None,
) -> Placement:
    """Rows and columns of cells that are used in the middle of a window."""
    return Placement(height, width, used[1], used[0], (columns - used[1]) // 2, (rows - used[0]) // 2, dots)


def fit_stretched(
    height: int, width: int, columns: int, rows: int, cell: tuple[int, int], most: int
) -> Placement:
    """Place an image that the terminal stretches to whole cells: as large as fits, nearly in proportion.

    Args:
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        columns: Width of the window in cells.
        rows: Height of the window in cells.
        cell: Height and width of a cell, in any unit.
        most: Rows and columns of cells that an image may take.
    """
    most_columns, most_rows = min(columns, most), min(rows, most)
    factor = min(most_rows * cell[0] / height, most_columns * cell[1] / width)
    used_columns = min(max(1, round(width * factor / cell[1])), most_columns)
    used_rows = min(max(1, round(height * factor / cell[0])), most_rows)
    scale = max(1, SHARP_FROM // max(height, width))
    return _centred(height, width, (used_rows, used_columns), columns, rows, (height * scale, width * scale))


def fit_pixels(
    height: int, width: int, columns: int, rows: int, cell: tuple[int, int], limit: tuple[int, int]
) -> Placement:
    """Place an image that is sent dot by dot: as large as fits, a pixel taking one dot or more.

    Args:
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        columns: Width of the window in cells.
        rows: Height of the window in cells.
        cell: Height and width of a cell in dots.
        limit: Dots that an image may have, in height and width.
    """
    most = min(rows * cell[0], limit[0]), min(columns * cell[1], limit[1])
    if most[0] * width <= most[1] * height:
        dots = most[0], max(1, width * most[0] // height)
    else:
        dots = max(1, height * most[1] // width), most[1]
    used = -(-dots[0] // cell[0]), -(-dots[1] // cell[1])
    return _centred(min(height, dots[0]), min(width, dots[1]), used, columns, rows, dots)


def resample(image: Pixels, height: int, width: int) -> Pixels:
    """An image at another size: repeated where that is evenly larger, else averaged over each pixel's area.

    Args:
        image: uint8 (h, w, 3).
        height: Of the result, at least 1.
        width: Of the result, at least 1.

    Returns:
        uint8 of shape (height, width, 3); the image itself where it has that size.
    """
    before = image.shape[:2]
    if before == (height, width):
        return image
    down, across = height // before[0], width // before[1]
    if (before[0] * down, before[1] * across) == (height, width):
        return image.repeat(across, axis=1).repeat(down, axis=0)
    upright = _average_rows(image.reshape(before[0], -1), height)
    turned = upright.reshape(height, before[1], 3).swapaxes(0, 1)
    turned = _average_rows(turned.reshape(before[1], height * 3), width)
    shown = turned.reshape(width, height, 3).swapaxes(0, 1)
    return np.ascontiguousarray(np.rint(shown).astype(np.uint8))


def _average_rows(a: NDArray[np.generic], count: int) -> NDArray[np.float32]:
    """Average the rows of a, shape (n, m), over ``count`` equal stretches; shape (count, m), float32.

    A sum over the few rows that a stretch covers, and no matrix product: that wakes the threads of BLAS,
    which cost 16 ms an image on two cores that also decode, against 0.5 ms for this (128x128 to 110x110).
    """
    rows, weights = _stretches(len(a), count)
    total: NDArray[np.float32] = weights[0] * a[rows[0]]
    for row, weight in zip(rows[1:], weights[1:], strict=True):
        total += weight * a[row]
    return total


@lru_cache(maxsize=16)
def _stretches(n: int, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which of n rows each of ``count`` equal stretches covers, and how much of the stretch each fills.

    Returns:
        Row numbers, (k, count), and weights, (k, count, 1), that sum to 1 over k; k is the most rows that one
        stretch touches, and a weight is 0 where a stretch touches fewer.
    """
    # In units of 1/count of a row all bounds are whole: those of row r are r count and (r + 1) count,
    # those of stretch i are i n and (i + 1) n.
    start = np.arange(count) * n
    k = int(((start + n - 1) // count - start // count).max()) + 1
    rows = start // count + np.arange(k)[:, None]
    overlap = np.minimum(start + n, (rows + 1) * count) - np.maximum(start, rows * count)
    weights = (np.maximum(overlap, 0) / n).astype(np.float32)
    return np.minimum(rows, n - 1), weights[:, :, None]
