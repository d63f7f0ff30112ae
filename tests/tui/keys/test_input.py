"""Every key of the explorer runs a method that there is, with what it takes."""

from __future__ import annotations

import inspect

import pytest
from textual import actions
from textual.binding import Binding

from tests.tui.support import exploring
from vaevis_tui.tui import keys
from vaevis_tui.tui.actions.arrows import Arrows, ArrowTarget


async def test_every_key_runs_a_method_with_what_it_takes() -> None:
    async with exploring() as explorer:
        for binding in keys.EXPLORER:
            assert isinstance(binding, Binding)
            where, name, parameters = actions.parse(binding.action)
            assert where == "screen", binding.id
            run = getattr(explorer.screen, f"action_{name}", None)
            assert run is not None, f"{binding.id}: add a line `action_{name} = …` to tui/input_screen.py"
            inspect.signature(run).bind(*parameters)


class _Target(ArrowTarget):
    def __init__(self, *, uses: bool) -> None:
        self.uses = uses
        self.steps: list[float] = []

    def nudge(self, sigmas: float) -> bool:
        if self.uses:
            self.steps.append(sigmas)
        return self.uses


@pytest.mark.parametrize("uses", [True, False])
def test_a_key_goes_to_the_first_that_uses_it(uses: bool) -> None:
    first, second, third = _Target(uses=uses), _Target(uses=True), _Target(uses=True)
    Arrows([first, second, third]).nudge(0.1)
    assert (first.steps, second.steps, third.steps) == (([0.1], [], []) if uses else ([], [0.1], []))
