"""How colours are named in output, and which are shown in place of others.

SGR is *Select Graphic Rendition* (ECMA-48, 8.3.117; colours: ISO 8613-6, and for 90 to 107 aixterm). A
foreground is ``38;2;R;G;B``, ``38;5;N``, or 30 to 37 and 90 to 97; a background ``48;2;R;G;B``, ``48;5;N``,
or 40 to 47 and 100 to 107. Numbers have no leading zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.dither import Levels, thresholds
from vaevis_tui.terminal.color.xterm_palette import palette, to_grey

_Bytes = NDArray[np.uint8]
_Words = NDArray[np.uint32]

_NUL = b"\0"


def word(text: bytes) -> np.uint32:
    """Up to four bytes as a number; those that are missing are NUL, which whoever writes deletes."""
    return np.uint32(np.frombuffer(text.ljust(4, _NUL), np.uint32)[0])


SPACE = word(b" ")


@dataclass(frozen=True, slots=True)
class SgrColors:
    """A way to name colours.

    Attributes:
        quantize: Takes colours, uint8 (h, w, 3), and gives the numbers that name what is shown in their
            place, uint8 (h, w, c), and that itself, uint8 (h, w, 3).
        foreground: What stands before the numbers of a foreground, as a `word`.
        background: What stands before the numbers of a background.
        foreground_numbers: Each of 256 numbers as it is written in a foreground, with what separates it from
            what stands before.
        background_numbers: The same for a background.
    """

    quantize: Callable[[_Bytes], tuple[_Bytes, _Bytes]] = field(repr=False)
    foreground: np.uint32
    background: np.uint32
    foreground_numbers: _Words = field(repr=False)
    background_numbers: _Words = field(repr=False)


_NUMBERS = np.array([word(b";%d" % value) for value in range(256)], np.uint32)


@lru_cache(maxsize=8)
def sgr_colors(mode: ColorMode) -> SgrColors:
    """Colours of a depth that `ColorMode` knows; those of 256 and of 16 are dithered."""
    if mode.depth is ColorDepth.SIXTEEN:
        return sixteen_colors(mode.grey)
    if mode.depth is ColorDepth.TRUECOLOR:
        names, quantize = b"2", _truecolor_grey if mode.grey else _truecolor
    else:
        names, quantize = b"5", _palette_grey if mode.grey else _palette
    return SgrColors(quantize, word(b"38;" + names), word(b"48;" + names), _NUMBERS, _NUMBERS)


@lru_cache(maxsize=2)
def sixteen_colors(grey: bool = False) -> SgrColors:
    """The sixteen colours that every terminal has, dithered; taken for what xterm shows by default."""
    codes = np.zeros((2, 256), np.uint32)
    for ground, first, first_bright in ((0, 30, 90), (1, 40, 100)):
        for color in range(8):
            codes[ground, color] = word(b"%d" % (first + color))
            codes[ground, 8 + color] = word(b"%d" % (first_bright + color))
    none = word(b"")
    return SgrColors(_sixteen_greys if grey else _sixteen, none, none, codes[0], codes[1])


def _truecolor(colors: _Bytes) -> tuple[_Bytes, _Bytes]:
    return colors, colors


def _truecolor_grey(colors: _Bytes) -> tuple[_Bytes, _Bytes]:
    grey = to_grey(colors)
    return grey, grey


CUBE_LEVELS = np.array([0, 95, 135, 175, 215, 255])
"""Levels of a channel in the 6x6x6 cube of xterm's palette (256colres.pl)."""


def _palette(colors: _Bytes) -> tuple[_Bytes, _Bytes]:
    r, g, b = (_cube().dithered(colors[..., channel]) for channel in range(3))
    codes = np.uint8(16) + np.uint8(36) * r + np.uint8(6) * g + b
    neutral = (colors[..., 0] == colors[..., 1]) & (colors[..., 1] == colors[..., 2])
    if neutral.any():
        levels, entries = _grey_entries()
        codes = np.where(neutral, entries[levels.dithered(colors[..., 0])], codes)
    return codes[..., None], palette()[codes]


def _palette_grey(colors: _Bytes) -> tuple[_Bytes, _Bytes]:
    return _palette(to_grey(colors))


@lru_cache(maxsize=1)
def _cube() -> Levels:
    return Levels(CUBE_LEVELS)


@lru_cache(maxsize=1)
def _grey_entries() -> tuple[Levels, _Bytes]:
    """The greys of the palette, and the entry of each: 24 of the ramp and 6 of the cube."""
    ramp = 8 + 10 * np.arange(24)
    levels = np.concatenate((ramp, CUBE_LEVELS))
    entries = np.concatenate((232 + np.arange(24), 16 + 43 * np.arange(6))).astype(np.uint8)
    order = np.argsort(levels)
    return Levels(levels[order]), entries[order]


SIXTEEN = np.array(
    [
        *[(0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)],
        *[(0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)],
        *[(127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0)],
        *[(92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)],
    ],
    np.uint8,
)
"""Red, green and blue of colours 0 to 15 as xterm has them (XTerm-col.ad)."""

_CONTRAST_COST = 0.05
"""What a mixture costs for each unit of squared distance between its colours, beside its own error."""


def _sixteen(colors: _Bytes) -> tuple[_Bytes, _Bytes]:
    one, other, share = _mixtures()
    coarse = (colors.astype(np.uint16) * 15 + 127) // 255
    index = coarse[..., 0] << 8 | coarse[..., 1] << 4 | coarse[..., 2]
    codes = np.where(share[index] > thresholds(*index.shape), other[index], one[index])
    return codes[..., None], SIXTEEN[codes]


@lru_cache(maxsize=1)
def _mixtures() -> tuple[_Bytes, _Bytes, _Bytes]:
    """For all colours of 4 bits a channel: two of 16 whose mixture comes nearest, and 64ths of the second.

    A flat patch between two colours is noisier the farther apart they are, so near ones are preferred where
    the mixtures are about as good. Made in 50 ms, when first used.
    """
    levels = 17.0 * np.arange(16, dtype=np.float32)
    targets = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    best = np.full(len(targets), np.inf, np.float32)
    one, other, share = (np.zeros(len(targets), np.uint8) for _ in range(3))
    for first, second in combinations(range(16), 2):
        start = SIXTEEN[first].astype(np.float32)
        way = SIXTEEN[second] - start
        length = way @ way
        passed = np.rint(64 * np.clip((targets - start) @ way / length, 0, 1))
        off = targets - start - passed[:, None] / 64 * way
        mixed = passed * (64 - passed) / 64**2
        cost = (off * off).sum(axis=1) + _CONTRAST_COST * 4 * mixed * length
        better = cost < best
        best[better], share[better] = cost[better], passed[better].astype(np.uint8)
        one[better], other[better] = first, second
    return one, other, share


def _sixteen_greys(colors: _Bytes) -> tuple[_Bytes, _Bytes]:
    levels, entries = _four_greys()
    codes: _Bytes = entries[levels.dithered(to_grey(colors)[..., 0])]
    return codes[..., None], SIXTEEN[codes]


@lru_cache(maxsize=1)
def _four_greys() -> tuple[Levels, _Bytes]:
    entries = np.array([0, 8, 7, 15], np.uint8)
    return Levels(SIXTEEN[entries, 0].astype(np.int64)), entries
