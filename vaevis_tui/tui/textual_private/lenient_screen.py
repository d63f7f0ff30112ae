"""Screens for which what comes before their widgets are there, or after they have gone, is no error."""

from __future__ import annotations

from typing import Literal

from textual.css.query import NoMatches
from textual.geometry import Offset, Size
from textual.message import Message
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget
from textual.widgets import OptionList


class LenientScreen(Screen[ScreenResultType]):
    """A screen that leaves alone what finds none of its widgets, because it opens or closes just now."""

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """The widget that a press meets: none where the one that is still drawn there has been removed."""
        widget, offset = super().get_widget_and_offset_at(x, y)
        return (widget, offset) if widget is None or widget.is_attached else (None, None)

    def _screen_resized(self, size: Size) -> None:
        """Lay out for the window as it is, whatever it was when the message came.

        A layout for another size than the last posts its size again: two sizes that wait together would
        follow each other for ever.
        """
        super()._screen_resized(self.app.size)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No action of a screen without widgets."""
        return super().check_action(action, parameters) if self._has_widgets else False

    async def _on_message(self, message: Message) -> None:
        try:
            await super()._on_message(message)
        except NoMatches:
            if self._has_widgets:
                raise

    @property
    def _has_widgets(self) -> bool:
        """Whether there are any beside Textual's own, which are there from the beginning to the end.

        They go one by one where the screen is closed.
        """
        return (
            self.is_attached
            and not (self._pruning or self._closing)
            and any(not child.has_class("-textual-system") for child in self.children)
        )


class Options(OptionList):
    """A list of which no page is turned while it has no lines, as in a window that is too narrow for any."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if (self.highlighted or 0) in self._index_to_line:
            super()._move_page(direction)
