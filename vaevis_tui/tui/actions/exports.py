"""Saving animations and sheets: chosen, named, written in a thread while the explorer goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.jobs.export_events import ExportEnded, ExportProgress
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.explorer.paths import completed
from vaevis_tui.tui.actions.keepsakes import KeepsakeActions
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.text import cut

if TYPE_CHECKING:
    from vaevis_tui.explorer.jobs.export_job import ExportJob
    from vaevis_tui.explorer.jobs.exports import Export

PURPOSE = "export"
NAME_COLUMNS = 24


class ExportActions(KeepsakeActions):
    """`S` asks what to save and where; Esc gives up, and leaves no file."""

    _export: Export | None = None
    """What a name is asked for."""
    _export_job: ExportJob | None = None
    _export_percent = 0
    _replaces: Path | None = None
    """The file that one more Enter replaces."""

    def action_export(self) -> None:
        """Choose what to save."""
        if self._export_job is not None:
            self.say(f"{self._export_job.path.name} is being saved; Esc cancels it")
        else:
            self._keep(lambda keepsakes: keepsakes, self._choose_export)

    def _choose_export(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.explorer.jobs.exports import exports
        from vaevis_tui.tui.menus.export_menu import ExportMenu

        exploration = self._exploration
        if exploration is None or not self.is_active:
            return
        view = self._map.view if self._map_open else None
        self.app.push_screen(
            ExportMenu(exports(exploration, keepsakes.bookmarks.items, view)), self._ask_for_name
        )

    def _ask_for_name(self, export: Export | None) -> None:
        exploration = self._exploration
        if export is None or exploration is None:
            return
        from vaevis_tui.tui.menus.export_menu import formats

        self._export, self._replaces = export, None
        path = export.free_path(self._settings.snapshot_dir, exploration.bundle.name)
        self._prompt(LinePrompt("save as: ", PURPOSE, formats(export), str(path)))

    @on(LinePrompt.CompletionAsked, f"#{PURPOSE}-prompt")
    def _complete_name(self, message: LinePrompt.CompletionAsked) -> None:
        if self._export is not None:
            message.prompt.text = completed(message.text, self._export.endings)[0]

    @on(LinePrompt.Answered, f"#{PURPOSE}-prompt")
    async def _begin_export(self, message: LinePrompt.Answered) -> None:
        export, exploration = self._export, self._exploration
        if export is None or exploration is None or not message.text.strip():
            await self._close_line()
            return
        path = Path(message.text.strip()).expanduser()
        try:
            _check(path, export, replaces=path == self._replaces)
        except FileExistsError:
            self._replaces = path
            message.prompt.advise("exists; Enter replaces it", wrong=True)
            return
        except UserError as error:
            message.prompt.advise(str(error).removeprefix(f"{path}: "), wrong=True)
            return
        await self._close_line()
        from vaevis_tui.explorer.jobs.export_job import ExportJob

        self._export_percent = 0
        self._export_job = ExportJob(
            self._settings,
            exploration,
            export,
            path,
            force=path == self._replaces,
            listener=self._post_event,
        )
        self._follow_activities()

    def _take_export(self, event: ExportProgress | ExportEnded) -> None:
        if self._export_job is None:  # cancelled while this was on its way
            return
        if isinstance(event, ExportProgress):
            self._export_percent = event.percent
        else:
            self._close_export()
            if event.error is None:
                self.say(f"saved {event.path}", lasting=True)
            else:
                self.say(str(event.error), error=True)
        self._follow_activities()

    def _give_up_export(self) -> None:
        if self._export_job is not None:
            self.say(f"{self._export_job.path.name} was not saved")
            self._export_job.stop()
            self._export_job = None

    def _close_export(self) -> None:
        if self._export_job is not None:
            self._export_job.close()
            self._export_job = None

    def _export_text(self) -> str:
        if self._export_job is None:
            return ""
        name = cut(self._export_job.path.name, NAME_COLUMNS)
        return f"saving {name} {self._export_percent} % · Esc cancels"


def _check(path: Path, export: Export, *, replaces: bool) -> None:
    """See that a file can be written before anything is made for it.

    Raises:
        UserError: The name has another ending, or the folder is not there.
        FileExistsError: Something is there that may be replaced.
    """
    from vaevis_tui.export.animation.files import ENDINGS, animation_ending
    from vaevis_tui.export.files import check_free

    if export.endings == ENDINGS:
        animation_ending(path)
    elif path.suffix.lower() not in export.endings:
        raise UserError(f"{path}: a sheet is written as {' or '.join(export.endings)}")
    check_free(path, force=True)
    if path.exists() and not replaces:
        raise FileExistsError(path)
