"""Comparing, finding rows, and directions of one's own in the running app."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from textual.widgets import Input

from tests.tui.support import ExactDecoder, Explorer, exploring
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.directions import contrast
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.tui.actions.point.rows import rows_matching
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.menus.line_prompt import LinePrompt


def decoded(explorer: Explorer, z: NDArray[np.float32]) -> NDArray[np.uint8]:
    with ExactDecoder(explorer.exploration.bundle) as decoder:
        return np.asarray(decoder.decode(z[None])[0])


def beside(explorer: Explorer) -> NDArray[np.uint8] | None:
    frame = explorer.screen.query_one("#compare-image", LiveImage).presented
    return None if frame is None else frame.image


def shows_beside(explorer: Explorer, image: NDArray[np.uint8]) -> bool:
    shown = beside(explorer)
    return shown is not None and np.array_equal(shown, image)


async def test_the_point_before_is_shown_beside_and_then_the_difference() -> None:
    async with exploring(size=(120, 36)) as explorer:
        await explorer.pilot.press("x")
        assert "Nothing to compare with" in explorer.notices
        before = explorer.exploration.z
        await explorer.press("r")
        await explorer.pilot.press("x")
        old, new = decoded(explorer, before), decoded(explorer, explorer.exploration.z)
        await explorer.until(lambda: shows_beside(explorer, old))
        await explorer.pilot.press("X")
        difference = np.abs(new.astype(int) - old).astype(np.uint8)
        await explorer.until(lambda: shows_beside(explorer, difference))
        middle = explorer.exploration.z
        await explorer.press("r")  # now the point before is another one, and so is the image
        newest = decoded(explorer, explorer.exploration.z)
        difference = np.abs(newest.astype(int) - decoded(explorer, middle)).astype(np.uint8)
        await explorer.until(lambda: shows_beside(explorer, difference))
        frame = explorer.screen.query_one("#compare-frame")
        await explorer.pilot.press("x")
        await explorer.until(lambda: not frame.display)


async def test_a_row_is_found_by_its_number_and_the_others_are_left_out() -> None:
    async with exploring() as explorer:
        before = explorer.exploration.state.selected
        await explorer.pilot.press("slash", "1")
        await explorer.pilot.pause()
        assert explorer.exploration.state.selected == 1
        assert len(explorer.screen.work.widgets.bars._order) == 7  # z1, z10 to z15
        await explorer.pilot.press("4")
        await explorer.pilot.pause()
        assert explorer.exploration.state.selected == 14
        await explorer.pilot.press("enter")
        await explorer.until(lambda: not explorer.screen.query(Input))
        assert explorer.exploration.state.selected == 14
        assert len(explorer.screen.work.widgets.bars._order) == 16
        await explorer.press("right")
        await explorer.pilot.press("slash", *"z3", "escape")
        await explorer.until(lambda: not explorer.screen.query(Input))
        assert explorer.exploration.state.selected == 14 != before
        await explorer.pilot.press("slash", *"nothing")
        await explorer.pilot.pause()
        assert explorer.screen.query_one("#find-prompt").has_class("-wrong")


async def test_a_row_of_another_set_is_found_where_this_one_has_none() -> None:
    async with exploring() as explorer:
        before = explorer.exploration.axis_set.name, explorer.exploration.state.selected
        assert before[0] == "dimensions"
        for end in ("escape", "enter"):
            await explorer.pilot.press("slash", *"axis 3")
            await explorer.until(lambda: explorer.exploration.axis_set.name == "axes")
            assert explorer.exploration.state.selected == explorer.exploration.axis_set.find("axis 3")
            assert not explorer.screen.query_one("#find-prompt").has_class("-wrong")
            await explorer.pilot.press(end)
            await explorer.until(lambda: not explorer.screen.query(Input))
            now = explorer.exploration.axis_set.name, explorer.exploration.state.selected
            assert now == before if end == "escape" else now == ("axes", 2)
        assert len(explorer.screen.work.widgets.bars._order) == 16


async def test_what_was_typed_just_before_esc_changes_nothing_any_more() -> None:
    async with exploring() as explorer:
        selected = explorer.exploration.state.selected
        for typed in ("z3", "nothing"):
            await explorer.pilot.press("slash")
            prompt = explorer.screen.query_one(LinePrompt)
            prompt.action_cancel()  # its message goes first, as that of a key right behind another
            prompt.query_one(Input).value = typed
            prompt.action_step(1)
            await explorer.until(lambda: not explorer.screen.query(Input))
            await explorer.pilot.pause()
            assert explorer.exploration.state.selected == selected
            assert len(explorer.screen.work.widgets.bars._order) == 16


async def test_arrows_choose_among_the_rows_found() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("slash", *"z1", "down", "down", "enter")
        await explorer.until(lambda: not explorer.screen.query(Input))
        rows = explorer.exploration.axis_set.matching("z1")
        assert explorer.exploration.state.selected == rows[min(rows.index(1) + 2, len(rows) - 1)]


async def test_marked_points_make_a_row_that_is_kept_and_can_be_removed() -> None:
    async with exploring(size=(200, 60)) as explorer:
        await explorer.press("r")
        a = explorer.exploration.z
        await explorer.pilot.press("left_square_bracket")
        await explorer.until(lambda: "1 in A, 0 in B" in explorer.notices)
        await explorer.press("r")
        b = explorer.exploration.z
        await explorer.pilot.press("right_square_bracket")
        await explorer.until(lambda: "1 in A, 1 in B" in explorer.notices)
        await explorer.pilot.press("D")
        await explorer.until(lambda: bool(explorer.screen.query(Input)))
        await explorer.pilot.press(*"smile", "enter")
        await explorer.until(lambda: explorer.exploration.axis_set.name == "directions")
        axes, row = explorer.exploration.axis_set, explorer.exploration.state.selected
        assert axes.axes[row].name == "smile"
        assert explorer.screen.work.widgets.bars.size.height <= 2  # it, and the head
        step = axes.step(row)
        wanted = contrast([a], [b])
        assert np.dot(step, wanted) / np.linalg.norm(step) / np.linalg.norm(wanted) > 0.99
    async with exploring() as explorer:
        await explorer.until(lambda: len(explorer.exploration.own_directions) == 1)
        z = explorer.exploration.z
        await explorer.pilot.press("tab", "tab", "delete")
        await explorer.until(lambda: len(explorer.exploration.own_directions) == 0)
        np.testing.assert_array_equal(explorer.exploration.z, z)
        await explorer.pilot.press("delete")
        assert "direction of your own" in explorer.notices


def test_of_rows_that_match_those_come_first_that_lead_to_or_from_what_is_shown() -> None:
    exploration = Exploration("mnist", open_bundle("mnist"), seed=1)
    exploration.choose_axis_set("directions")
    for label, typed, name in (("4", "9", "4 to 9"), ("9", "4", "4 to 9"), ("0", "to 7", "0 to 7")):
        exploration.next_anchor(1, label)
        rows = rows_matching(exploration, typed)
        assert exploration.axis_set.axes[rows[0]].name == name
        assert sorted(rows) == sorted(exploration.axis_set.matching(typed))
    assert rows_matching(exploration, "") == exploration.axis_set.order.tolist()
