"""xterm's palette of 256 colours, what lies nearest in it, and greys.

Entries 16 to 231 are a 6x6x6 cube and 232 to 255 a grey ramp (xterm's 256colres.pl). Entries 0 to 15 are left
alone: users give them colours of their own.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_CUBE_LEVELS = np.array([0, 95, 135, 175, 215, 255])
_GREY_LEVELS = 8 + 10 * np.arange(24)


@lru_cache(maxsize=1)
def palette() -> NDArray[np.uint8]:
    """Red, green and blue of every entry, uint8 (256, 3); entries 0 to 15, which are not used, are black."""
    table = np.zeros((256, 3), np.uint8)
    table[16:232] = _grid(_CUBE_LEVELS)
    table[232:] = _GREY_LEVELS[:, None]
    return table


def nearest(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The palette entry nearest to each colour, uint8 (..., 3) to uint8 (...), 16 to 255.

    The search is one look-up: colours that are not grey are known to 5 bits a channel, greys exactly.
    """
    r, g, b = (colors[..., channel] for channel in range(3))
    index = (r >> 3).astype(np.uint16) << 10 | (g >> 3).astype(np.uint16) << 5 | b >> 3
    of_colors, of_greys = _tables()
    return np.where((r == g) & (g == b), of_greys[r], of_colors[index])


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The nearest entries to all colours of 5 bits a channel, uint8 (32768,), and to all greys, (256,)."""
    middles = 8 * np.arange(32) + 4
    return _search(_grid(middles)), _search(np.arange(256)[:, None].repeat(3, axis=1))


def _search(colors: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The nearest entry to each colour by squared distance in RGB, (n, 3) to uint8 (n,)."""
    # Nearest in the cube is the nearest level of each channel, on the ramp the level nearest to the mean.
    cube = np.abs(colors[..., None] - _CUBE_LEVELS).argmin(axis=-1)
    grey = np.abs(colors.mean(axis=-1, keepdims=True) - _GREY_LEVELS).argmin(axis=-1)
    to_cube = ((_CUBE_LEVELS[cube] - colors) ** 2).sum(axis=-1)
    to_ramp = ((_GREY_LEVELS[grey][:, None] - colors) ** 2).sum(axis=-1)
    entries: NDArray[np.int64] = np.where(to_ramp < to_cube, 232 + grey, 16 + cube @ np.array([36, 6, 1]))
    return entries.astype(np.uint8)


def _grid(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """All colours with n levels a channel, (n ** 3, 3), blue running fastest."""
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)


def to_grey(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma of each colour by ITU-R BT.709, repeated in three channels, uint8 (..., 3) to uint8 (..., 3)."""
    r, g, b = (colors[..., channel].astype(np.uint16) for channel in range(3))
    luma = (54 * r + 183 * g + 19 * b + 128) >> 8  # 0.2126, 0.7152 and 0.0722 in 256ths
    return np.repeat(luma.astype(np.uint8)[..., None], 3, axis=-1)
