"""The Textual app: themes and commands. The screen does the rest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.driver import Driver
from textual.events import CursorPosition
from textual.screen import Screen
from textual.theme import Theme, ThemeProvider

from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.session_store import SessionKeeper
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.tui import keys
from vaevis_tui.tui.explorer import ExplorerScreen
from vaevis_tui.tui.keymap import textual_keymap
from vaevis_tui.tui.overlay import Palette
from vaevis_tui.tui.signals import be_ready_to_be_killed, watch_terminal
from vaevis_tui.tui.terminal_port import TerminalPort
from vaevis_tui.tui.textual_private import timed_driver_class
from vaevis_tui.tui.theme import DARK, LIGHT


class ExplorerApp(App[None], inherit_bindings=False):
    """Explores one latent space at a time."""

    TITLE = "vaevis-tui"
    DEFAULT_CSS = """
    ExplorerApp Toast { width: 44%; min-width: 34; max-width: 60; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*keys.APP]
    ENABLE_SELECT_AUTO_SCROLL = False

    def __init__(self, settings: ExplorerSettings, decoding: Decoding) -> None:
        super().__init__()
        self._settings = settings
        self._decoding = decoding
        self.keeper = SessionKeeper(settings, decoding)
        self.port = TerminalPort(
            settings.way.link(settings.clock),
            renderer=cell_renderer(Graphics.HALF, settings.colors),
            clock=settings.clock,
        )
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = settings.theme if settings.theme in self.available_themes else DARK.name
        self.set_keymap(textual_keymap(settings.keymap))

    def on_mount(self) -> None:
        """Do not outlive the terminal."""
        watch_terminal(self, self.keeper)
        be_ready_to_be_killed(self, self.keeper)
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self.app_resume_signal.subscribe(self, self._repaint, immediate=True)

    def _keep_theme(self, theme: Theme) -> None:
        if self._settings.keep_theme is not None:
            self._settings.keep_theme(theme.name)

    def _repaint(self, _: App[object]) -> None:
        """Draw everything: after a while in the shell the terminal shows nothing of what it showed."""
        for screen in self.screen_stack:
            screen.refresh()

    def on_cursor_position(self, event: CursorPosition) -> None:
        """The terminal acknowledges a frame; the event counts from 0."""
        self.port.acknowledge(event.y + 1, event.x + 1)

    def get_default_screen(self) -> Screen[None]:
        """The explorer."""
        return ExplorerScreen(self._settings, self._decoding, self.port)

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this platform, which can tell when a picture has been written."""
        return timed_driver_class(super().get_driver_class())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not name them."""
        return dict((DARK if self.current_theme.dark else LIGHT).variables)

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette(id="--command-palette"))

    def search_themes(self) -> None:
        """Find a theme by its name."""
        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action that a key has, and the theme."""
        for help_ in keys.helps(screen.active_bindings.values()):
            if help_.id != "program.commands":
                run = partial(self.run_action, help_.action)
                yield SystemCommand(help_.name, f"{help_.explanation} ({' '.join(help_.keys)})", run)
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
