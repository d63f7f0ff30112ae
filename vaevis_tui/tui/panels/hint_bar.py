"""The bottom line: the few keys that matter."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from vaevis_tui.tui.keys import FIRST_HINTS, HINTS, Help, active_helps

GAP = "  "


class HintBar(Widget):
    """As many hints as fit, the most important first; pressing one runs it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    HintBar {
        height: 1; padding: 0 1; background: $background; color: $quiet;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    helps: reactive[tuple[Help, ...]] = reactive(())
    """The actions at hand, with the keys that they have."""
    arrows: reactive[str] = reactive("rows")
    """What the arrows move in, of `FIRST_HINTS`."""
    graphics: reactive[str] = reactive("")
    """What pictures are drawn with: the word of the hint that tells the key to change it."""

    def __init__(self) -> None:
        super().__init__()
        self.auto_links = False  # a hint is pressed like a link, but need not look like one

    def on_mount(self) -> None:
        """Follow keys that are given other meanings."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self._follow(self.screen)

    def _follow(self, screen: Screen[Any]) -> None:
        self.helps = tuple(active_helps(screen))

    def render(self) -> Content:
        """As many as fit."""
        width = self.content_size.width
        used = 0
        by_id = {help_.id: help_ for help_ in self.helps}
        pieces: list[Content] = []
        for fixed_word, ids in (*FIRST_HINTS[self.arrows], *HINTS):
            word = fixed_word or self.graphics
            known = [by_id[id_] for id_ in ids if id_ in by_id]
            if not known or not word:
                continue
            firsts = [help_.keys[0] for help_ in known]
            keys = ("" if max(map(len, firsts)) == 1 else " ").join(firsts)
            length = len(keys) + 1 + len(word)
            if used + length > width:
                break
            used += length + len(GAP)
            link = f"[@click={known[0].action}]" if len(known) == 1 else ""
            pieces.append(
                Content.from_markup(
                    f"{link}[$key b]$keys[/] $word{'[/]' if link else ''}",
                    keys=keys,
                    word=word,
                )
            )
        return Content(GAP).join(pieces)
