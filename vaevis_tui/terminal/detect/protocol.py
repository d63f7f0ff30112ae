"""What there is to know of a graphics protocol, and of a terminal that may have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.detect.replies import Queries, Reply
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.surface import Renderer

if TYPE_CHECKING:
    from vaevis_tui.terminal.detect.kitty import KittyGraphics


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
        synchronized: Whether output between ``CSI ? 2026 h`` and ``l`` is shown at once.
        truecolor: Whether it is known by its answers to draw 24-bit colours.
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
    synchronized: bool
    truecolor: bool
    cell: tuple[int, int] | None
    passthrough: bool
    answered: bool
    best: Graphics
    reasons: tuple[tuple[str, str], ...]

    def colors(self, told: ColorMode) -> ColorMode:
        """The colours to draw in, where the environment tells of these: it may not know of all."""
        more = self.truecolor and told.depth is ColorDepth.PALETTE
        return replace(told, depth=ColorDepth.TRUECOLOR) if more else told


@dataclass(frozen=True, slots=True)
class Answers:
    """What a terminal answered, and who it is.

    Attributes:
        said: By kind.
        brand: The terminal's name.
        version: Its version, () if it is not known.
        inside: What multiplexer stands between, or None.
        passthrough: Whether tmux hands on what is wrapped for the terminal outside.
    """

    said: Mapping[str, Reply]
    brand: str
    version: tuple[int, ...]
    inside: str | None
    passthrough: bool

    @property
    def named(self) -> str:
        """Name and version, for people."""
        return f"{self.brand} {'.'.join(map(str, self.version))}".strip()


Facts = Mapping[str, object]
"""Attributes of `GraphicsSupport` and their values."""


@dataclass(frozen=True, slots=True)
class ImageProtocol:
    """A way to send images as dots.

    Attributes:
        graphics: As users name it.
        name: What its images are called, for people.
        about: What it is called in `GraphicsSupport.reasons`.
        queries: What is asked about it, in this order.
        may_ask: Whether a terminal of a brand, behind a multiplexer or none, takes these questions well.
        conclude: What the answers mean, and why, one clause.
        has: Whether a terminal has it.
        assume: The support of a terminal that does not tell, but whose user insists; None where it is known
            that it has it not.
        renderer: Draws with it, in a terminal that has it; what it needs is imported then.
    """

    graphics: Graphics
    name: str
    about: str
    conclude: Callable[[Answers], tuple[Facts, str]]
    has: Callable[[GraphicsSupport], bool]
    assume: Callable[[GraphicsSupport], GraphicsSupport | None]
    renderer: Callable[[ColorMode, GraphicsSupport], Renderer]
    queries: Queries
    may_ask: Callable[[str, str | None], bool] = lambda brand, multiplexer: True
