"""What the status line and the details say: how typical the point is, what is near, how fast frames come."""

from __future__ import annotations

from functools import partial

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.typicality import Typicality
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.panels.details import rate_text


class Judgement:
    """Asks a thread, since the first judgement of a model takes a tenth of a second."""

    def __init__(self, work: Workspace) -> None:
        self._work = work
        self._judging = False
        self._judged: object = None
        """The latent vector that was judged last."""

    def has_said(self, exploration: Exploration) -> bool:
        """Whether what is shown is about the point where one is."""
        return exploration.point is self._judged and not self._judging

    def follow(self, exploration: Exploration) -> None:
        """Show how typical the point is, what is near, and whether the selected row leaves the data."""
        self._work.widgets.status.beyond = beyond(exploration)
        if exploration.point is not self._judged and not self._judging:
            self._judged, self._judging = exploration.point, True
            self._work.in_thread(partial(judge, exploration), self._show)

    def _show(self, judged: tuple[Exploration, Typicality, str]) -> None:
        self._judging = False
        exploration, typicality, nearest = judged
        if exploration is self._work.exploration:
            status = self._work.widgets.status
            status.typicality, status.nearest = typicality, nearest


def judge(exploration: Exploration) -> tuple[Exploration, Typicality, str]:
    """How typical a point is, and the anchor nearest to it in words."""
    z = exploration.z
    typicality = exploration.typicality.judge(z)
    nearest = exploration.anchors.nearest(z, 1)
    return exploration, typicality, str(nearest[0]) if nearest else ""


def beyond(exploration: Exploration) -> str:
    """The selected row's name, where its value is beyond the data."""
    axes, row = exploration.axis_set, exploration.state.selected
    return axes.axes[row].name if exploration.anchors.is_beyond(axes, row, exploration.value) else ""


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
