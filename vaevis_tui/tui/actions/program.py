"""The actions that leave the point where it is: clipboard, graphics, help, models."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from textual.app import SystemCommand

from vaevis_tui.explorer.watch import ModelWatch
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.link.clipboard import clipboard_hint, set_clipboard
from vaevis_tui.tui import keys
from vaevis_tui.tui.actions.snapshots import SnapshotActions


class ProgramActions(SnapshotActions):
    """What keys do besides moving."""

    def action_copy(self) -> None:
        """Copy the latent vector to the clipboard of the terminal's machine."""
        exploration, multiplexer = self._exploration, self._settings.link_profile.multiplexer
        if exploration is None:
            return
        self._port.write(set_clipboard(exploration.z_text, multiplexer))
        controls = ", ".join(each.name for each in exploration.bundle.controls)
        what = f"z and {controls}" if controls else "z"
        numbers = len(exploration.point)
        self.say(f"copied {what}, {numbers} raw numbers, not σ. {clipboard_hint(multiplexer)}")

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
        yield from self.snapshot_commands()
