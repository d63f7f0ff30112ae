"""Opening a picture of one's own: its path typed, completed, dropped or pasted, then searched for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from textual import on

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.inversion_search import SearchFailed, SearchProgress
from vaevis_tui.explorer.jobs.picture_batch import PictureBatch, PictureFound, PicturesEnded
from vaevis_tui.explorer.paths import completed, dropped_pictures
from vaevis_tui.explorer.storage.bookmarks import NAME_LENGTH
from vaevis_tui.export.picture import PictureFile
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.text import one_line
from vaevis_tui.tui.actions.compare import CompareActions
from vaevis_tui.tui.actions.picture_search import PictureSearch
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.text import cut

PURPOSE = "picture"
ADVICE = "Tab completes, Enter opens"
NAMES = 4
"""Names that are told when several complete a path."""
NAME_COLUMNS = 16


class PictureActions(CompareActions):
    """`o` asks for a path; the picture is shown beside the nearest image that the model makes."""

    _search: PictureSearch
    _search_error: float | None = None
    """Root mean square difference of the nearest image so far, in levels of 255."""
    _search_name = ""
    _picture: tuple[Exploration, PictureFile] | None = None
    """The picture that was opened last, with its crop."""
    _cropping = False
    """Whether arrows move the crop."""
    _batch: PictureBatch | None = None
    _batch_number = 1
    """The picture that is looked at."""

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
        paths = dropped_pictures(message.text)
        if not paths:
            message.prompt.advise("no such picture", wrong=True)
            return
        await self._close_line()
        self._open_pictures(paths)

    def _open_pictures(self, paths: list[Path]) -> None:
        if len(paths) == 1:
            self._open_picture(paths[0])
        elif self._batch is not None:
            self.say("Other pictures are being looked at; Esc cancels that")
        elif self._exploration is not None:
            self._batch_number = 1
            self._batch = PictureBatch(self._settings, self._exploration, paths, self._post_event)
            self._follow_activities()

    def _take_pictures(self, event: PictureFound | PicturesEnded) -> None:
        if self._batch is None:  # cancelled while this was on its way
            return
        if isinstance(event, PictureFound):
            self._batch_number = min(event.number + 1, len(self._batch.paths))
            if event.exploration is self._exploration:
                name = one_line(event.name, NAME_LENGTH) or "picture"
                self._keep(
                    lambda keepsakes: keepsakes.bookmarks.add(event.z, name, event.image),
                    lambda _: self._follow_with_panels(),
                )
        else:
            self._close_pictures()
            if event.found:
                text = f"{event.found} pictures are bookmarks now; B lists them, J goes through them"
                self.say(text, lasting=True)
            if event.faults:
                more = f" (and {len(event.faults) - 1} more)" if len(event.faults) > 1 else ""
                self.say(event.faults[0] + more, error=True)
        self._follow_activities()

    def _close_pictures(self) -> None:
        if self._batch is not None:
            self._batch.close()
            self._batch = None

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
        self._picture = exploration, picture
        self._set_original(exploration, picture.path.name, fitted)
        self._search_for(exploration, picture)

    def _search_for(self, exploration: Exploration, picture: PictureFile) -> None:
        self._change(Exploration.settle)
        self._change(Exploration.stop_walk)
        self._change(Exploration.end_journey)
        self._search_error, self._search_name = None, picture.path.name
        self._search.begin(exploration, picture)
        self._follow_activities()

    # The crop

    def action_crop(self) -> None:
        """Choose which part of the picture is looked for."""
        exploration = self._exploration
        started_with = self._settings.picture
        if self._picture is None and exploration is not None and started_with is not None:
            self._picture = exploration, started_with
        if self._picture is None or self._picture[0] is not exploration:
            self.say("Open a picture first: o asks for one")
            return
        self._change(Exploration.end_journey)
        self._give_arrows("rows")  # they move the crop now
        if self._search.running:
            self._search.cancel()
        self._cropping = True
        self._change_crop()

    def _change_crop(self, right: float = 0.0, down: float = 0.0, zoom: float = 1.0) -> None:
        if self._picture is None:
            return
        exploration, picture = self._picture
        if exploration is not self._exploration:
            self._cropping = False
            return
        cropped = replace(picture, crop=picture.crop.changed(right, down, zoom))
        self._picture = exploration, cropped
        self._set_original(exploration, picture.path.name, _fitted(cropped, exploration.bundle))
        self._follow_activities()

    def _search_for_crop(self) -> None:
        if self._picture is not None:
            self._cropping = False
            self._search_for(*self._picture)

    def _leave_crop(self) -> None:
        self._cropping = False

    def _take_search(self, event: SearchProgress | SearchFailed) -> None:
        if isinstance(event, SearchFailed):
            self._search.fail(event)
        else:
            self._search_error = event.found.error
            self._search.take(event, self._exploration)
        self._follow_activities()

    def _give_up_pictures(self) -> None:
        if self._batch is not None:
            self._batch.stop()
            self._batch = None

    def _pictures_text(self) -> str:
        if self._batch is None:
            return ""
        return f"picture {self._batch_number} of {len(self._batch.paths)} · Esc cancels"

    def _search_text(self) -> str:
        if not self._search.running or not self._search_name:
            return ""
        error = "" if self._search_error is None else f" · RMSE {self._search_error:.0f}"
        return f"searching {cut(self._search_name, NAME_COLUMNS)}{error} · Esc cancels"


def _read(path: Path, bundle: Bundle) -> tuple[PictureFile, NDArray[np.uint8]]:
    """The picture, and how it looks to the model. Called in another thread.

    Raises:
        UserError: it is no picture that can be read.
    """
    from vaevis_tui.export.picture import read_picture

    picture = read_picture(path)
    return picture, _fitted(picture, bundle)


def _fitted(picture: PictureFile, bundle: Bundle) -> NDArray[np.uint8]:
    """The picture as the model sees it."""
    return picture.fitted(bundle.image_height, bundle.image_width, grey=bundle.channels == 1)
