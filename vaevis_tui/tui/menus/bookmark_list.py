"""The list of bookmarks: go, rename, delete, mark into the sets A and B of a direction of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.explorer.storage.bookmarks import Bookmark
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.preview_list import PreviewList


class Keep(Protocol):
    """Does something with what is kept, in a thread, then something else with what came of it."""

    def __call__(self, work: Callable[[Keepsakes], Any], done: Callable[[Any], object]) -> None:
        """Begin."""
        ...


class BookmarkList(PreviewList[NDArray[np.float32] | None]):
    """Gives the point to go to, or None.

    Args:
        port: The app's.
        keepsakes: Of the model on show.
        keep: How they are changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,B", "dismiss", "Close", id="bookmarks.close", tooltip="Stay here"),
        Binding("r", "rename", "Rename", id="bookmarks.rename", tooltip="Give the bookmark another name"),
        Binding("d,delete", "delete", "Delete", id="bookmarks.delete", tooltip="Forget the bookmark"),
        Binding("u", "restore", "Undo", id="bookmarks.restore", tooltip="Bring the deleted bookmark back"),
        Binding("a", "mark('A')", "Mark A", id="bookmarks.a", tooltip="Put into set A, or take out of it"),
        Binding("b", "mark('B')", "Mark B", id="bookmarks.b", tooltip="Put into set B, or take out of it"),
        Binding(
            "equals_sign,plus",
            "analogy",
            "A - B + this",
            id="bookmarks.analogy",
            tooltip="Go to A - B + this one",
        ),
    ]

    def __init__(self, port: TerminalPort, keepsakes: Keepsakes, keep: Keep) -> None:
        advice = (
            "Enter goes  r renames  d deletes  u brings back\na, b mark for A and B  = goes to A - B + this"
        )
        super().__init__(port, "Bookmarks", advice)
        self._keepsakes = keepsakes
        self._keep = keep
        self._removed: list[Bookmark] = []

    @property
    def current(self) -> Bookmark | None:
        """The highlighted bookmark."""
        items, index = self._keepsakes.bookmarks.items, self.highlighted
        return items[index] if index is not None and index < len(items) else None

    def on_mount(self) -> None:
        """Begin at the newest."""
        self._fill(len(self._keepsakes.bookmarks) - 1)
        self.options.focus()

    def _fill(self, highlighted: int) -> None:
        lines = []
        for bookmark in self._keepsakes.bookmarks.items:
            mark = self._keepsakes.marks.of(bookmark.z)
            lines.append(Content.assemble((f"{mark or ' '} ", "$accent bold"), bookmark.name))
        self.fill(lines, highlighted)

    @on(OptionList.OptionHighlighted)
    def _show(self) -> None:
        if self.current is not None:
            self.preview(self.current.thumbnail)

    @on(OptionList.OptionSelected)
    def _go(self) -> None:
        if self.current is not None:
            self.dismiss(self.current.z)

    def action_rename(self) -> None:
        """Ask for another name."""
        bookmark = self.current
        if bookmark is not None and not self.query(LinePrompt):
            advice = "Enter renames, Esc leaves"
            prompt = LinePrompt("name: ", "rename", advice, bookmark.name, selected=True)
            self.query_one("#box").mount(prompt)

    @on(LinePrompt.Answered)
    async def _rename(self, message: LinePrompt.Answered) -> None:
        bookmark = self.current
        if bookmark is not None and message.text.strip():
            identity, name = bookmark.id, message.text
            self._change(lambda keepsakes: keepsakes.bookmarks.rename(identity, name))
        await message.prompt.close()
        self.options.focus()

    @on(LinePrompt.Cancelled)
    async def _leave(self, message: LinePrompt.Cancelled) -> None:
        await message.prompt.close()
        self.options.focus()

    def action_delete(self) -> None:
        """Forget the bookmark; `action_restore` brings it back."""
        bookmark = self.current
        if bookmark is not None:
            self._removed.append(bookmark)
            self._change(lambda keepsakes: keepsakes.bookmarks.remove(bookmark.id))

    def action_restore(self) -> None:
        """Bring back what was deleted last."""
        if self._removed:
            bookmark = self._removed.pop()
            self._change(lambda keepsakes: keepsakes.bookmarks.restore(bookmark))

    def action_mark(self, which: Literal["A", "B"]) -> None:
        """Put into a set, or take out of it."""
        if self.current is not None:
            self._keepsakes.marks.toggle(which, self.current.z, self.current.name)
            self._fill(self.highlighted or 0)

    def action_analogy(self) -> None:
        """Go to A - B + the bookmark, of the means of both sets."""
        marks = self._keepsakes.marks
        if self.current is None:
            return
        if not marks.a or not marks.b:
            self.notify("Mark bookmarks for A and for B first (a and b)", markup=False)
            return
        self.dismiss(marks.analogy(self.current.z, self._keepsakes.latent_dim))

    def _change(self, work: Callable[[Keepsakes], object]) -> None:
        at = self.highlighted or 0
        self._keep(work, lambda _: self._fill(at) if self.is_attached else None)
