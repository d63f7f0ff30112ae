"""Few colours made to look like many: ordered dithering, and palettes to dither to.

A pixel takes the next darker or the next brighter level by whether what is left over exceeds a threshold that
depends on its place (B. E. Bayer, "An optimum method for two-level rendition of continuous-tone images",
ICC 1973). Unlike error diffusion it needs no loop over pixels, and a pixel that does not change keeps its
level from frame to frame, so that a live image neither crawls nor sends bytes for nothing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_SIDE = 8


@lru_cache(maxsize=1)
def bayer() -> NDArray[np.uint8]:
    """Bayer's matrix of 8x8 thresholds, uint8 (8, 8): 0 to 63, each once."""
    order = np.zeros((1, 1), np.uint8)
    while len(order) < _SIDE:
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    return order.astype(np.uint8)


@lru_cache(maxsize=8)
def thresholds(height: int, width: int) -> NDArray[np.uint8]:
    """Bayer's matrix repeated over an image, uint8 (height, width): 0 to 63."""
    repeats = -(-height // _SIDE), -(-width // _SIDE)
    tiled = np.tile(bayer(), repeats)[:height, :width]
    tiled.setflags(write=False)
    return tiled


class Levels:
    """Levels of one channel, to which values of 0 to 255 are dithered.

    Args:
        values: The levels, rising, 0 to 255; values beyond the first and the last become these.
    """

    def __init__(self, values: NDArray[np.int64]) -> None:
        value = np.arange(256)
        below = np.clip(np.searchsorted(values, value, side="right") - 1, 0, len(values) - 2)
        gap = values[below + 1] - values[below]
        # Of 64 thresholds as many are passed as the value lies 64ths of the way to the level above.
        passed = np.clip(np.rint(64 * (value - values[below]) / gap), 0, 64).astype(np.uint8)
        self._dithered = (below[:, None] + (passed[:, None] > np.arange(64))).astype(np.uint8)

    def dithered(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Numbers of levels from 0, uint8 (h, w) to uint8 (h, w)."""
        index = values.astype(np.uint16) << 6 | thresholds(*values.shape)
        numbers: NDArray[np.uint8] = self._dithered.ravel()[index]
        return numbers
