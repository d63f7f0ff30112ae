"""The search for the point of a picture: followed, told of, cancelled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.inversion_search import InversionSearch, SearchFailed, SearchProgress
from vaevis_tui.export.picture import PictureFile
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.text import cut

NAME_COLUMNS = 16


class PictureSearch:
    """One search at a time: goes to every nearer point, unless the person has gone elsewhere meanwhile.

    Args:
        work: What all actions work on.
        ended: Called when a search is over, however it ended.
    """

    def __init__(self, work: Workspace, ended: Callable[[], None]) -> None:
        self._work = work
        self._ended = ended
        self._picture: PictureFile | None = None
        self._search: InversionSearch | None = None
        self._nearest: NDArray[np.float32] | None = None
        """Where the search has led, while it goes on: who is elsewhere went there, and is not led away."""
        self._error: float | None = None
        """Root mean square difference of the nearest image so far, in levels of 255."""
        self._name = ""
        """Of the picture, where the status line shows the search."""

    @property
    def running(self) -> bool:
        """Whether a search goes on."""
        return self._nearest is not None

    def begin(self, exploration: Exploration, picture: PictureFile) -> None:
        """Search for the point of a picture, from where one is."""
        self.close()
        self._picture, self._nearest = picture, exploration.point
        self._search = InversionSearch(self._work.settings, exploration, picture, self._work.post_event)
        self._work.say(f"Searching for {picture.path} …")

    def go_to(self, exploration: Exploration, picture: PictureFile) -> None:
        """End whatever moves the point, then search, and show that in the status line."""
        self._work.change(Exploration.settle)
        self._work.change(Exploration.stop_walk)
        self._work.change(Exploration.end_journey)
        self._error, self._name = None, picture.path.name
        self.begin(exploration, picture)
        self._work.follow_motion()

    def take(self, event: SearchProgress | SearchFailed) -> None:
        """A nearer point was found, or none can be."""
        if isinstance(event, SearchFailed):
            self._end(f"Search failed: {event.error}", error=True)
        else:
            self._error = event.found.error
            self._take_progress(event)
        self._work.follow_motion()

    def _take_progress(self, progress: SearchProgress) -> None:
        shown = self._work.exploration
        if self._picture is None or self._search is None or self._nearest is None:
            return
        if progress.exploration is not shown or shown.point is not self._nearest:
            self.cancel()
            return
        self._work.change(lambda here: here.go_to(progress.found.z, "seek"))
        self._nearest = shown.point
        if progress.last:
            self._end(f"Closest match to {self._picture.path}: RMSE {progress.found.error:.0f} of 255")

    def cancel(self) -> bool:
        """Cancel the search, and return whether there was one."""
        if self._picture is None or self._search is None or self._nearest is None:
            return False
        self._search.stop()
        self._end(f"Search for {self._picture.path} cancelled")
        self._work.follow_motion()
        return True

    def _end(self, text: str, *, error: bool = False) -> None:
        self._nearest = None
        self._work.say(text, error=error, lasting=True)
        self._ended()

    def close(self) -> None:
        """Leave no thread behind."""
        if self._search is not None:
            self._search.close()
            self._search = None

    @property
    def text(self) -> str:
        """How near it is, for the status line; empty if no search goes on."""
        if not self.running or not self._name:
            return ""
        error = "" if self._error is None else f" · RMSE {self._error:.0f}"
        return f"searching {cut(self._name, NAME_COLUMNS)}{error} · Esc cancels"
