"""Which model is on show: chosen, taken over when it is open, opened again when its files change."""

from __future__ import annotations

from vaevis_tui.explorer.watch import ModelWatch
from vaevis_tui.tui.actions.activities import ActivityActions
from vaevis_tui.tui.panels.titled_frame import TitledFrame

PREFERRED = "wgpu"
"""The backend whose takeover needs no notice."""


class ModelActions(ActivityActions):
    """`m` lists the models; whatever was asked for, the one before goes on until another is open."""

    _image_frame: TitledFrame
    _watched: tuple[str, ModelWatch] | None = None

    def action_models(self) -> None:
        """Choose another model."""
        from vaevis_tui.tui.menus.model_picker import ModelPicker, entry

        current = self._exploration.ref if self._exploration else self._settings.model
        entries = [entry(ref) for ref in self._decoding.known]
        self.app.push_screen(ModelPicker(entries, current), self._open_model)

    def _open_model(self, ref: str | None) -> None:
        if ref is not None:
            self._status.opening = ref
            self._decoding.open(ref)

    def _take_model(self) -> None:
        former, self._model = self._model, self._decoding.model
        exploration, info = self._model.exploration, self._model.info
        assert exploration is not None
        assert info is not None
        self._status.opening = self._model.opening or ""
        self._status.backend, self._details.decoder = info.backend, info
        if exploration is former.exploration:
            if former.info is not None and former.info.backend != info.backend != PREFERRED:
                text = f"Fell back to {info.backend}: {info.reason}"
                self.notify(text, severity="warning", timeout=10, markup=False)
            return
        if former.exploration is not None:
            former.exploration.stop_walk()
        else:
            self._tell_of_session()
            if self._settings.picture is not None:
                self._search.begin(exploration, self._settings.picture)
            self._open_panels(exploration)
        bundle = exploration.bundle
        self._status.model = self._details.model = self._image_frame.titled = bundle.name
        for note in (*bundle.notes, *exploration.notes):
            self.say(note, lasting=True)
        self._map_open = self._map_open and bundle.latent_dim > 1
        self._arrange()
        if self._walk_at_start and not self._search.running:
            self._walk_at_start = False
            exploration.start_walk()
        self._follow_activities()

    def _tell_of_session(self) -> None:
        settings = self._settings
        if settings.sessions is not None and settings.resumed is None and settings.sessions.was_cut_off():
            self.say("The last session ended unexpectedly; --resume restores it.", lasting=True)

    def _take_failure(self, error: Exception, ref: str | None) -> None:
        if self._exploration is None:
            self.app.exit(return_code=2)
            return
        self._status.opening = self._decoding.model.opening or ""
        if ref is not None:
            text = f"{ref} was not opened: {error}"
            self._submit()  # changes were not decoded while the model was being opened
        else:
            text = f"decoding failed: {error}; m opens a model again"
        self.say(text, error=True)

    def look_at_files(self) -> None:
        """Open the model on show again if its files have changed."""
        exploration = self._exploration
        if exploration is None or self._decoding.model.opening is not None:
            return
        ref = exploration.ref
        if self._watched is None or self._watched[0] != ref:
            self._watched = (ref, ModelWatch(exploration.bundle.path))
        elif self._watched[1].changed():
            self._status.opening = ref
            self._decoding.reopen()
            self.say(f"{exploration.bundle.name} has changed: opened again", lasting=True)
