"""The bottom line: the few keys that matter, and what a small window leaves out."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from vaevis_tui.tui.keys import HINTS, Help, helps

GAP = "  "


class HintBar(Widget):
    """As many hints as fit, the most important first; pressing one runs it.

    What was left out, if anything, takes the place of the hints that a small window has no room for either.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    HintBar {
        height: 1; padding: 0 1; background: $background; color: $quiet;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    helps: reactive[tuple[Help, ...]] = reactive(())
    """The actions at hand, with the keys that they have."""
    left_out: reactive[str] = reactive("")
    """What the window has no room for."""
    here: reactive[str] = reactive("")
    """The selected dimension and its value, where there are no bars to show it."""
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
        self.helps = tuple(helps(screen.active_bindings.values()))

    def render(self) -> Content:
        """Hints, or what is left out."""
        width = self.content_size.width
        notes = [note for note in (self.here, self.left_out) if note]
        used = sum(len(note) + len(GAP) for note in notes)
        by_id = {help_.id: help_ for help_ in self.helps}
        pieces: list[Content] = []
        for shown, fixed_word, ids in HINTS:
            word = fixed_word or self.graphics
            known = [by_id[id_] for id_ in ids if id_ in by_id]
            if not known or not word:
                continue
            keys = "".join(help_.keys[0] for help_ in known) if shown else known[0].keys[0]
            length = len(keys) + 1 + len(word)
            if used + length > width:
                break
            used += length + len(GAP)
            link = f"[@click={known[0].action}]" if len(known) == 1 else ""
            pieces.append(
                Content.from_markup(
                    f"{link}[$footer-key-foreground b]$keys[/] $word{'[/]' if link else ''}",
                    keys=keys,
                    word=word,
                )
            )
        texts = [Content.styled(note, "$warning") for note in notes] + pieces
        return Content(GAP).join(texts)
