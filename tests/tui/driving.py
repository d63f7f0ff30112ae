"""What tests of the app do in several places: keep a point, begin a journey, read the status line."""

from __future__ import annotations

from tests.tui.support import Explorer
from vaevis_tui.explorer.storage.bookmarks import Bookmark
from vaevis_tui.tui.menus.journey_menu import JourneyMenu
from vaevis_tui.tui.panels.status_line import StatusLine


def bookmarks(explorer: Explorer) -> tuple[Bookmark, ...]:
    keepsakes = explorer.screen.actions.keepsakes.known
    return keepsakes.bookmarks.items if keepsakes else ()


async def keep(explorer: Explorer, *keys: str) -> Bookmark:
    """Go somewhere by keys and bookmark it."""
    await explorer.press(*keys)
    count = len(bookmarks(explorer))
    await explorer.pilot.press("b")
    await explorer.until(lambda: len(bookmarks(explorer)) == count + 1)
    return bookmarks(explorer)[-1]


def status(explorer: Explorer) -> str:
    return str(explorer.screen.query_one(StatusLine).render())


async def begin_journey(explorer: Explorer, *keys: str) -> None:
    """Open the menu, choose by keys, and wait until it is measured."""
    await explorer.pilot.press("J")
    await explorer.until(lambda: isinstance(explorer.app.screen, JourneyMenu))
    await explorer.pilot.press(*keys, "enter")
    await explorer.until(lambda: explorer.exploration.journey is not None)
    await explorer.until(lambda: explorer.screen.actions.journeys.player._measured)
