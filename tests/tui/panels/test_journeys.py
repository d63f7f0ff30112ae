"""Journeys in the running app: they move, are scrubbed, and are one step to undo."""

from __future__ import annotations

import numpy as np

from tests.tui.driving import begin_journey, keep, status
from tests.tui.support import exploring
from vaevis_tui.tui.panels.scrubber import Scrubber


async def test_a_tour_plays_to_its_end_and_is_one_step_to_undo() -> None:
    async with exploring(size=(120, 36)) as explorer:
        stops = [await keep(explorer, "r") for _ in range(3)]
        await explorer.press("r")
        before = explorer.exploration.z
        await begin_journey(explorer)
        await explorer.until(lambda: "❚❚ tour 3 of 3 · 100 %" in status(explorer))
        assert not explorer.screen.actions.walk.walker.running, "nothing is decoded any more"
        await explorer.settle()
        np.testing.assert_array_equal(explorer.exploration.z, stops[-1].z)
        await explorer.press("u")
        np.testing.assert_array_equal(explorer.exploration.z, before)
        assert explorer.exploration.journey is None
        assert "tour" not in status(explorer)


async def test_a_journey_is_paused_scrubbed_stepped_and_ended() -> None:
    async with exploring(size=(120, 36)) as explorer:
        first = await keep(explorer, "r")
        second = await keep(explorer, "r")
        await keep(explorer, "r")
        await explorer.press("r")
        await begin_journey(explorer)
        if explorer.screen.actions.journeys.player.playing(explorer.exploration):
            await explorer.pilot.press("space")
        await explorer.press("shift+left", "shift+left", "shift+left", "shift+right")
        np.testing.assert_array_equal(explorer.exploration.z, second.z)
        assert "❚❚ tour 2 of 3 · " in status(explorer)
        await explorer.press("shift+left")
        np.testing.assert_array_equal(explorer.exploration.z, first.z)
        assert "❚❚ tour 1 of 3 · 0 %" in status(explorer)
        await explorer.press("right", "right")
        assert abs(explorer.exploration.journey_position - 0.02) < 1e-9
        assert "· 2 %" in status(explorer)
        here = explorer.exploration.z
        await explorer.press("escape")
        assert explorer.exploration.journey is None
        np.testing.assert_array_equal(explorer.exploration.z, here)
        selected = explorer.exploration.state.selected
        await explorer.press("right")  # along the row again
        assert explorer.exploration.z[selected] != here[selected]
        assert "%" not in status(explorer).split("typical")[0]


async def test_the_mouse_scrubs_plays_and_pauses() -> None:
    async with exploring(size=(120, 36)) as explorer:
        first, _, third = [await keep(explorer, "r") for _ in range(3)]
        await explorer.press("r")
        scrubber = explorer.screen.query_one(Scrubber)
        assert not scrubber.display
        await begin_journey(explorer)
        await explorer.until(lambda: scrubber.display)
        width = scrubber.size.width
        await explorer.pilot.mouse_down(scrubber, offset=(width - 1, 0))
        await explorer.settle()
        np.testing.assert_array_equal(explorer.exploration.z, third.z)
        await explorer.pilot.hover(scrubber, offset=(1, 0))
        await explorer.pilot.mouse_up(scrubber, offset=(1, 0))
        await explorer.settle()
        np.testing.assert_array_equal(explorer.exploration.z, first.z)
        assert str(scrubber.render()).count("◆") == 2  # the handle is on the third
        assert not explorer.screen.actions.journeys.player.playing(explorer.exploration)
        await explorer.pilot.click(scrubber, offset=(1, 0))
        assert explorer.screen.actions.journeys.player.playing(explorer.exploration)
        await explorer.pilot.press("escape")
        await explorer.until(lambda: not scrubber.display)


async def test_a_loop_goes_on_and_anything_else_ends_it() -> None:
    async with exploring(size=(120, 36)) as explorer:
        await keep(explorer, "r")
        await keep(explorer, "r")
        await begin_journey(explorer, "l", "e", "e")
        journey = explorer.exploration.journey
        assert journey is not None
        assert journey.loop
        assert journey.ease == "stops"
        await explorer.until(lambda: explorer.exploration.journey_position > 0.6)
        await explorer.until(lambda: explorer.exploration.journey_position < 0.4)
        await explorer.press("r")
        assert explorer.exploration.journey is None
        assert not explorer.screen.actions.walk.walker.running


async def test_without_bookmarks_a_journey_tells_how_to_get_one() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("space")
        await explorer.until(lambda: "goes through bookmarks" in explorer.notices)
