"""Choosing what to save."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from vaevis_tui.explorer.jobs.exports import Export
from vaevis_tui.tui.menus.choice_list import ChoiceList


class ExportMenu(ChoiceList[Export | None]):
    """Gives what was chosen, or None.

    Args:
        exports: To choose from.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,S", "dismiss", "Close", id="export.close", tooltip="Save nothing"),
    ]

    def __init__(self, exports: Sequence[Export]) -> None:
        width = max(len(each.title) for each in exports)
        lines = [(Content(f"{each.title:<{width}}"), formats(each)) for each in exports]
        super().__init__("Save as", lines, "Enter asks for a name, Esc closes")
        self._exports = exports

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._exports[event.option_index])


def formats(export: Export) -> str:
    """What it can be written as, e.g. ``"png pdf"``."""
    return " ".join(ending[1:] for ending in export.endings)
