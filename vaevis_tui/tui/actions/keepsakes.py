"""Bookmarks by keys: keep the point on show, list what was kept, and tell every panel of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from vaevis_tui.engine.source import Frame
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.keepsakes import Keepsakes, KeepsakeStore
from vaevis_tui.explorer.storage.bookmarks import Bookmark
from vaevis_tui.tui.actions.base import ExplorerBase

T = TypeVar("T")


class KeepsakeActions(ExplorerBase):
    """What is kept beside the model; it is read and written in a thread, and never holds up a key."""

    _store: KeepsakeStore
    _keepsakes_read: Exploration | None = None
    """The model whose keepsakes were read, or are being read."""

    @property
    def _keepsakes(self) -> Keepsakes | None:
        """Of the model on show; None until they have been read."""
        return self._store.known(self._exploration)

    def _keep(self, work: Callable[[Keepsakes], T], done: Callable[[T], object]) -> None:
        """Do something with what is kept, in a thread, then something else with what came of it, here."""
        exploration = self._exploration
        if exploration is not None:
            # A worker of Textual's is cancelled when the app is left; the loop's own threads are waited for.
            keeping = asyncio.get_running_loop().run_in_executor(
                None, partial(self._store.work, exploration, work)
            )
            keeping.add_done_callback(
                lambda kept: self.is_attached and self.call_later(self._tell_kept, exploration, kept, done)
            )

    def _tell_kept(
        self, exploration: Exploration, kept: asyncio.Future[T], done: Callable[[T], object]
    ) -> None:
        try:
            result = kept.result()
        except UserError as error:
            self.say(str(error), error=True)
            return
        if exploration is self._exploration:
            done(result)

    def _read_keepsakes(self) -> None:
        """Read what is kept of the model on show, once, and take the directions among it into the rows."""
        if self._keepsakes_read is not self._exploration:
            self._keepsakes_read = self._exploration
            self._keep(lambda keepsakes: keepsakes, self._take_keepsakes)

    def _take_keepsakes(self, keepsakes: Keepsakes) -> None:
        own = keepsakes.directions.directions
        if self._exploration is not None and len(own) and self._exploration.own_directions is not own:
            self._exploration.set_own_directions(own)
            self._show_point()
        self._follow_with_panels()

    # Bookmarks

    def _seen(self) -> Frame | None:
        """The frame of the point on show; where that is on its way, the newest frame on the screen."""
        exploration = self._exploration
        shown = [self._image.presented, self._newest]
        frames = [each for each in shown if isinstance(each, Frame) and each.tag is exploration]
        at_point = [each for each in frames if exploration and np.array_equal(each.z, exploration.point)]
        return next(iter((*at_point, *frames)), None)

    def action_bookmark(self) -> None:
        """Keep the point on show with its thumbnail."""
        frame = self._seen()
        if frame is None:
            self.say("Nothing to keep yet: the first image is on its way")
        else:
            z, image = frame.z.copy(), frame.image
            self._keep(lambda keepsakes: keepsakes.bookmarks.add(z, "", image), self._bookmark_kept)

    def _bookmark_kept(self, bookmark: Bookmark) -> None:
        self.say(f"Kept as {bookmark.name}; B lists bookmarks")
        self._follow_with_panels()

    def action_bookmarks(self) -> None:
        """List what was kept."""
        self._keep(lambda keepsakes: keepsakes, self._list_bookmarks)

    def _list_bookmarks(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.tui.menus.bookmark_list import BookmarkList

        if not self.is_active:
            return
        if not len(keepsakes.bookmarks):
            self.say("No bookmarks yet; b keeps the point on show")
            return
        self.app.push_screen(BookmarkList(self._port, keepsakes, self._keep), self._go_from_list)

    def _go_from_list(self, z: object) -> None:
        self._follow_with_panels()
        if isinstance(z, np.ndarray):
            self._change(lambda exploration: exploration.go_to(z))
