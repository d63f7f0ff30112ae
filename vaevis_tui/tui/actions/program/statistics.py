"""What is known of the frames: how many a second, how they are drawn, how fast the link is."""

from __future__ import annotations

from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.panels.details import rate_text


def show_statistics(work: Workspace) -> None:
    """Show them in the status line and in the details."""
    widgets = work.widgets
    statistics = widgets.image.meter.snapshot()
    widgets.status.rate = rate_text(statistics)
    widgets.details.statistics = statistics
    widgets.details.link = work.port.link.stats()
    graphics, quality = work.port.renderer.graphics, widgets.image.quality
    plain = graphics is Graphics.HALF or quality != "exact"
    widgets.details.quality = quality if plain else f"{graphics}, exact"
