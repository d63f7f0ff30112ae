"""Where in a window of cells a picture goes, at what size, and the pixels of that size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A picture, uint8 of shape (h, w, 3)."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A picture's place in a window of cells; a cell is one pixel wide and two pixels high.

    Attributes:
        height: Height in pixels that the picture is shown at.
        width: Width in pixels that the picture is shown at.
        scale: Pixels shown along each axis a pixel of the picture where that is a whole number; 0 where the
            picture is larger than the window and shown smaller.
        left: Empty columns of cells left of the picture.
        top: Empty rows of cells above the picture.
    """

    height: int
    width: int
    scale: int
    left: int
    top: int

    @property
    def columns(self) -> int:
        """Width in cells."""
        return self.width

    @property
    def rows(self) -> int:
        """Height in cells; where the height in pixels is odd, the lower half of the last row is empty."""
        return -(-self.height // 2)


def fit(image_height: int, image_width: int, columns: int, rows: int) -> Placement:
    """Place a picture in a window: square pixels, whole-number scale as large as fits, centred, not cropped.

    A picture larger than the window is shown at the largest size that fits and keeps its proportions.

    Args:
        image_height: Height of the picture in pixels, at least 1.
        image_width: Width of the picture in pixels, at least 1.
        columns: Width of the window in cells, at least 1.
        rows: Height of the window in cells, at least 1.

    Raises:
        ValueError: Something is less than 1.
    """
    if min(image_height, image_width, columns, rows) < 1:
        raise ValueError(
            f"cannot place a picture of {image_width}x{image_height} pixels in {columns}x{rows} cells: "
            "every size must be at least 1"
        )
    scale = min(columns // image_width, 2 * rows // image_height)
    if scale:
        height, width = image_height * scale, image_width * scale
    else:
        height, width = _shrink(image_height, image_width, 2 * rows, columns)
    left = (columns - width) // 2
    top = (rows - -(-height // 2)) // 2
    return Placement(height, width, scale, left, top)


def _shrink(height: int, width: int, max_height: int, max_width: int) -> tuple[int, int]:
    """The largest size in the proportions of height and width that touches one of the limits."""
    if max_width * height <= max_height * width:
        return max(1, _divide_rounded(height * max_width, width)), max_width
    return max_height, max(1, _divide_rounded(width * max_height, height))


def _divide_rounded(a: int, b: int) -> int:
    return (2 * a + b) // (2 * b)


def resample(picture: Pixels, placement: Placement) -> Pixels:
    """The pixels to show: exact repetition where the scale is whole, else the average over each pixel's area.

    Args:
        picture: uint8 (h, w, 3), of the size that ``placement`` was made for.
        placement: Where `fit` puts it.

    Returns:
        uint8 of shape (placement.height, placement.width, 3); the picture itself at scale 1.
    """
    scale = placement.scale
    if scale == 1:
        return picture
    if scale:
        return picture.repeat(scale, axis=1).repeat(scale, axis=0)
    height, width, channels = picture.shape
    upright = _average_rows(picture.reshape(height, width * channels), placement.height)
    turned = upright.reshape(placement.height, width, channels).swapaxes(0, 1)
    turned = _average_rows(turned.reshape(width, placement.height * channels), placement.width)
    shown = turned.reshape(placement.width, placement.height, channels).swapaxes(0, 1)
    return np.ascontiguousarray(np.rint(shown).astype(np.uint8))


def _average_rows(a: NDArray[np.generic], count: int) -> NDArray[np.float32]:
    """Average the rows of a, shape (n, m), over ``count`` equal stretches; shape (count, m), float32.

    A sum over the few rows that a stretch covers, and no matrix product: that wakes the threads of BLAS,
    which cost 16 ms a picture on two cores that also decode, against 0.5 ms for this (128x128 to 110x110).
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
