"""The actions that leave the point where it is: clipboard, graphics, help, models, snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from textual.app import SystemCommand

from vaevis_tui.engine.source import Frame
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.watch import ModelWatch
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.link.clipboard import clipboard_hint, set_clipboard
from vaevis_tui.tui import keys
from vaevis_tui.tui.actions.base import ExplorerBase
from vaevis_tui.tui.textual_private.driver import write_out


class ProgramActions(ExplorerBase):
    """What keys do besides moving."""

    def action_copy(self) -> None:
        """Copy the latent vector to the clipboard of the terminal's machine."""
        exploration, multiplexer = self._exploration, self._settings.way.multiplexer
        if exploration is None:
            return
        write_out(self.app, set_clipboard(exploration.z_text, multiplexer))
        self.say(f"copied z, {len(exploration.z)} raw numbers, not σ. {clipboard_hint(multiplexer)}")

    def action_graphics(self) -> None:
        """Draw images with the next kind of graphics."""
        self.say(f"drawn as {self._graphics.cycle()}")

    def _draw_with(self, graphics: Graphics) -> None:
        self.say(f"drawn as {self._graphics.choose(graphics)}")

    def action_help(self) -> None:
        """Show every key."""
        from vaevis_tui.tui.menus.help import HelpScreen

        self.app.push_screen(HelpScreen(keys.helps(self.active_bindings.values())))

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

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers and no key does: a model by its name, a renderer by its name."""
        for ref in self._decoding.known:
            name = Path(ref).name
            yield SystemCommand(f"Model {name}", f"Explore {ref}", partial(self._open_model, ref))
        for graphics, words in self._graphics.offers:
            run = partial(self._draw_with, graphics)
            yield SystemCommand(f"Graphics {graphics}", f"Draw images as {words}", run)
        for caption, name, what in (
            (True, "Snapshot with caption", "Save the image with model, z and seed written below it"),
            (False, "Snapshot without caption", "Save the image alone"),
        ):
            if caption != self._settings.caption:
                yield SystemCommand(name, what, partial(self.action_snapshot, caption))

    def action_snapshot(self, caption: bool | None = None) -> None:
        """Save the image on show, with a caption or as the settings say; nothing stops for it."""
        frame = self._image.presented or self._newest
        if not isinstance(frame, Frame) or not isinstance(frame.tag, Exploration) or self._info is None:
            return
        # A worker of Textual's is cancelled when the app is left; the loop's own threads are waited for.
        captioned = self._settings.caption if caption is None else caption
        save = partial(
            _save, self._settings.snapshot_dir, frame.tag.bundle, frame, self._info.backend, captioned
        )
        saving = asyncio.get_running_loop().run_in_executor(None, save)
        saving.add_done_callback(lambda saved: self.call_later(self._tell_saved, saved))

    def _tell_saved(self, saved: asyncio.Future[Path]) -> None:
        try:
            path = saved.result()
        except UserError as error:
            self.say(f"no snapshot: {error} (--snapshot-dir DIR)", error=True)
        else:
            self.say(f"saved {path}")


def _save(folder: Path, bundle: Bundle, frame: Frame, backend: str, caption: bool) -> Path:
    """Called in another thread."""
    from vaevis_tui.explorer.snapshots import save

    return save(folder, bundle, frame.z, frame.image, backend, caption=caption)
