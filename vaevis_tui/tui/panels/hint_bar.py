"""The bottom line: the few keys that matter."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from vaevis_tui.tui.keys import ALWAYS, FIRST_HINTS, HINTS, Help, active_helps

GAP = "  "


class HintBar(Widget):
    """As many hints as fit, help and quit among them; pressing one runs it."""

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
        by_id = {help_.id: help_ for help_ in self.helps}
        hints = [
            (fixed_word or self.graphics, known)
            for fixed_word, ids in (*FIRST_HINTS[self.arrows], *HINTS)
            if (known := [by_id[id_] for id_ in ids if id_ in by_id]) and (fixed_word or self.graphics)
        ]
        room = self.content_size.width + len(GAP)
        always = [hint for hint in hints if hint[1][0].id in ALWAYS]
        others = [hint for hint in hints if hint not in always]
        shown = always if sum(map(_width, always)) <= room else []
        for hint in others:
            if sum(map(_width, [*shown, hint])) > room:
                break
            shown = [*shown, hint]
        return Content(GAP).join([_hint(*hint) for hint in hints if hint in shown])


def _keys(known: list[Help]) -> str:
    firsts = [help_.keys[0] for help_ in known]
    return ("" if max(map(len, firsts)) == 1 else " ").join(firsts)


def _width(hint: tuple[str, list[Help]]) -> int:
    """Columns of a hint and the gap behind it."""
    word, known = hint
    return len(_keys(known)) + 1 + len(word) + len(GAP)


def _hint(word: str, known: list[Help]) -> Content:
    """A word behind its keys; pressing it runs the action, if it is one."""
    link = f"[@click={known[0].action}]" if len(known) == 1 else ""
    markup = f"{link}[$key b]$keys[/] $word{'[/]' if link else ''}"
    return Content.from_markup(markup, keys=_keys(known), word=word)
