"""Following the search for the point of a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.inversion_search import InversionSearch, SearchFailed, SearchProgress
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.export.picture import PictureFile


class Say(Protocol):
    """Tells something in a notice."""

    def __call__(self, text: str, *, error: bool = False, lasting: bool = False) -> None:
        """Show the text."""
        ...


class PictureSearch:
    """One search at a time: goes to every nearer point, unless the person has gone elsewhere meanwhile.

    Args:
        settings: Where decoders come from.
        post: Passes on, to the event loop, what the thread that searches tells.
        change: Lets something change the exploration on show.
        say: Tells how it ended.
        ended: Called when a search is over, however it ended.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        post: Callable[[SearchProgress | SearchFailed], None],
        change: Callable[[Callable[[Exploration], object]], None],
        say: Say,
        ended: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._post = post
        self._change = change
        self._say = say
        self._ended = ended
        self._picture: PictureFile | None = None
        self._search: InversionSearch | None = None
        self._nearest: NDArray[np.float32] | None = None
        """Where the search has led, while it goes on: who is elsewhere went there, and is not led away."""

    @property
    def running(self) -> bool:
        """Whether a search goes on."""
        return self._nearest is not None

    def begin(self, exploration: Exploration, picture: PictureFile) -> None:
        """Search for the point of a picture, from where one is."""
        self.close()
        self._picture, self._nearest = picture, exploration.point
        self._search = InversionSearch(self._settings, exploration, picture, self._post)
        self._say(f"Searching for {picture.path} …")

    def take(self, found: SearchProgress, shown: Exploration | None) -> None:
        """A nearer point was found."""
        if self._picture is None or self._search is None or self._nearest is None:
            return
        if found.exploration is not shown or shown.point is not self._nearest:
            self.cancel()
            return
        self._change(lambda here: here.go_to(found.found.z, "seek"))
        self._nearest = shown.point
        if found.last:
            self._end(f"Closest match to {self._picture.path}: RMSE {found.found.error:.0f} of 255")

    def fail(self, failed: SearchFailed) -> None:
        """Nothing could be searched for."""
        self._end(f"Search failed: {failed.error}", error=True)

    def cancel(self) -> None:
        """Give up."""
        if self._picture is not None and self._search is not None and self._nearest is not None:
            self._search.stop()
            self._end(f"Search for {self._picture.path} cancelled")

    def _end(self, text: str, *, error: bool = False) -> None:
        self._nearest = None
        self._say(text, error=error, lasting=True)
        self._ended()

    def close(self) -> None:
        """Leave no thread behind."""
        if self._search is not None:
            self._search.close()
            self._search = None
