"""Help with every key and term on one screen, made from the bindings, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, groupby, pairwise
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from vaevis_tui.tui.keys import Help
from vaevis_tui.tui.menus.help_text import MOUSE, MOUSE_TITLE, TERMS, TERMS_TITLE, key_lines
from vaevis_tui.tui.menus.overlay import Overlay
from vaevis_tui.tui.text import wrapped

COLUMN_LEAST, COLUMN_MOST, COLUMNS_MOST = 35, 56, 3
"""Cells of a column of text, and how many of them stand side by side."""
GAP = 2
KEY_MOST = 11
"""Cells of the keys at most; longer ones push their line to the right."""

Section = tuple[str, Sequence[tuple[str, str]]]
"""A heading, and what stands under it: a key or term, and what it means."""


class HelpScreen(Overlay[None]):
    """Every key under its heading, then the mouse, then the terms."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        VerticalScroll {
            width: auto; max-width: 100%; height: auto; max-height: 100%;
            background: $surface; border: round $accent; padding: 0 1;
            border-title-color: $accent; border-title-style: bold; border-title-background: $surface;
            border-subtitle-color: $quiet; border-subtitle-background: $surface;
            scrollbar-size-vertical: 1;
        }
        Horizontal { width: auto; height: auto; }
        Static { height: auto; background: $surface; }
        .-next { margin-left: 2; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,question_mark,f1,q,enter", "dismiss", "Close", id="help.close", tooltip="Close the help"
        ),
    ]

    def __init__(self, helps: Sequence[Help]) -> None:
        super().__init__()
        self._sections: list[Section] = [
            (group, key_lines(list(members))) for group, members in groupby(helps, lambda help_: help_.group)
        ]
        self._sections += [(MOUSE_TITLE, MOUSE), (TERMS_TITLE, TERMS)]

    def compose(self) -> ComposeResult:
        """Columns side by side, as many as the window has room for."""
        with VerticalScroll() as panel, Horizontal():
            panel.border_title = "Keys and terms"
            for index in range(COLUMNS_MOST):
                yield Static(classes="-next" if index else "")

    def on_mount(self) -> None:
        """Begin at the top."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Set the text anew for the window's size."""
        width, height = event.size
        columns = columns_of(self._sections, width - 5)
        for index, widget in enumerate(self.query(Static)):
            widget.display = index < len(columns)
            if index < len(columns):
                widget.styles.width = max(line.cell_length for line in columns[index])
                widget.update(Content("\n").join(columns[index]))
        scrolls = max(map(len, columns)) > height - 2
        panel = self.query_one(VerticalScroll)
        panel.border_subtitle = "↑ ↓ PgUp PgDn scroll, Esc closes" if scrolls else "Esc closes"

    def text(self) -> str:
        """The whole help in one column."""
        return "\n".join(line.plain for line in columns_of(self._sections, COLUMN_MOST)[0])


def columns_of(sections: Sequence[Section], width: int) -> list[list[Content]]:
    """Lines of each column: sections in their order, split where the highest column is lowest.

    Args:
        sections: What to set.
        width: Cells for all columns, gaps included.
    """
    count = min(max((width + GAP) // (COLUMN_LEAST + GAP), 1), COLUMNS_MOST)
    each = min((width + GAP) // count - GAP, COLUMN_MOST)
    blocks = [_block(section, each) for section in sections]

    def columns(cuts: Sequence[int]) -> list[list[Content]]:
        ends = [0, *cuts, len(blocks)]
        groups = [blocks[start:end] for start, end in pairwise(ends)]
        return [[line for block in group for line in (*block, Content(""))][:-1] for group in groups]

    choices = combinations(range(1, len(blocks)), min(count, len(blocks)) - 1)
    return min((columns(cuts) for cuts in choices), key=lambda split: max(map(len, split)))


def _block(section: Section, width: int) -> list[Content]:
    """A heading, and lines whose second part is wrapped beside the first."""
    heading, lines = section
    first = min(max((len(key) for key, _ in lines), default=0), KEY_MOST)
    block = [Content.styled(f"{heading:<{width}}", "$accent bold")]
    for key, meaning in lines:
        room = width - max(first, len(key)) - 1
        for index, part in enumerate(wrapped(meaning, room)):
            block.append(
                Content.assemble((f"{'' if index else key:<{first}}", "bold"), " ", part)
                if index == 0 or len(key) <= first
                else Content(f"{'':<{len(key)}} {part}")
            )
    return block
