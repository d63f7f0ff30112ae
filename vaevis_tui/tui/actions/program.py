"""The actions that leave the point where it is: clipboard, help, graphics, and what only the palette has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from textual.app import SystemCommand

from vaevis_tui.terminal.color.colors import ColorDepth
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics
from vaevis_tui.terminal.link.clipboard import clipboard_hint, set_clipboard
from vaevis_tui.tui import keys
from vaevis_tui.tui.actions.models import ModelActions
from vaevis_tui.tui.actions.snapshots import SnapshotActions
from vaevis_tui.tui.graphics_switch import GraphicsSwitch


class ProgramActions(ModelActions, SnapshotActions):
    """What keys do besides moving."""

    _graphics: GraphicsSwitch
    _on_background: Callable[[Reply], None]
    _to_say: list[str | None]
    """Notices that wait until the graphics are known: the one on colours may not apply."""

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

    def action_help(self) -> None:
        """Show every key."""
        from vaevis_tui.tui.menus.help import HelpScreen

        self.app.push_screen(HelpScreen(keys.helps(self.active_bindings.values())))

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers and no key does: a model by its name, a renderer by its name."""
        for ref in self._decoding.known:
            name = Path(ref).name
            yield SystemCommand(f"Model {name}", f"Explore {ref}", partial(self._open_model, ref))
        for graphics, words in self._graphics.offers:
            run = partial(self._draw_with, graphics)
            yield SystemCommand(f"Graphics {graphics}", f"Draw images as {words}", run)
        yield from self.snapshot_commands()

    # Graphics

    def action_graphics(self) -> None:
        """Draw images with the next kind of graphics."""
        self.say(f"drawn as {self._graphics.cycle()}")

    def _draw_with(self, graphics: Graphics) -> None:
        self.say(f"drawn as {self._graphics.choose(graphics)}")

    def _hear(self, reply: Reply) -> None:
        if reply.kind is ReplyKind.BACKGROUND:
            self._on_background(reply)
        elif reply.kind is ReplyKind.CLIPBOARD_WRITTEN:
            self.image_copied(reply)

    def _show_graphics(self, graphics: Graphics, notice: str | None) -> None:
        self._hints.graphics = graphics
        if notice:
            self.say(notice, lasting=True)
        if not self._graphics.asking:
            colors = self._graphics.colors
            if (graphics in PROTOCOLS or colors.depth is ColorDepth.TRUECOLOR) and not colors.grey:
                self._to_say = self._to_say[:1]
            for text in filter(None, self._to_say):
                self.say(text, lasting=True)
            self._to_say = []
        self._repaint_panels()
