"""The renderer for a kind of graphics in a terminal."""

from __future__ import annotations

from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.support import GraphicsSupport
from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics
from vaevis_tui.terminal.surface import Renderer


def renderer_for(graphics: Graphics, colors: ColorMode, support: GraphicsSupport) -> Renderer:
    """A kind of graphics as a terminal has it.

    Args:
        graphics: Which, one that the terminal has.
        colors: The colours that it draws text in; greys are for images of any kind.
        support: What it has.
    """
    if graphics not in PROTOCOLS:
        return cell_renderer(graphics, colors)
    # The first image, which is text, does not wait for what these need.
    match graphics:
        case Graphics.KITTY:
            from vaevis_tui.terminal.images.kitty_renderer import KittyImages

            return KittyImages(colors, support)
        case Graphics.ITERM:
            from vaevis_tui.terminal.images.iterm2_renderer import InlineImages

            return InlineImages(colors, support)
        case _:
            from vaevis_tui.terminal.images.sixel_renderer import Sixels

            return Sixels(colors, support)
