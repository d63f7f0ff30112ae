"""Which graphics to use, by what the user wishes and the terminal says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vaevis_tui.terminal.detect.support import GraphicsSupport, KittyGraphics, lacks_placeholders
from vaevis_tui.terminal.graphics import AUTO, Graphics

_REASONS = {
    Graphics.KITTY: ("kitty's graphics", "kitty graphics"),
    Graphics.ITERM: ("iTerm2's images", "iTerm2 images"),
    Graphics.SIXEL: ("sixels", "sixels"),
}
"""What a protocol's pictures are called, and where `GraphicsSupport.reasons` tells of them."""

_VT340_CELL = (20, 10)
"""Height and width of a cell in dots where nobody tells: what the first terminal with sixels had."""

_ALL_REGISTERS = 256


@dataclass(frozen=True, slots=True)
class Selection:
    """What pictures are drawn with.

    Attributes:
        graphics: Which kind.
        support: What the terminal has, or is taken to have since the user insists.
        notice: What the user should know of that, one line; or None.
    """

    graphics: Graphics
    support: GraphicsSupport
    notice: str | None = None


def offered(support: GraphicsSupport) -> tuple[Graphics, ...]:
    """What a terminal can draw with, best first; whether its font has all characters nobody knows."""
    has = {
        Graphics.KITTY: support.kitty is not None,
        Graphics.ITERM: support.iterm,
        Graphics.SIXEL: bool(support.sixel_registers and support.cell),
    }
    return tuple(graphics for graphics in Graphics if has.get(graphics, True))


def choose(wish: str, support: GraphicsSupport) -> Selection:
    """Follow a wish where the terminal can, and where nobody can know whether it can.

    Args:
        wish: A kind of graphics, or `AUTO`.
        support: What the terminal says.
    """
    if wish == AUTO:
        return Selection(support.best, support)
    graphics = Graphics(wish)
    if graphics in offered(support):
        return Selection(graphics, support)
    name, about = _REASONS[graphics]
    reason = dict(support.reasons)[about]
    assumed = _assumed(graphics, support)
    if assumed is None:
        best = support.best
        return Selection(best, support, f"No {name} here ({reason}): pictures are drawn as {best}.")
    return Selection(graphics, assumed, f"Whether this terminal shows {name} is not known ({reason}).")


def following(current: Graphics, support: GraphicsSupport) -> Graphics:
    """The kind after one of those that a terminal can draw with; the first after the last."""
    kinds = offered(support)
    return kinds[(kinds.index(current) + 1) % len(kinds)] if current in kinds else kinds[0]


def _assumed(graphics: Graphics, support: GraphicsSupport) -> GraphicsSupport | None:
    """The support of a terminal that has a protocol nevertheless; None where it is known that it has not."""
    through = support.multiplexer is None or (support.multiplexer == "tmux" and support.passthrough)
    if graphics is Graphics.ITERM:
        return replace(support, iterm=True) if through else None
    if graphics is Graphics.KITTY:
        if support.multiplexer is None and not support.answered:
            return replace(support, kitty=KittyGraphics(placeholders=False, frames=False))
        if support.multiplexer and through and not lacks_placeholders(support):
            return replace(support, kitty=KittyGraphics(placeholders=True, frames=False))
        return None
    if support.answered and not support.sixel_registers:
        return None
    registers = support.sixel_registers or _ALL_REGISTERS
    return replace(support, sixel_registers=registers, cell=support.cell or _VT340_CELL)
