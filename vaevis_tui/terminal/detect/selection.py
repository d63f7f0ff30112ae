"""Which graphics to use, from what the user asked for and what the terminal supports."""

from __future__ import annotations

from dataclasses import dataclass

from vaevis_tui.terminal.detect.protocols.registry import BY_GRAPHICS, IMAGE_PROTOCOLS
from vaevis_tui.terminal.graphics import AUTO, Graphics, GraphicsSupport


@dataclass(frozen=True, slots=True)
class Selection:
    """What images are drawn with.

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
    lacks = {protocol.graphics for protocol in IMAGE_PROTOCOLS if not protocol.has(support)}
    return tuple(graphics for graphics in Graphics if graphics not in lacks)


def choose(requested: str, support: GraphicsSupport) -> Selection:
    """Take what was requested where the terminal has it, or where it cannot be known.

    Args:
        requested: A kind of graphics, or `AUTO`.
        support: What the terminal says.
    """
    if requested == AUTO:
        return Selection(support.best, support)
    graphics = Graphics(requested)
    if graphics in offered(support):
        return Selection(graphics, support)
    protocol = BY_GRAPHICS[graphics]
    name, reason = protocol.name, dict(support.reasons)[protocol.about]
    assumed = protocol.assume(support)
    if assumed is None:
        best = support.best
        return Selection(best, support, f"No {name} here ({reason}): images are drawn as {best}.")
    return Selection(graphics, assumed, f"Whether this terminal shows {name} is not known ({reason}).")


def following(current: Graphics, support: GraphicsSupport) -> Graphics:
    """The kind after one of those that a terminal can draw with; the first after the last."""
    kinds = offered(support)
    return kinds[(kinds.index(current) + 1) % len(kinds)] if current in kinds else kinds[0]
