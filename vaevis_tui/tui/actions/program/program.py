"""The actions that leave everything as it is: the latent vector to the clipboard, and help."""

from __future__ import annotations

from vaevis_tui.terminal.link.clipboard import clipboard_hint, set_clipboard
from vaevis_tui.tui import keys
from vaevis_tui.tui.actions.workspace import Workspace


class ProgramActions:
    """Keys that change nothing of what is on show."""

    def __init__(self, work: Workspace) -> None:
        self._work = work

    def copy_latent(self) -> None:
        """Copy the latent vector to the clipboard of the terminal's machine."""
        work = self._work
        exploration, multiplexer = work.exploration, work.settings.link_profile.multiplexer
        if exploration is None:
            return
        work.port.write(set_clipboard(exploration.z_text, multiplexer))
        controls = ", ".join(each.name for each in exploration.bundle.controls)
        what = f"z and {controls}" if controls else "z"
        numbers = len(exploration.point)
        work.say(f"copied {what}, {numbers} raw numbers, not σ. {clipboard_hint(multiplexer)}")

    def show_help(self) -> None:
        """Show every key."""
        from vaevis_tui.tui.menus.help import HelpScreen

        screen = self._work.screen
        screen.app.push_screen(HelpScreen(keys.active_helps(screen)))
