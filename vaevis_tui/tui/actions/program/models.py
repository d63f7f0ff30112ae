"""Which model is on show: opened, chosen, opened again when its files change, or failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from textual.app import SystemCommand

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.watch import ModelWatch
from vaevis_tui.tui.actions.panels import PanelActions
from vaevis_tui.tui.actions.workspace import Workspace

PREFERRED = "wgpu"
"""The backend whose takeover needs no notice."""


class ModelActions:
    """Shows the model that `Decoding` has opened, and has it open others.

    Args:
        work: What all actions work on.
        panels: Opened with the first model.
        on_first: Called with the first model, before it is shown.
        on_shown: Called when a model is shown in place of another, or as the first.
    """

    def __init__(
        self,
        work: Workspace,
        panels: PanelActions,
        on_first: Callable[[Exploration], None],
        on_shown: Callable[[Exploration], None],
    ) -> None:
        self._work = work
        self._panels = panels
        self._on_first = on_first
        self._on_shown = on_shown
        self._watched: tuple[str, ModelWatch] | None = None

    def take_opened(self) -> None:
        """A model was opened, or another decoder for the one on show."""
        work, widgets = self._work, self._work.widgets
        former, work.model = work.model, work.decoding.model
        exploration, info = work.model.exploration, work.model.info
        assert exploration is not None
        assert info is not None
        widgets.status.opening = work.model.opening or ""
        widgets.status.backend, widgets.details.decoder = info.backend, info
        if exploration is former.exploration:
            if former.info is not None and former.info.backend != info.backend != PREFERRED:
                text = f"Fell back to {info.backend}: {info.reason}"
                work.screen.notify(text, severity="warning", timeout=10, markup=False)
            self._panels.ask_again()
            return
        if former.exploration is not None:
            former.exploration.stop_walk()
        else:
            self._say_if_cut_off()
            self._on_first(exploration)
            self._panels.open_first(exploration)
        bundle = exploration.bundle
        widgets.status.model = widgets.details.model = widgets.image_frame.titled = bundle.name
        for note in (*bundle.notes, *exploration.notes):
            work.say(note, lasting=True)
        self._panels.map_open = self._panels.map_open and bundle.latent_dim > 1
        work.lay_out()
        self._on_shown(exploration)
        work.follow_motion()

    def _say_if_cut_off(self) -> None:
        settings = self._work.settings
        if settings.sessions is not None and settings.resumed is None and settings.sessions.was_cut_off():
            self._work.say("The last session ended unexpectedly; --resume restores it.", lasting=True)

    def take_failure(self, error: Exception, ref: str | None) -> None:
        """A model could not be opened, or the last decoder of the one on show failed."""
        if self._work.exploration is None:
            self._work.screen.app.exit(return_code=2)
            return
        self._work.widgets.status.opening = self._work.decoding.model.opening or ""
        if ref is not None:
            text = f"{ref} was not opened: {error}"
            self._work.submit()  # changes were not decoded while the model was being opened
            self._panels.ask_again()
        else:
            text = f"decoding failed: {error}; m opens a model again"
        self._work.say(text, error=True)

    def choose(self) -> None:
        """Choose another model."""
        from vaevis_tui.tui.menus.model_picker import ModelPicker, entry

        exploration = self._work.exploration
        current = exploration.ref if exploration else self._work.settings.model
        entries = [entry(ref) for ref in self._work.decoding.known]
        self._work.open_menu(ModelPicker(entries, current), self._open)

    def _open(self, ref: str | None) -> None:
        if ref is not None:
            self._work.widgets.status.opening = ref
            self._work.decoding.open(ref)

    def look_at_files(self) -> None:
        """Open the model on show again if its files have changed."""
        exploration, decoding = self._work.exploration, self._work.decoding
        if exploration is None or decoding.model.opening is not None:
            return
        ref = exploration.ref
        if self._watched is None or self._watched[0] != ref:
            self._watched = (ref, ModelWatch(exploration.bundle.path))
        elif self._watched[1].changed():
            self._work.widgets.status.opening = ref
            decoding.reopen()
            self._work.say(f"{exploration.bundle.name} has changed: opened again", lasting=True)

    def commands(self) -> Iterable[SystemCommand]:
        """A command for each model that is known by name."""
        for ref in self._work.decoding.known:
            yield SystemCommand(f"Model {Path(ref).name}", f"Explore {ref}", partial(self._open, ref))
