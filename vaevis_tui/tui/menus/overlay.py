"""Screens that lie on the explorer: closed once, however often somebody asks for it.

Like `textual_private` this uses parts of Textual that are private, and is guarded by its tests.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from textual import work
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches
from textual.errors import NoWidget
from textual.geometry import Region
from textual.message import Message
from textual.screen import ModalScreen, ScreenResultType
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, OptionList

from vaevis_tui.tui.textual_private.lenient_screen import LenientScreen
from vaevis_tui.tui.textual_private.see_through import lines_below


class Overlay(LenientScreen[ScreenResultType], ModalScreen[ScreenResultType]):
    """A modal screen that ignores a second press of what closes it.

    Textual would close the screen below instead, and fail where there is none.
    """

    DEFAULT_CSS = """
    Overlay {
        background: transparent;
        .-box {
            background: $surface; border: round $accent; padding: 0 1;
            border-title-color: $accent; border-title-style: bold; border-title-background: $surface;
            border-subtitle-color: $quiet; border-subtitle-background: $surface;
        }
    }
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """What lies below, as it is, where no widget is."""
        below = lines_below(self, crop)
        return super().render_lines(crop) if below is None else below

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the screen if it is on top."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Palette(CommandPalette, LenientScreen[None]):
    """Textual's command palette, which runs a command once and takes keys before it has a list."""

    DEFAULT_CSS = """
    Palette { background: transparent; }
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """What lies below, as it is, where no widget is."""
        below = lines_below(self, crop)
        return super().render_lines(crop) if below is None else below

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close the palette if it is on top."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    async def _on_message(self, message: Message) -> None:
        if self.is_active or not isinstance(message, (Input.Submitted, OptionList.OptionSelected)):
            await super()._on_message(message)

    def _action_command_list(self, action: str) -> None:
        commands = self.query(CommandList)
        if commands and commands.first().option_count and commands.first().size:
            with suppress(KeyError):  # of a line that no window is wide enough for
                super()._action_command_list(action)

    def get_widget_at(self, x: int, y: int) -> tuple[Widget, Region]:
        """The widget at a place; the palette itself where nothing is laid out, as in a shrunk window."""
        try:
            return super().get_widget_at(x, y)
        except NoWidget:
            return self, self.region

    def _watch__list_visible(self) -> None:
        with suppress(NoMatches):  # it is being closed
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        with suppress(NoMatches):
            await super()._watch__show_busy()

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        """As Textual's, but that a palette may be closed before the search begins, or meanwhile."""
        try:
            await CommandPalette._gather_commands.__wrapped__(self, search_value)  # type: ignore[attr-defined]
        except NoMatches:
            if self.query(CommandList):
                raise
