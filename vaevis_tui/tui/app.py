"""The Textual app: themes and commands. The screen does the rest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import ThemeProvider

from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.session_store import SessionStore
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorDepth
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.tui import keys
from vaevis_tui.tui.explorer import ExplorerScreen
from vaevis_tui.tui.images.live_app import LiveApp
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.keys.keymap import textual_keymap
from vaevis_tui.tui.menus.command_palette import Commands, by_use
from vaevis_tui.tui.menus.overlay import Palette
from vaevis_tui.tui.menus.theme_choice import ThemeChoice
from vaevis_tui.tui.signals import autosave_session, watch_terminal
from vaevis_tui.tui.theme import complete


class ExplorerApp(LiveApp[None], inherit_bindings=False):
    """Explores one latent space at a time."""

    TITLE = "vaevis-tui"
    DEFAULT_CSS = """
    ExplorerApp Palette {
        #--container, &.-ready #--container { width: 76; max-width: 100%; margin: 2 0; }
        #--input, #--input.--list-visible {
            height: 3; padding: 0; background: $surface;
            border: round $accent; border-title-color: $accent; border-subtitle-color: $quiet;
        }
        SearchIcon { display: none; }
        CommandInput, CommandInput:focus { padding: 0 1; border: none; height: 1; }
        CommandInput > .input--placeholder, CommandInput > .input--suggestion { color: $quiet; }
        #--results { background: $surface; }
        CommandList, CommandList:focus { border: none; background: $surface; max-height: 70vh; min-width: 8; }
        & > .command-palette--highlight { color: $accent; text-style: bold underline; }
        CommandList > .option-list--option { padding: 0 2; color: $foreground; }
        CommandList > .option-list--option-highlighted {
            background: $block-cursor-background; color: $block-cursor-foreground;
        }
    }
    """
    COMMANDS = {Commands}  # noqa: RUF012, as in Textual
    BINDINGS: ClassVar[list[BindingType]] = [*keys.APP]
    ENABLE_SELECT_AUTO_SCROLL = False

    def __init__(self, settings: ExplorerSettings, decoding: Decoding) -> None:
        port = TerminalPort(
            settings.link_profile.link(settings.clock),
            renderer=cell_renderer(Graphics.HALF, settings.colors),
            clock=settings.clock,
        )
        super().__init__(port)
        self._settings = settings
        self._decoding = decoding
        self.session_store = SessionStore(settings, decoding)
        self.themes = ThemeChoice(self, settings.theme, settings.keep_theme)
        self.set_keymap(textual_keymap(settings.keymap))

    def on_mount(self) -> None:
        """Do not outlive the terminal."""
        watch_terminal(self, self.session_store)
        autosave_session(self, self.session_store)
        if self.themes.unknown:
            unknown = f"Unknown theme {self.themes.unknown!r}: Ctrl+P and Theme show what there is"
            self.notify(unknown, severity="warning", timeout=8, markup=False)
        self.theme_changed_signal.subscribe(self, self.themes.changed)
        self.app_resume_signal.subscribe(self, self._repaint, immediate=True)

    def _repaint(self, _: App[object]) -> None:
        """Draw everything: after a while in the shell the terminal shows nothing of what it showed."""
        for screen in self.screen_stack:
            screen.refresh()

    def get_default_screen(self) -> Screen[None]:
        """The explorer."""
        # Sixteen colours have too few near white for a light theme to be readable in them.
        follows = self._settings.colors.depth is not ColorDepth.SIXTEEN
        listeners = (self.themes.take_background,) if follows else ()
        return ExplorerScreen(self._settings, self._decoding, self.port, *listeners)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's, with our own beside them, made readable."""
        self.theme_variables = complete(super().get_css_variables(), self.current_theme)
        return self.theme_variables

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette(id="--command-palette"))

    def search_themes(self) -> None:
        """Find a theme by its name."""
        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action, the most used first, and between them what no key does."""
        first, others, last = by_use(keys.active_helps(screen))
        yield from map(self._command, first)
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        follow = "Take the theme that suits the terminal's background, now and at each start"
        yield SystemCommand("Theme of the terminal", follow, self.themes.follow)
        if isinstance(screen, ExplorerScreen):
            yield from screen.commands()
        yield from map(self._command, (*others, *last))

    def _command(self, help_: keys.Help) -> SystemCommand:
        run = partial(self.run_action, help_.action)
        return SystemCommand(help_.name, f"{help_.explanation} ({' '.join(help_.keys)})", run)

    def _refresh_notifications(self) -> None:
        """Textual would show toasts, which cover the image; notices have a line of their own."""
        for screen in self.screen_stack:
            if isinstance(screen, ExplorerScreen):
                screen.show_notices(self._notifications)
