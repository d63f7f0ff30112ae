"""What a person keeps of one model: bookmarks, directions of their own, points marked for another one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.storage.bookmarks import Bookmarks
from vaevis_tui.explorer.storage.model_data import ModelData, model_hash
from vaevis_tui.explorer.storage.own_directions import MarkedSets, OwnDirections

T = TypeVar("T")


class Keepsakes:
    """All that is kept beside one model.

    Args:
        exploration: Of the model.

    Raises:
        UserError: what is on disk cannot be read.
    """

    def __init__(self, exploration: Exploration) -> None:
        bundle = exploration.bundle
        data = ModelData(model_hash(bundle))
        self.bookmarks = Bookmarks(data, bundle.latent_dim + len(bundle.controls))
        self.directions = OwnDirections(data, bundle.latent_dim)
        self.marks = MarkedSets()
        self.latent_dim = bundle.latent_dim


class KeepsakeStore:
    """The keepsakes of every model that was explored, read when they are first asked for.

    Reading and writing take milliseconds to tenths of a second: `work` belongs into a thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Exploration, Keepsakes] = {}

    def known(self, exploration: Exploration | None) -> Keepsakes | None:
        """The keepsakes of a model, if they have been read."""
        return None if exploration is None else self._known.get(exploration)

    def work(self, exploration: Exploration, work: Callable[[Keepsakes], T]) -> T:
        """Do something with the keepsakes of a model; one thread at a time.

        Raises:
            UserError: they cannot be read; also what ``work`` raises.
        """
        with self._lock:
            if exploration not in self._known:
                self._known[exploration] = Keepsakes(exploration)
            return work(self._known[exploration])
