"""Some ends of `tests.fuzz.ends`: the explorer ended in several ways, at several moments."""

from __future__ import annotations

import pytest

from tests.fuzz.ending.moments import exploring, exporting, first_image, in_a_menu, starting
from tests.fuzz.ends import Case, by_a_mistake, by_control_c, by_signal, run_case, with_a_stalled_terminal


@pytest.mark.parametrize(
    "case",
    [
        Case(starting, by_signal, 0.15),
        Case(in_a_menu, by_control_c, 0.6),
        Case(exporting, by_signal),
        Case(exploring, with_a_stalled_terminal),
        # Before anything but Textual has asked the terminal.
        Case(first_image, by_a_mistake, 0.6, mistake=("vaevis_tui.tui.explorer:ExplorerScreen.on_resize", 0)),
    ],
    ids=str,
)
def test_it_gives_the_terminal_back_and_keeps_the_session(case: Case) -> None:
    assert run_case(case).fault is None


def test_a_mistake_in_a_menu_that_a_tour_comes_to() -> None:
    callback = "vaevis_tui.tui.menus.bookmark_list:BookmarkList.action_delete"
    outcome = run_case(Case(first_image, by_a_mistake, mistake=(callback, 0), tour="bookmarks deleted"))
    assert outcome.mistaken
    assert outcome.fault is None
