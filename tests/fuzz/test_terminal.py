"""Some runs of `tests.fuzz.terminal`, each with other things that a terminal says and does."""

from __future__ import annotations

import pytest

from tests.fuzz.terminal import run_once


@pytest.mark.parametrize("number", [3, 4])
def test_whatever_the_terminal_does_it_is_given_back(number: int) -> None:
    assert run_once(1, number, most=12) is None
