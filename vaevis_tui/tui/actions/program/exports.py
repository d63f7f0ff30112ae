"""Saving animations and sheets: chosen, named, written in a thread while the explorer goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.jobs.export_events import ExportEnded, ExportProgress
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.explorer.paths import completed
from vaevis_tui.reading import typed_path
from vaevis_tui.tui.actions.panels import PanelActions
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.prompts import Asker, Prompts
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.text import cut

if TYPE_CHECKING:
    from vaevis_tui.explorer.jobs.export_job import ExportJob
    from vaevis_tui.explorer.jobs.exports import Export

PURPOSE = "export"
NAME_COLUMNS = 24


class ExportActions(Asker):
    """S asks what to save and where; Esc cancels it, and leaves no file."""

    def __init__(
        self, work: Workspace, panels: PanelActions, keepsakes: KeepsakeActions, prompts: Prompts
    ) -> None:
        self._work = work
        self._panels = panels
        self._keepsakes = keepsakes
        self._prompts = prompts
        self._export: Export | None = None
        """What a name is asked for."""
        self.job: ExportJob | None = None
        """What is being saved."""
        self._percent = 0
        self._replaces: Path | None = None
        """The file that one more Enter replaces."""

    def begin(self) -> None:
        """Choose what to save."""
        if self.job is not None:
            self._work.say(f"{self.job.path.name} is being saved; Esc cancels it")
        else:
            self._keepsakes.with_keepsakes(self._open_menu)

    def _open_menu(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.explorer.jobs.exports import exports
        from vaevis_tui.tui.menus.export_menu import ExportMenu

        exploration = self._work.exploration
        if exploration is None or not self._work.screen.is_active:
            return
        view = self._work.widgets.map.view if self._panels.map_open else None
        menu = ExportMenu(exports(exploration, keepsakes.bookmarks.items, view))
        self._work.open_menu(menu, self._ask_for_name)

    def _ask_for_name(self, export: Export | None) -> None:
        exploration = self._work.exploration
        if export is None or exploration is None:
            return
        from vaevis_tui.tui.menus.export_menu import formats

        self._export, self._replaces = export, None
        path = export.free_path(self._work.settings.snapshot_dir, exploration.bundle.name)
        self._prompts.ask(LinePrompt("save as: ", PURPOSE, formats(export), str(path)), self)

    def complete(self, prompt: LinePrompt, text: str) -> None:
        """Complete the path."""
        if self._export is not None:
            prompt.text = completed(text, self._export.endings)[0]

    async def answered(self, prompt: LinePrompt, text: str) -> None:
        """Begin to save, unless a file of that name can not or should not be written."""
        export, exploration = self._export, self._work.exploration
        if export is None or exploration is None or not text.strip():
            await self._prompts.close()
            return
        path = typed_path(text.strip())
        try:
            _check(path, export, replaces=path == self._replaces)
        except FileExistsError:
            self._replaces = path
            prompt.advise("exists; Enter replaces it", wrong=True)
            return
        except UserError as error:
            prompt.advise(str(error).removeprefix(f"{path}: "), wrong=True)
            return
        await self._prompts.close()
        from vaevis_tui.explorer.jobs.export_job import ExportJob

        self._percent = 0
        self.job = ExportJob(
            self._work.settings,
            exploration,
            export,
            path,
            force=path == self._replaces,
            listener=self._work.post_event,
        )
        self._work.follow_motion()

    def take(self, event: ExportProgress | ExportEnded) -> None:
        """Part of it, or all, is saved."""
        if self.job is None:  # cancelled while this was on its way
            return
        if isinstance(event, ExportProgress):
            self._percent = event.percent
        else:
            self.close()
            if event.error is None:
                self._work.say(f"saved {event.path}", lasting=True)
            else:
                self._work.say(str(event.error), error=True)
        self._work.follow_motion()

    def cancel(self) -> bool:
        """Stop saving, and return whether anything was being saved."""
        if self.job is None:
            return False
        self._work.say(f"{self.job.path.name} was not saved")
        self.job.stop()
        self.job = None
        self._work.follow_motion()
        return True

    def close(self) -> None:
        """Leave no thread behind."""
        if self.job is not None:
            self.job.close()
            self.job = None

    @property
    def text(self) -> str:
        """What is being saved and how much of it is, for the status line; empty if nothing is."""
        if self.job is None:
            return ""
        return f"saving {cut(self.job.path.name, NAME_COLUMNS)} {self._percent} % · Esc cancels"


def _check(path: Path, export: Export, *, replaces: bool) -> None:
    """See that a file can be written before anything is made for it.

    Raises:
        UserError: The name has another ending, or the folder is not there.
        FileExistsError: Something is there that may be replaced.
    """
    from vaevis_tui.export.animation import ENDINGS
    from vaevis_tui.export.animation.files import animation_ending
    from vaevis_tui.export.files import check_free

    if export.endings == ENDINGS:
        animation_ending(path)
    elif path.suffix.lower() not in export.endings:
        raise UserError(f"{path}: a sheet is written as {' or '.join(export.endings)}")
    check_free(path, force=True)
    if path.exists() and not replaces:
        raise FileExistsError(path)
