"""The renderer for a kind of graphics in a terminal."""

from __future__ import annotations

from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.protocols.registry import BY_GRAPHICS
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport
from vaevis_tui.terminal.surface import Renderer


def renderer_for(graphics: Graphics, colors: ColorMode, support: GraphicsSupport) -> Renderer:
    """A kind of graphics as a terminal has it.

    Args:
        graphics: Which, one that the terminal has.
        colors: The colours that it draws text in; greys are for images of any kind.
        support: What it has.
    """
    protocol = BY_GRAPHICS.get(graphics)
    return cell_renderer(graphics, colors) if protocol is None else protocol.renderer(colors, support)
