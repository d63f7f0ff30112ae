"""Help with every key and term, on one screen or in pages, made from the bindings: it cannot go stale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, groupby, pairwise
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
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

FRAME_COLUMNS, FRAME_ROWS = 4, 2
"""Of the border, and blanks beside the text."""

Section = tuple[str, Sequence[tuple[str, str]]]
"""A heading, and what is under it: a key or term, and what it means."""

Page = list[list[Content]]
"""Lines of each column."""


class HelpScreen(Overlay[None]):
    """Every key under its heading, then the mouse, then the terms; in pages where one has no room."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        Horizontal {
            width: auto; max-width: 100%; height: auto; max-height: 100%;
        }
        Static { height: auto; background: $surface; }
        .-next { margin-left: 2; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,question_mark,f1,q,enter", "dismiss", "Close", id="help.close", tooltip="Close the help"
        ),
        Binding(
            "right,down,pagedown,space", "page(1)", "Next page", id="help.next", tooltip="Show the next page"
        ),
        Binding(
            "left,up,pageup", "page(-1)", "Page before", id="help.previous", tooltip="Show the page before"
        ),
    ]

    def __init__(self, helps: Sequence[Help]) -> None:
        super().__init__()
        self._sections: list[Section] = [
            (group, key_lines(list(members))) for group, members in groupby(helps, lambda help_: help_.group)
        ]
        self._sections += [(MOUSE_TITLE, MOUSE), (TERMS_TITLE, TERMS)]
        self._pages: list[Page] = []
        self._page = 0

    def compose(self) -> ComposeResult:
        """Columns side by side, as many as the window has room for."""
        with Horizontal(classes="-box") as panel:
            panel.border_title = "Keys and terms"
            for index in range(COLUMNS_MOST):
                yield Static(classes="-next" if index else "")

    def on_resize(self, event: events.Resize) -> None:
        """Set the text anew for the window's size."""
        width, height = event.size
        self._pages = pages_of(self._sections, width - FRAME_COLUMNS, height - FRAME_ROWS)
        self._show_page()

    def action_page(self, places: int) -> None:
        """Show another page, if there are any yet: a key may come in the packet that opened the help."""
        if self._pages:
            self._page += places
            self._show_page()

    def on_mouse_scroll_down(self) -> None:
        """Show the next page."""
        self.action_page(1)

    def on_mouse_scroll_up(self) -> None:
        """Show the page before."""
        self.action_page(-1)

    def _show_page(self) -> None:
        count = len(self._pages)
        self._page = min(max(self._page, 0), count - 1)
        columns = self._pages[self._page]
        # All pages are as large as the largest, so that nothing jumps.
        height = max(len(column) for page in self._pages for column in page)
        for index, widget in enumerate(self.query(Static)):
            here = [page[index] for page in self._pages if index < len(page)]
            widget.display = bool(here)
            if here:
                column = columns[index] if index < len(columns) else []
                widget.styles.width = max(line.cell_length for each in here for line in each)
                widget.styles.height = height
                widget.update(Content("\n").join(column))
        pages = f"page {self._page + 1} of {count}, ← → turn, " if count > 1 else ""
        self.query_one(Horizontal).border_subtitle = f"{pages}Esc closes"

    def text(self) -> str:
        """The whole help in one column."""
        return "\n".join(line.plain for line in columns_of(self._sections, COLUMN_MOST)[0])


def pages_of(sections: Sequence[Section], width: int, height: int) -> list[Page]:
    """Columns that all fit a height: one page where that is enough, else sections after one another.

    Args:
        sections: What to set.
        width: Cells for all columns, gaps included.
        height: Lines of a page.
    """
    balanced = columns_of(sections, width)
    height = max(height, 1)
    if max(map(len, balanced)) <= height:
        return [balanced]
    columns: list[list[Content]] = [[]]
    count, each = _division(width)
    for section in sections:
        block = _block(section, each)
        if columns[-1] and len(columns[-1]) + 1 + len(block) > height:
            columns.append([])
        if columns[-1]:
            columns[-1].append(Content(""))
        columns[-1] += block
        while len(columns[-1]) > height:  # a section that is longer than a page
            columns[-1:] = [columns[-1][:height], columns[-1][height:]]
    return [columns[start : start + count] for start in range(0, len(columns), count)]


def columns_of(sections: Sequence[Section], width: int) -> list[list[Content]]:
    """Lines of each column: sections in their order, split where the highest column is lowest.

    Args:
        sections: What to set.
        width: Cells for all columns, gaps included.
    """
    count, each = _division(width)
    blocks = [_block(section, each) for section in sections]

    def columns(cuts: Sequence[int]) -> list[list[Content]]:
        ends = [0, *cuts, len(blocks)]
        groups = [blocks[start:end] for start, end in pairwise(ends)]
        return [[line for block in group for line in (*block, Content(""))][:-1] for group in groups]

    choices = combinations(range(1, len(blocks)), min(count, len(blocks)) - 1)
    return min((columns(cuts) for cuts in choices), key=lambda split: max(map(len, split)))


def _division(width: int) -> tuple[int, int]:
    """How many columns stand side by side, and the cells of each."""
    count = min(max((width + GAP) // (COLUMN_LEAST + GAP), 1), COLUMNS_MOST)
    return count, max(min((width + GAP) // count - GAP, COLUMN_MOST), 1)


def _block(section: Section, width: int) -> list[Content]:
    """A heading, and lines whose second part is wrapped beside the first."""
    heading, lines = section
    first = min(max((len(key) for key, _ in lines), default=0), KEY_MOST)
    block = [Content.styled(f"{heading:<{width}}", "$accent bold")]
    for key, meaning in lines:
        room = max(width - max(first, len(key)) - 1, 1)
        for index, part in enumerate(wrapped(meaning, room)):
            block.append(
                Content.assemble((f"{'' if index else key:<{first}}", "bold"), " ", part)
                if index == 0 or len(key) <= first
                else Content(f"{'':<{len(key)}} {part}")
            )
    return block
