"""Help with every key, made from the bindings themselves, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from vaevis_tui.tui.keys import Help
from vaevis_tui.tui.overlay import Overlay

MOUSE = (
    ("drag a bar", "set its value; press its name to select only"),
    ("double click", "bring a dimension back to the mean"),
    ("wheel", "select a dimension; over the picture, move it by 0.1 σ"),
)


class HelpScreen(Overlay[None]):
    """Every key under its heading."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        VerticalScroll {
            width: 78; max-width: 100%; height: auto; max-height: 100%;
            background: $surface; padding: 1 3; border: none; scrollbar-size-vertical: 1;
        }
        Static { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,question_mark,f1,q,enter", "dismiss", "Close", id="help.close", tooltip="Close the help"
        ),
    ]

    def __init__(self, helps: Sequence[Help]) -> None:
        super().__init__()
        self._helps = helps

    def compose(self) -> ComposeResult:
        """One text, which scrolls where the window is small."""
        with VerticalScroll():
            yield Static(self.text())

    def text(self) -> Content:
        """The whole help."""
        sections = []
        key_column = max((len(" ".join(help_.keys)) for help_ in self._helps), default=0)
        for group, members in groupby(self._helps, lambda help_: help_.group):
            rows = [(" ".join(help_.keys), help_.explanation) for help_ in members]
            sections.append(_section(group, rows, key_column))
        sections.append(_section("With the mouse", MOUSE, key_column))
        closing = Content.styled(
            "Esc closes this. Values are in σ, standard deviations of the data.", "$quiet"
        )
        return Content("\n\n").join([*sections, closing])


def _section(heading: str, rows: Sequence[tuple[str, str]], key_column: int) -> Content:
    lines = [Content.styled(heading, "$accent bold")]
    lines += [
        Content.assemble((f"{keys:<{key_column}}", "bold"), "  ", (explanation, "$foreground 80%"))
        for keys, explanation in rows
    ]
    return Content("\n").join(lines)
