"""Writing an export while the explorer goes on: in a thread, with a decoder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vaevis_tui.api.animations import Animation
from vaevis_tui.api.model import Model
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.export_events import ExportEnded, ExportProgress
from vaevis_tui.explorer.jobs.exports import Export
from vaevis_tui.explorer.jobs.job import Job
from vaevis_tui.explorer.jobs.own_decoder import OwnDecoder
from vaevis_tui.explorer.settings import ExplorerSettings


class ExportJob(Job[ExportProgress | ExportEnded]):
    """Writes one export.

    Args:
        settings: Where decoders come from.
        exploration: Of the model.
        export: What to make.
        path: Where to.
        force: Whether a file that is there is replaced.
        listener: Called with each event in the writing thread; must only forward it.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        exploration: Exploration,
        export: Export,
        path: Path,
        *,
        force: bool,
        listener: Callable[[ExportProgress | ExportEnded], None],
    ) -> None:
        self.path = path
        self._export, self._force = export, force
        super().__init__(settings, exploration, listener, "export")

    def _work(self) -> None:
        bundle = self._exploration.bundle
        with self._decoder() as decoder:
            made = self._export.make(Model(bundle, decoder))
            if isinstance(made, Animation):
                self._save_animation(made, decoder)
            else:
                decoder.check()
                made.save(self.path, force=self._force)
        self._tell(ExportEnded(self.path))

    def _failure(self, error: Exception) -> ExportEnded:
        return ExportEnded(self.path, error)

    def _save_animation(self, animation: Animation, decoder: OwnDecoder) -> None:
        done = 0

        def count() -> None:
            nonlocal done
            decoder.check()
            before, done = done, done + 1
            if 100 * done // len(animation) > 100 * before // len(animation):
                self._tell(ExportProgress(100 * done // len(animation)))

        animation.save(
            self.path,
            title=f"{self._export.title}: {self._exploration.bundle.name}",
            force=self._force,
            on_frame=count,
            on_written=decoder.check,
        )
