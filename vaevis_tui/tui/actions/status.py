"""What is told of the point on show and of the frames, some times a second."""

from __future__ import annotations

import asyncio

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.typicality import Typicality
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.tui.actions.activities import ActivityActions
from vaevis_tui.tui.panels.details import rate_text


class StatusActions(ActivityActions):
    """Status line and details; how typical a point is is judged in a thread, which takes a while at first."""

    _judging: asyncio.Future[tuple[Exploration, Typicality, str]] | None = None
    _judged: object = None
    """The point that was judged last."""

    def _show_statistics(self) -> None:
        statistics = self._image.meter.snapshot()
        self._status.rate = rate_text(statistics)
        self._details.statistics = statistics
        self._details.link = self._port.link.stats()
        graphics, quality = self._port.renderer.graphics, self._image.quality
        plain = graphics is Graphics.HALF or quality != "exact"
        self._details.quality = quality if plain else f"{graphics}, exact"
        if self._exploration is not None:
            if self._walker.running:
                self._status.walk = self._activity_text()
                self._show_journey()
                self._follow_with_panels(moving=True)
            self._judge(self._exploration)
            self._read_keepsakes()

    def _judge(self, exploration: Exploration) -> None:
        """Show how typical the point is and what is near."""
        if exploration.point is not self._judged and (self._judging is None or self._judging.done()):
            self._judged = exploration.point
            loop = asyncio.get_running_loop()
            self._judging = loop.run_in_executor(None, judge, exploration)
            self._judging.add_done_callback(self._show_judgement)

    def _show_judgement(self, judged: asyncio.Future[tuple[Exploration, Typicality, str]]) -> None:
        exploration, typicality, nearest = judged.result()
        if exploration is self._exploration and self.is_attached:
            self._status.typicality, self._status.nearest = typicality, nearest


def judge(exploration: Exploration) -> tuple[Exploration, Typicality, str]:
    """How typical a point is, and the anchor nearest to it in words."""
    z = exploration.z
    typicality = exploration.typicality.judge(z)
    nearest = exploration.anchors.nearest(z, 1)
    return exploration, typicality, str(nearest[0]) if nearest else ""
