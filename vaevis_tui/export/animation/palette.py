"""One palette for all frames of a GIF, and ordered dithering: a pixel that does not change keeps its colour.

Error diffusion would carry every change of a frame down and to the right of it: grain that crawls.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COLOURS = 255
"""Of 256: one is left for pixels that stay as they are from frame to frame."""

_SAMPLE_PIXELS = 200_000  # that a palette is made of
_LEVELS, _SHIFT = 64, 2  # a channel, of the table from colours to their nearest in the palette; and bits less
_ROWS = 1 << 14  # of that table computed at once: 16 MB
_BAYER = np.array(
    [
        [0, 32, 8, 40, 2, 34, 10, 42],
        [48, 16, 56, 24, 50, 18, 58, 26],
        [12, 44, 4, 36, 14, 46, 6, 38],
        [60, 28, 52, 20, 62, 30, 54, 22],
        [3, 35, 11, 43, 1, 33, 9, 41],
        [51, 19, 59, 27, 49, 17, 57, 25],
        [15, 47, 7, 39, 13, 45, 5, 37],
        [63, 31, 55, 23, 61, 29, 53, 21],
    ]
)
"""Thresholds by place, 0 to 63 (Bayer 1973)."""


class SharedPalette:
    """Colours that all frames are drawn with, and the way from a frame to its colours' indices.

    Grey frames get 255 greys, and are not dithered. Others get 255 colours by median cut, which are mixed.

    Args:
        frames: Of an animation, uint8 (h, w, 3), at even distances.
    """

    def __init__(self, frames: Sequence[NDArray[np.uint8]]) -> None:
        pixels = np.concatenate([frame.reshape(-1, 3) for frame in frames])
        sample = pixels[:: max(1, len(pixels) // _SAMPLE_PIXELS)]
        self._grey = bool((sample == sample[:, :1]).all())
        if self._grey:
            levels = np.rint(np.arange(COLOURS) * (255 / (COLOURS - 1))).astype(np.uint8)
            self.colours = np.repeat(levels[:, None], 3, axis=1)
            self._table = np.rint(np.arange(256) * ((COLOURS - 1) / 255)).astype(np.uint8)
            return
        self.colours = _median_cut(sample)
        levels = (np.arange(_LEVELS) + 0.5) * 256 / _LEVELS
        cells = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
        self._table = _nearest(cells.astype(np.float32), self.colours.astype(np.float32))
        self._thresholds = np.rint((_BAYER / 63 - 0.5) * _spacing(self.colours)).astype(np.int16)

    def indices(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Of a frame, uint8 (h, w, 3), the indices of its colours, uint8 (h, w)."""
        if self._grey:
            return np.asarray(self._table[frame[..., 0]])
        height, width, _ = frame.shape
        thresholds = np.tile(self._thresholds, (-(-height // 8), -(-width // 8)))[:height, :width, None]
        moved = frame + thresholds
        np.clip(moved, 0, 255, out=moved)
        cells = (moved >> _SHIFT).astype(np.int32)
        return np.asarray(self._table[(cells[..., 0] * _LEVELS + cells[..., 1]) * _LEVELS + cells[..., 2]])


def _median_cut(sample: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(sample[None]))
    found = picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=1).getpalette() or []
    return np.unique(np.array(found, np.uint8).reshape(-1, 3), axis=0)


def _spacing(colours: NDArray[np.uint8]) -> float:
    """How far the next colour usually is, a channel: as much as thresholds move a colour."""
    if len(colours) < 2:
        return 0.0
    points = colours.astype(np.float64)
    squares = ((points[:, None] - points[None]) ** 2).sum(-1)
    np.fill_diagonal(squares, np.inf)
    return float(np.median(np.sqrt(squares.min(axis=1))) / np.sqrt(3))


def _nearest(cells: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Of each cell (n, 3) the nearest colour's index."""
    found = np.empty(len(cells), np.uint8)
    squares = (colours**2).sum(axis=1)
    for start in range(0, len(cells), _ROWS):
        rows = cells[start : start + _ROWS]
        found[start : start + _ROWS] = (squares - 2 * rows @ colours.T).argmin(axis=1)
    return found
