"""Opening pictures of one's own: paths typed, completed, dropped or pasted, then searched for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.picture_batch import PictureBatch, PictureFound, PicturesEnded
from vaevis_tui.explorer.paths import completed, dropped_pictures
from vaevis_tui.explorer.storage.bookmarks import NAME_LENGTH
from vaevis_tui.export.picture import PictureFile
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.text import one_line
from vaevis_tui.tui.actions.image.compare import CompareActions
from vaevis_tui.tui.actions.image.crop import CropActions, fitted
from vaevis_tui.tui.actions.image.picture_search import PictureSearch
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.prompts import Asker, Prompts
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.text import cut

PURPOSE = "picture"
ADVICE = "Tab completes, Enter opens"
NAMES = 4
"""Names that are listed when several complete a path."""
NAME_COLUMNS = 16


class PictureActions(Asker):
    """`o` asks for a path; the picture is shown beside the nearest image that the model makes.

    Several pictures become bookmarks, one after the other.
    """

    def __init__(
        self,
        work: Workspace,
        keepsakes: KeepsakeActions,
        prompts: Prompts,
        compare: CompareActions,
        crop: CropActions,
        search: PictureSearch,
    ) -> None:
        self._work = work
        self._keepsakes = keepsakes
        self._prompts = prompts
        self._compare = compare
        self._crop = crop
        self._search = search
        self.batch: PictureBatch | None = None
        """The pictures that are being searched for."""
        self._number = 1
        """The picture of the batch that is being searched for."""

    def ask_for_path(self) -> None:
        """Type the path of a picture."""
        if self._work.exploration is not None:
            prompt = LinePrompt("picture: ", PURPOSE, ADVICE, placeholder="a path, or drop a file here")
            self._prompts.ask(prompt, self)

    def complete(self, prompt: LinePrompt, text: str) -> None:
        """Complete the path, or list what completes it."""
        prompt.text, names = completed(text)
        if len(names) > 1:
            more = " …" if len(names) > NAMES else ""
            prompt.advise("  ".join(cut(name, NAME_COLUMNS) for name in names[:NAMES]) + more)
        else:
            prompt.advise(ADVICE if names or prompt.text == "~/" else "no such file")

    async def answered(self, prompt: LinePrompt, text: str) -> None:
        """Open what was typed."""
        if not text.strip():
            await self._prompts.close()
            return
        paths = dropped_pictures(text)
        if not paths:
            prompt.advise("no such picture", wrong=True)
            return
        await self._prompts.close()
        self._open(paths)

    def paste(self, text: str) -> bool:
        """Open pictures that were dropped or whose paths were pasted; returns whether there are any."""
        paths = dropped_pictures(text)
        if not paths or self._work.exploration is None:
            return False
        self._open(paths)
        return True

    def _open(self, paths: list[Path]) -> None:
        if len(paths) == 1:
            self._open_one(paths[0])
        elif self.batch is not None:
            self._work.say("Other pictures are being searched for; Esc cancels that")
        elif self._work.exploration is not None:
            self._number = 1
            self.batch = PictureBatch(
                self._work.settings, self._work.exploration, paths, self._work.post_event
            )
            self._work.follow_motion()

    def take(self, event: PictureFound | PicturesEnded) -> None:
        """A picture of the batch was found, or all are done."""
        if self.batch is None:  # cancelled while this was on its way
            return
        if isinstance(event, PictureFound):
            self._number = min(event.number + 1, len(self.batch.paths))
            if event.exploration is self._work.exploration:
                name = one_line(event.name, NAME_LENGTH) or "picture"
                self._keepsakes.keep(
                    lambda keepsakes: keepsakes.bookmarks.add(event.z, name, event.image),
                    lambda _: self._work.follow_point(),
                )
        else:
            self.close()
            if event.found:
                text = f"{event.found} pictures are bookmarks now; B lists them, J goes through them"
                self._work.say(text, lasting=True)
            if event.faults:
                more = f" (and {len(event.faults) - 1} more)" if len(event.faults) > 1 else ""
                self._work.say(event.faults[0] + more, error=True)
        self._work.follow_motion()

    def cancel(self) -> bool:
        """Stop searching for the batch, and return whether there is one."""
        if self.batch is None:
            return False
        self.batch.stop()
        self.batch = None
        self._work.follow_motion()
        return True

    def close(self) -> None:
        """Leave no thread behind."""
        if self.batch is not None:
            self.batch.close()
            self.batch = None

    @property
    def text(self) -> str:
        """How far the batch is, for the status line; empty if there is none."""
        if self.batch is None:
            return ""
        return f"picture {self._number} of {len(self.batch.paths)} · Esc cancels"

    def _open_one(self, path: Path) -> None:
        exploration = self._work.exploration
        if exploration is not None:
            self._work.in_thread(partial(_read, path, exploration.bundle), partial(self._show, exploration))

    def _show(self, exploration: Exploration, read: tuple[PictureFile, NDArray[np.uint8]]) -> None:
        if exploration is not self._work.exploration:
            return
        picture, image = read
        self._crop.set_picture(exploration, picture)
        self._compare.set_original(exploration, picture.path.name, image)
        self._search.go_to(exploration, picture)


def _read(path: Path, bundle: Bundle) -> tuple[PictureFile, NDArray[np.uint8]]:
    """The picture, and how it looks to the model. Called in another thread.

    Raises:
        UserError: it is no picture that can be read.
    """
    from vaevis_tui.export.picture import read_picture

    picture = read_picture(path)
    return picture, fitted(picture, bundle)
