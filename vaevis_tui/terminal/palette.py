"""xterm's palette of 256 colours and what lies nearest in it.

Entries 16 to 231 are a 6x6x6 cube and 232 to 255 a grey ramp (xterm's 256colres.pl). Entries 0 to 15 are left alone: users
give them colours of their own.
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
    table[16:232] = np.stack(np.meshgrid(*[_CUBE_LEVELS] * 3, indexing="ij"), axis=-1).reshape(216, 3)
    table[232:] = _GREY_LEVELS[:, None]
    return table


def nearest(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The palette entry nearest to each colour, (..., 3) to (...), 16 to 255.

    Colours are first rounded to 5 bits a channel, which makes the whole search one look-up.
    """
    r, g, b = (colors[..., channel].astype(np.uint16) >> 3 for channel in range(3))
    return _table()[r << 10 | g << 5 | b]


def to_grey(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma of each colour by the weights of ITU-R BT.709, in all three channels, (..., 3) to (..., 3)."""
    r, g, b = (colors[..., channel].astype(np.uint16) for channel in range(3))
    luma = ((54 * r + 183 * g + 19 * b + 128) >> 8).astype(np.uint8)  # 0.2126, 0.7152, 0.0722 in 256ths
    return np.repeat(luma[..., None], 3, axis=-1)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint8]:
    """The nearest entry to every colour of 5 bits a channel, uint8 (32768,), by squared distance in RGB."""
    level = np.arange(32)
    level = level << 3 | level >> 2
    colors = np.stack(np.meshgrid(level, level, level, indexing="ij"), axis=-1).reshape(-1, 3)
    # In the cube the nearest entry is the nearest level of each channel; on the ramp it is the one nearest to the mean.
    cube = np.abs(colors[..., None] - _CUBE_LEVELS).argmin(axis=-1)
    grey = np.abs(colors.mean(axis=-1, keepdims=True) - _GREY_LEVELS).argmin(axis=-1)
    to_cube = ((_CUBE_LEVELS[cube] - colors) ** 2).sum(axis=-1)
    to_grey = ((_GREY_LEVELS[grey][:, None] - colors) ** 2).sum(axis=-1)
    entry = np.where(to_grey < to_cube, 232 + grey, 16 + cube @ np.array([36, 6, 1]))
    return entry.astype(np.uint8)
