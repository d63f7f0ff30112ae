"""The command palette's commands, in the order in which people want them."""

from __future__ import annotations

from collections.abc import Iterable

from textual.command import DiscoveryHit, Hit, Hits
from textual.system_commands import SystemCommandsProvider

from vaevis_tui.tui.keys import Help

FIRST = (
    "walk.toggle",
    "point.random",
    "panel.map",
    "panel.strip",
    "row.next-set",
    "point.undo",
    "point.bookmark",
    "point.bookmarks",
    "program.snapshot",
    "program.export",
    "point.typical",
    "point.next",
    "value.type",
    "point.mean",
    "point.copy",
    "panel.compare",
    "journey.choose",
    "row.find",
    "panel.filmstrip",
    "panel.details",
    "program.help",
)
"""Actions by id, the most used first."""
LAST = ("row.", "value.", "point.label-", "program.suspend", "program.quit")
"""Beginnings of the ids of actions that nobody looks for in a list: arrows, digits and the way out."""

EXPLANATION_WEIGHT = 0.6
"""What a match in a command's explanation counts against one in its name."""


def by_use(helps: Iterable[Help]) -> tuple[list[Help], list[Help], list[Help]]:
    """Actions that are used most, those that are not, and those that one has a key for at hand."""
    known = {help_.id: help_ for help_ in helps if help_.id != "program.commands"}
    first = [known.pop(id_) for id_ in FIRST if id_ in known]
    last = [help_ for help_ in known.values() if help_.id.startswith(LAST)]
    return first, [help_ for help_ in known.values() if help_ not in last], last


class Commands(SystemCommandsProvider):
    """The app's commands as it orders them; found by their name, and by what they do."""

    async def discover(self) -> Hits:
        """All of them."""
        for name, explanation, run, discover in self.app.get_system_commands(self.screen):
            if discover:
                yield DiscoveryHit(name, run, help=explanation)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, explanation, run, _ in self.app.get_system_commands(self.screen):
            score = max(matcher.match(name), EXPLANATION_WEIGHT * matcher.match(explanation))
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, text=name, help=explanation)
