"""The kinds of graphics, as users name them, and what a terminal has of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode


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


@dataclass(frozen=True, slots=True)
class KittyGraphics:
    """How a terminal is to be told of images by kitty's protocol, as for `KittyImage`.

    Attributes:
        placeholders: Whether it draws placeholders.
        frames: Whether it replaces frames.
    """

    placeholders: bool
    frames: bool


@dataclass(frozen=True, slots=True)
class GraphicsSupport:
    """What follows from the replies.

    Attributes:
        brand: The terminal's name; by its reply, else by its environment.
        version: Its version, () if it is not known.
        multiplexer: What stands between, by reply or environment.
        kitty: How to use kitty's graphics, None if it has none.
        iterm: Whether it shows iTerm2's inline images.
        sixel_registers: Colour registers for sixels, 0 if it shows none.
        sixel_size: Height and width in dots that a sixel image may have, None if not known.
        truecolor: Whether it is known by its answers to draw 24-bit colours.
        clipboard: Whether it takes images for its clipboard.
        cell: Height and width of a cell in dots, None if not known.
        passthrough: Whether tmux hands on what is wrapped for the terminal outside.
        answered: Whether it has answered the last question, so that what it did not answer it does not know.
        best: What images should be drawn with.
        reasons: What each was concluded from, pairs of a name and one clause, for people.
    """

    brand: str
    version: tuple[int, ...]
    multiplexer: str | None
    kitty: KittyGraphics | None
    iterm: bool
    sixel_registers: int
    sixel_size: tuple[int, int] | None
    truecolor: bool
    clipboard: bool
    cell: tuple[int, int] | None
    passthrough: bool
    answered: bool
    best: Graphics
    reasons: tuple[tuple[str, str], ...]

    def colors(self, configured: ColorMode) -> ColorMode:
        """The colours to draw in, where the environment tells of these: it may not know of all."""
        more = self.truecolor and configured.depth is ColorDepth.PALETTE
        return replace(configured, depth=ColorDepth.TRUECOLOR) if more else configured
