"""The medium for a kind of graphics in a terminal."""

from __future__ import annotations

from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.support import GraphicsSupport
from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics
from vaevis_tui.terminal.surface import Renderer


def medium(graphics: Graphics, colors: ColorMode, support: GraphicsSupport) -> Renderer:
    """A kind of graphics as a terminal has it.

    Args:
        graphics: Which, one that the terminal has.
        colors: The colours that it draws text in; greys are for pictures of any kind.
        support: What it has.
    """
    if graphics not in PROTOCOLS:
        return cell_renderer(graphics, colors)
    # The first picture, which is text, does not wait for what these need.
    from vaevis_tui.terminal.images.surface import InlineImages, KittyImages, Sixels

    match graphics:
        case Graphics.KITTY:
            return KittyImages(colors, support)
        case Graphics.ITERM:
            return InlineImages(colors, support)
        case _:
            return Sixels(colors, support)
