"""How much colour images are drawn with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ColorDepth(StrEnum):
    """How colours are named in Select Graphic Rendition sequences (ISO 8613-6, section 13.1.8)."""

    TRUECOLOR = "truecolor"
    """``38;2;R;G;B``: any of 2**24 colours."""

    PALETTE = "256"
    """``38;5;N``: xterm's palette of 256, of which 6x6x6 form a cube and 24 a grey ramp."""

    SIXTEEN = "16"
    """30 to 37 and 90 to 97: sixteen colours, taken for those that xterm shows by default."""


@dataclass(frozen=True, slots=True)
class ColorMode:
    """The colours that an image is drawn in.

    Attributes:
        depth: How colours are named, and thereby how many there are.
        grey: Whether images are drawn in greys alone, as NO_COLOR asks for.
    """

    depth: ColorDepth = ColorDepth.TRUECOLOR
    grey: bool = False
