"""Opening a picture of one's own: its path typed, completed, dropped or pasted, then searched for."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from textual import events, on

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.inversion_search import SearchFailed, SearchProgress
from vaevis_tui.explorer.paths import completed, dropped_path
from vaevis_tui.export.picture import PictureFile
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.tui.actions.compare import CompareActions
from vaevis_tui.tui.actions.journeys import JourneyActions
from vaevis_tui.tui.actions.picture_search import PictureSearch
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.text import cut

PURPOSE = "picture"
ADVICE = "Tab completes, Enter opens"
NAMES = 4
"""Names that are told when several complete a path."""
NAME_COLUMNS = 16


class PictureActions(JourneyActions, CompareActions):
    """`o` asks for a path; the picture is shown beside the nearest image that the model makes."""

    _search: PictureSearch
    _search_error: float | None = None
    """Root mean square difference of the nearest image so far, in levels of 255."""
    _search_name = ""

    def action_open_picture(self) -> None:
        """Type the path of a picture."""
        if self._exploration is not None:
            self._prompt(LinePrompt("picture: ", PURPOSE, ADVICE, placeholder="a path, or drop a file here"))

    @on(LinePrompt.CompletionAsked, f"#{PURPOSE}-prompt")
    def _complete(self, message: LinePrompt.CompletionAsked) -> None:
        text, names = completed(message.text)
        message.prompt.text = text
        if len(names) > 1:
            more = " …" if len(names) > NAMES else ""
            message.prompt.advise("  ".join(cut(name, NAME_COLUMNS) for name in names[:NAMES]) + more)
        else:
            message.prompt.advise(ADVICE if names or text == "~/" else "nothing begins so")

    @on(LinePrompt.Answered, f"#{PURPOSE}-prompt")
    async def _open_typed(self, message: LinePrompt.Answered) -> None:
        if not message.text.strip():
            await self._close_line()
            return
        path = dropped_path(message.text)
        if path is None:
            message.prompt.advise("no such file", wrong=True)
            return
        await self._close_line()
        self._open_picture(path)

    def on_paste(self, event: events.Paste) -> None:
        """Open a picture that was dropped or whose path was pasted; anything else is a latent vector."""
        path = dropped_path(event.text)
        if path is not None and self._exploration is not None:
            event.prevent_default()
            event.stop()
            self._open_picture(path)

    def _open_picture(self, path: Path) -> None:
        exploration = self._exploration
        if exploration is None:
            return
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(None, partial(_read, path, exploration.bundle))
        reading.add_done_callback(
            lambda read: self.call_later(self._begin_search, exploration, read) if self.is_attached else None
        )

    def _begin_search(
        self, exploration: Exploration, read: asyncio.Future[tuple[PictureFile, NDArray[np.uint8]]]
    ) -> None:
        try:
            picture, fitted = read.result()
        except UserError as error:
            self.say(str(error), error=True)
            return
        if exploration is not self._exploration:
            return
        self._change(Exploration.settle)
        self._change(Exploration.stop_walk)
        self._change(Exploration.end_journey)
        self._search_error, self._search_name = None, picture.path.name
        self._search.begin(exploration, picture)
        self._set_original(exploration, picture.path.name, fitted)
        self._follow_walk()

    def _take_search(self, news: SearchProgress | SearchFailed) -> None:
        if isinstance(news, SearchFailed):
            self._search.fail(news)
        else:
            self._search_error = news.found.error
            self._search.take(news, self._exploration)
        self._follow_walk()

    def action_leave_map(self) -> None:
        """Give up the search; give the arrows back to the rows."""
        if self._search.running:
            self._search.cancel()
            self._follow_walk()
        else:
            super().action_leave_map()

    def _moving_text(self) -> str:
        if not self._search.running or not self._search_name:
            return super()._moving_text()
        error = "" if self._search_error is None else f" · RMSE {self._search_error:.0f}"
        return f"searching {cut(self._search_name, NAME_COLUMNS)}{error} · Esc cancels"


def _read(path: Path, bundle: Bundle) -> tuple[PictureFile, NDArray[np.uint8]]:
    """The picture, and how it looks to the model. Called in another thread.

    Raises:
        UserError: it is no picture that can be read.
    """
    from vaevis_tui.export.picture import read_picture

    picture = read_picture(path)
    return picture, picture.fitted(bundle.image_height, bundle.image_width, grey=bundle.channels == 1)
