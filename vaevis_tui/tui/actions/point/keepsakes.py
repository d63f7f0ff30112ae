"""Bookmarks by keys: keep the point on show, list what was kept, and tell every panel of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from vaevis_tui.engine.source import Frame
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.keepsakes import Keepsakes, KeepsakeStore
from vaevis_tui.explorer.storage.bookmarks import Bookmark
from vaevis_tui.tui.actions.workspace import Workspace

T = TypeVar("T")


class KeepsakeActions:
    """What is kept beside the model; it is read and written in a thread, and never holds up a key."""

    def __init__(self, work: Workspace) -> None:
        self._work = work
        self._store = KeepsakeStore()
        self._read_of: Exploration | None = None
        """The model whose keepsakes were read, or are being read."""

    @property
    def known(self) -> Keepsakes | None:
        """Of the model on show; None until they have been read."""
        return self._store.known(self._work.exploration)

    def keep(self, work: Callable[[Keepsakes], T], done: Callable[[T], object]) -> None:
        """Do something with what is kept, in a thread, then something else with the result, here."""
        exploration = self._work.exploration
        if exploration is not None:

            def finish(result: T) -> None:
                if exploration is self._work.exploration:
                    done(result)

            self._work.in_thread(partial(self._store.work, exploration, work), finish)

    def with_keepsakes(self, done: Callable[[Keepsakes], object]) -> None:
        """Do something with what is kept, here, once it has been read."""
        self.keep(lambda keepsakes: keepsakes, done)

    def read(self) -> None:
        """Read what is kept of the model on show, once, and take the directions among it into the rows."""
        if self._read_of is not self._work.exploration:
            self._read_of = self._work.exploration
            self.with_keepsakes(self._take)

    def _take(self, keepsakes: Keepsakes) -> None:
        exploration, own = self._work.exploration, keepsakes.directions.directions
        if exploration is not None and len(own) and exploration.own_directions is not own:
            exploration.set_own_directions(own)
            self._work.lay_out()  # there are more rows, which may need more room
        self._work.follow_point()

    # Bookmarks

    def _seen(self) -> Frame | None:
        """The frame of the point on show; where that is on its way, the newest frame on the screen."""
        exploration = self._work.exploration
        shown = [self._work.widgets.image.presented, self._work.newest]
        frames = [each for each in shown if isinstance(each, Frame) and each.tag is exploration]
        at_point = [each for each in frames if exploration and np.array_equal(each.z, exploration.point)]
        return next(iter((*at_point, *frames)), None)

    def bookmark(self) -> None:
        """Keep the point on show with its thumbnail."""
        frame = self._seen()
        if frame is None:
            self._work.say("Nothing to keep yet: the first image is on its way")
        else:
            z, image = frame.z.copy(), frame.image
            self.keep(lambda keepsakes: keepsakes.bookmarks.add(z, "", image), self._say_kept)

    def _say_kept(self, bookmark: Bookmark) -> None:
        self._work.say(f"Kept as {bookmark.name}; B lists bookmarks")
        self._work.follow_point()

    def list_bookmarks(self) -> None:
        """List what was kept."""
        self.with_keepsakes(self._open_list)

    def _open_list(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.tui.menus.bookmark_list import BookmarkList

        if not self._work.screen.is_active:
            return
        if not len(keepsakes.bookmarks):
            self._work.say("No bookmarks yet; b keeps the point on show")
            return
        self._work.open_menu(BookmarkList(self._work.port, keepsakes, self.keep), self._go_from_list)

    def _go_from_list(self, z: object) -> None:
        self._work.follow_point()
        if isinstance(z, np.ndarray):
            self._work.change(lambda exploration: exploration.go_to(z))
