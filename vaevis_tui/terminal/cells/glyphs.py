"""Characters that show a pattern of two colours: what each pattern of pixels in a cell is drawn with.

A pattern is a number: bit ``y * columns + x`` is set where the pixel at (x, y) has the foreground's colour.
So Unicode counts sextants and octants, too, which makes their characters a matter of counting: those of a
block follow one another in the order of their patterns, and only patterns that older characters show are left
out (The Unicode Standard, section 22.7, and the charts "Block Elements", "Symbols for Legacy Computing" and
its supplement).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.color.sgr import word


@dataclass(frozen=True)
class Glyphs:
    """A set of characters for all patterns of a cell.

    Attributes:
        name: As users know it.
        columns: Pixels in a cell, side by side.
        rows: Pixels in a cell, one above the other.
        characters: The character of every pattern, ``2 ** (columns * rows)`` of them.
    """

    name: str
    columns: int
    rows: int
    characters: str

    def __post_init__(self) -> None:
        if len(self.characters) != 2**self.pixels:
            raise ValueError(f"{self.name}: {len(self.characters)} characters for {2**self.pixels} patterns")

    @property
    def pixels(self) -> int:
        """Pixels in a cell."""
        return self.columns * self.rows

    @cached_property
    def words(self) -> NDArray[np.uint32]:
        """The UTF-8 of every pattern's character as `sgr.word`."""
        return np.array([word(character.encode()) for character in self.characters], np.uint32)


def _counted(pixels: int, older: dict[int, str], first: int) -> str:
    """Characters of all patterns: older ones where there are any, else one after the other from ``first``."""
    characters = []
    for pattern in range(2**pixels):
        if pattern in older:
            characters.append(older[pattern])
        else:
            characters.append(chr(first))
            first += 1
    return "".join(characters)


_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"

_OLDER_THAN_SEXTANTS = {0: " ", 0b010101: "▌", 0b101010: "▐", 0b111111: "█"}

_OLDER_THAN_OCTANTS = {
    # Each pixel of a quadrant is two of an octant, one above the other.
    **{
        sum(0b101 << (bit % 2 + bit // 2 * 4) for bit in range(4) if pattern >> bit & 1): character
        for pattern, character in enumerate(_QUADRANTS)
    },
    0b00000011: "\U0001fb82",  # upper one quarter block
    0b11000000: "▂",
    0b00111111: "\U0001fb85",  # upper three quarters block
    0b11111100: "▆",
    0b00000001: "\U0001cea8",  # left half upper one quarter block
    0b00000010: "\U0001ceab",  # right half upper one quarter block
    0b01000000: "\U0001cea3",  # left half lower one quarter block
    0b10000000: "\U0001cea0",  # right half lower one quarter block
    0b00010100: "\U0001fbe6",  # middle left one quarter block
    0b00101000: "\U0001fbe7",  # middle right one quarter block
}

_BRAILLE_BITS = (0, 3, 1, 4, 2, 5, 6, 7)
"""Which bit of a braille character's code stands for each pixel: dots go 123 down, 456 down, then 7, 8."""

HALVES = Glyphs("half", 1, 2, " ▀▄█")
QUADRANTS = Glyphs("quadrant", 2, 2, _QUADRANTS)
SEXTANTS = Glyphs("sextant", 2, 3, _counted(6, _OLDER_THAN_SEXTANTS, 0x1FB00))
"""Of Unicode 13 (2020)."""
OCTANTS = Glyphs("octant", 2, 4, _counted(8, _OLDER_THAN_OCTANTS, 0x1CD00))
"""Of Unicode 16 (2024)."""
BRAILLE = Glyphs(
    "braille",
    2,
    4,
    " "
    + "".join(
        chr(0x2800 + sum(1 << _BRAILLE_BITS[bit] for bit in range(8) if pattern >> bit & 1))
        for pattern in range(1, 256)
    ),
)

ALL = {glyphs.name: glyphs for glyphs in (HALVES, QUADRANTS, SEXTANTS, OCTANTS, BRAILLE)}
