"""Directions of one's own: points marked for two sets, and the row that leads from one to the other."""

from __future__ import annotations

from typing import Literal

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.latent.axes import DIRECTIONS
from vaevis_tui.latent.directions import Directions
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.prompts import Asker, Prompts
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.menus.line_prompt import LinePrompt

NAME = "direction"


class DirectionActions(Asker):
    """`[` and `]` mark points, D makes a direction of them, Delete removes it."""

    def __init__(self, work: Workspace, keepsakes: KeepsakeActions, prompts: Prompts) -> None:
        self._work = work
        self._keepsakes = keepsakes
        self._prompts = prompts

    def mark(self, which: Literal["A", "B"]) -> None:
        """Put the point on show into set A or B, or take it out."""
        exploration = self._work.exploration
        if exploration is None:
            return
        point = exploration.point.copy()
        here = exploration.anchors.at(exploration.z)
        label = "" if here is None else exploration.anchors.anchors.labels[here]

        def mark(keepsakes: Keepsakes) -> str:
            there = keepsakes.marks.toggle(which, point, label)
            counts = f"{len(keepsakes.marks.a)} in A, {len(keepsakes.marks.b)} in B"
            return f"{f'Marked for {which}' if there else f'No longer in {which}'}: {counts}; D names it"

        self._keepsakes.keep(mark, self._work.say)

    def make(self) -> None:
        """Make a row that leads from set B to set A."""
        self._keepsakes.with_keepsakes(self._ask_for_name)

    def _ask_for_name(self, keepsakes: Keepsakes) -> None:
        marks = keepsakes.marks
        if not marks.a:
            self._work.say("Mark points for A with [, and for B with ]; then D makes a direction from B to A")
            return
        start = f"B ({len(marks.b)})" if marks.b else "the mean"
        prompt = LinePrompt(f"name, {start} → A ({len(marks.a)}): ", NAME, "Enter makes a row of it")
        self._prompts.ask(prompt, self)

    async def answered(self, prompt: LinePrompt, text: str) -> None:
        """Make the direction, by the name that was typed."""
        await self._prompts.close()
        exploration, name = self._work.exploration, text.strip()
        if exploration is None or not name:
            return
        space = exploration.bundle.space

        def make(keepsakes: Keepsakes) -> Directions:
            own = keepsakes.directions.add(keepsakes.marks.direction(space), name)
            keepsakes.marks.clear()
            return own

        def show(own: Directions) -> None:
            self._show(own, name)
            self._work.say(f"{name} is a row now; Delete removes it")

        self._keepsakes.keep(make, show)

    def _show(self, own: Directions, name: str) -> None:
        def show(exploration: Exploration) -> None:
            exploration.set_own_directions(own)
            exploration.choose_axis_set(DIRECTIONS)
            row = exploration.axis_set.find(name)
            if row is not None:
                exploration.select(row)

        self._work.change(show)
        self._work.lay_out()

    def remove(self) -> None:
        """Remove the selected direction, if it is one's own."""
        exploration = self._work.exploration
        if exploration is None:
            return
        name = exploration.axis_set.axes[exploration.state.selected].name
        if exploration.axis_set.name != DIRECTIONS or name not in exploration.own_directions.names:
            self._work.say("Only a direction of your own can be removed")
            return

        def show(own: Directions) -> None:
            self._work.change(lambda here: here.set_own_directions(own))
            self._work.lay_out()
            self._work.say(f"{name} is removed")

        self._keepsakes.keep(lambda keepsakes: keepsakes.directions.remove(name), show)
