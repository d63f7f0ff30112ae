"""Which theme is on: the one that a person chose, or else the one that suits the terminal's background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.theme import Theme

from vaevis_tui.terminal.detect.replies import Reply, is_dark
from vaevis_tui.tui.theme import DARK, LIGHT, UNREADABLE, suited


class ThemeChoice:
    """Sets the app's theme, and keeps what a person chooses.

    Args:
        app: Whose theme it is.
        chosen: A theme by name; None follows the terminal.
        keep: Is told what a person chooses, and nothing (``""``) where the terminal is followed again.
    """

    def __init__(self, app: App[Any], chosen: str | None, keep: Callable[[str], None] | None) -> None:
        for name in UNREADABLE:
            app.unregister_theme(name)
        app.register_theme(DARK)
        app.register_theme(LIGHT)
        self._app = app
        self._keep = keep
        self._suited = DARK.name
        self._unasked: str | None = None
        """A theme that was set by nobody, until the app has told that it is on."""
        self._following = chosen not in app.available_themes
        self.unknown = chosen if self._following else None
        """The name of a theme that there is not, or None."""
        app.theme = self._suited if self._following or chosen is None else chosen

    def take_background(self, reply: Reply) -> None:
        """The terminal has told its background."""
        dark = is_dark(reply)
        if dark is not None:
            self._suited = suited(dark)
            if self._following:
                self._set_suited()

    def follow(self) -> None:
        """Forget what was chosen."""
        self._following = True
        if self._keep is not None:
            self._keep("")
        self._set_suited()

    def _set_suited(self) -> None:
        if self._app.theme != self._suited:
            self._unasked = self._suited
            self._app.theme = self._suited

    def changed(self, theme: Theme) -> None:
        """The app has another theme."""
        unasked, self._unasked = self._unasked, None
        if theme.name != unasked:
            self._following = False
            if self._keep is not None:
                self._keep(theme.name)
