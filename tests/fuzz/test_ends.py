"""Some runs of `tests.fuzz.ends`: the explorer ended in several ways, at several moments."""

from __future__ import annotations

import pytest

from tests.fuzz.ends import run_once


@pytest.mark.parametrize(
    "number",
    [
        9,  # a signal while it starts, over 150 ms
        7,  # Ctrl-C with menus open, over 600 ms
        13,  # a signal while an animation is written
    ],
)
def test_it_gives_the_terminal_back_and_keeps_the_session(number: int) -> None:
    assert run_once(1, number) is None
