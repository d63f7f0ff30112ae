"""The kinds of graphics, as users name them."""

from __future__ import annotations

from enum import StrEnum


class Graphics(StrEnum):
    """How images are drawn, best first where the terminal has a choice."""

    KITTY = "kitty"
    ITERM = "iterm"
    SIXEL = "sixel"
    OCTANT = "octant"
    SEXTANT = "sextant"
    QUADRANT = "quadrant"
    HALF = "half"
    BRAILLE = "braille"
    ASCII = "ascii"


PROTOCOLS = frozenset({Graphics.KITTY, Graphics.ITERM, Graphics.SIXEL})
"""Those that send dots, which a terminal has or has not; the others are characters."""

AUTO = "auto"
"""The best that the terminal says it has; half-blocks until then."""
