"""A list on top of the explorer that one thing is chosen from."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ScreenResultType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from vaevis_tui.tui.menus.overlay import Overlay
from vaevis_tui.tui.textual_private.lenient_screen import Options


class ChoiceList(Overlay[ScreenResultType]):
    """A heading, lines to choose from, and what the keys do; who inherits says what a choice gives.

    Args:
        heading: What is chosen.
        lines: One a choice: what it is, and what is said of it.
        advice: What the keys do.
        highlighted: The line to begin at.
    """

    DEFAULT_CSS = """
    ChoiceList {
        align: center middle;
        .-box { width: 66; max-width: 100%; height: auto; max-height: 100%; }
        OptionList, OptionList:focus {
            height: auto; max-height: 1fr; border: none; background: $surface; padding: 0; margin: 0 0 1 0;
            background-tint: transparent; scrollbar-size-vertical: 1;
        }
        .advice { color: $quiet; }
    }
    """

    def __init__(
        self, heading: str, lines: Sequence[tuple[Content, str]], advice: str, highlighted: int = 0
    ) -> None:
        super().__init__()
        self._heading = heading
        self._lines = lines
        self._advice = advice
        self._highlighted = highlighted

    def compose(self) -> ComposeResult:
        """The parts, from top to bottom."""
        with Vertical(classes="-box") as box:
            box.border_title = Content(self._heading)
            yield Options(*(Option(self._line(at)) for at in range(len(self._lines))))
            yield from self.below()
            yield Static(self._advice, classes="advice", markup=False)

    def below(self) -> Sequence[Widget]:
        """What stands between the list and the advice."""
        return ()

    def _line(self, at: int) -> Content:
        """A line; only where nothing else marks it, what is said of it is quiet."""
        what, about = self._lines[at]
        quiet = "" if at == self._highlighted else "$quiet"
        return Content.assemble(what, "  ", (about, quiet)) if about else what

    @on(OptionList.OptionHighlighted)
    def _mark(self, event: OptionList.OptionHighlighted) -> None:
        former, self._highlighted = self._highlighted, event.option_index
        for at in {former, self._highlighted}:
            event.option_list.replace_option_prompt_at_index(at, self._line(at))

    def on_mount(self) -> None:
        """Begin where one is."""
        self.query_one(OptionList).highlighted = self._highlighted
        self.query_one(OptionList).focus()
