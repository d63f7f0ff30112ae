"""Finding a row by typing, and rows of one's own: directions from marked points."""

from __future__ import annotations

from typing import Literal

from textual import on

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.latent.axes import DIRECTIONS, AxisSet
from vaevis_tui.latent.directions import Directions
from vaevis_tui.tui.actions.keepsakes import KeepsakeActions
from vaevis_tui.tui.menus.line_prompt import LinePrompt

FIND, NAME = "find", "direction"


class RowActions(KeepsakeActions):
    """`/` finds rows; `[` and `]` mark points, `D` makes a direction of them."""

    _row_before = 0
    """Selected before a row was looked for."""

    # Rows by name

    def action_find_row(self) -> None:
        """Type the name or the number of a row."""
        if self._exploration is not None and not self._prompting:
            self._row_before = self._exploration.state.selected
            self._prompt(LinePrompt("row: ", FIND, "↑↓ choose, Enter selects, Esc leaves"))

    @on(LinePrompt.Changed, f"#{FIND}-prompt")
    def _find(self, message: LinePrompt.Changed) -> None:
        exploration = self._exploration
        if exploration is None:
            return
        rows = exploration.axis_set.matching(message.text)
        if not rows:
            message.prompt.advise("no such row", wrong=True)
            return
        self._bars.show_only(rows)
        named = _named(exploration.axis_set, message.text, rows)
        if named is not None or exploration.state.selected not in rows:
            row = rows[0] if named is None else named
            self._change(lambda here: here.select(row))
        self._show_point()

    @on(LinePrompt.Stepped, f"#{FIND}-prompt")
    def _step(self, message: LinePrompt.Stepped) -> None:
        exploration = self._exploration
        rows = exploration.axis_set.matching(message.prompt.text) if exploration else []
        if exploration is not None and exploration.state.selected in rows:
            at = rows.index(exploration.state.selected) + message.places
            row = rows[min(max(at, 0), len(rows) - 1)]
            self._change(lambda here: here.select(row))

    @on(LinePrompt.Answered, f"#{FIND}-prompt")
    async def _found(self, message: LinePrompt.Answered) -> None:
        self._show_all_rows()
        await self._close_line()

    @on(LinePrompt.Cancelled, f"#{FIND}-prompt")
    def _not_found(self) -> None:
        row = self._row_before
        self._change(lambda here: here.select(row) if row < len(here.axis_set) else None)
        self._show_all_rows()

    def _show_all_rows(self) -> None:
        self._bars.show_only(None)
        self._show_point()

    # Directions of one's own

    def action_mark(self, which: Literal["A", "B"]) -> None:
        """Put the point on show into set A or B, or take it out."""
        exploration = self._exploration
        if exploration is None:
            return
        z = exploration.z
        here = exploration.anchors.at(z)
        label = "" if here is None else exploration.anchors.anchors.labels[here]

        def mark(keepsakes: Keepsakes) -> str:
            there = keepsakes.marks.toggle(which, z, label)
            counts = f"{len(keepsakes.marks.a)} in A, {len(keepsakes.marks.b)} in B"
            return f"{f'Marked for {which}' if there else f'No longer in {which}'}: {counts}; D names it"

        self._keep(mark, self.say)

    def action_direction(self) -> None:
        """Make a row that leads from set B to set A."""
        self._keep(lambda keepsakes: keepsakes, self._ask_direction)

    def _ask_direction(self, keepsakes: Keepsakes) -> None:
        marks = keepsakes.marks
        if not marks.a:
            self.say("Mark points for A with [, and for B with ]; then D makes a direction from B to A")
            return
        start = f"B ({len(marks.b)})" if marks.b else "the mean"
        self._prompt(LinePrompt(f"name, {start} → A ({len(marks.a)}): ", NAME, "Enter makes a row of it"))

    @on(LinePrompt.Answered, f"#{NAME}-prompt")
    async def _make_direction(self, message: LinePrompt.Answered) -> None:
        await self._close_line()
        exploration, name = self._exploration, message.text.strip()
        if exploration is None or not name:
            return
        space = exploration.bundle.space

        def make(keepsakes: Keepsakes) -> Directions:
            own = keepsakes.directions.add(keepsakes.marks.direction(space), name)
            keepsakes.marks.clear()
            return own

        def show(own: Directions) -> None:
            self._take_own(own, name)
            self.say(f"{name} is a row now; Delete removes it")

        self._keep(make, show)

    def _take_own(self, own: Directions, name: str) -> None:
        def take(exploration: Exploration) -> None:
            exploration.set_own_directions(own)
            exploration.choose_axis_set(DIRECTIONS)
            row = exploration.axis_set.find(name)
            if row is not None:
                exploration.select(row)

        self._change(take)

    def action_remove_direction(self) -> None:
        """Forget the selected direction, if it is one's own."""
        exploration = self._exploration
        if exploration is None:
            return
        name = exploration.axis_set.axes[exploration.state.selected].name
        if exploration.axis_set.name != DIRECTIONS or name not in exploration.own_directions.names:
            self.say("Only a direction of your own can be removed")
            return

        def show(own: Directions) -> None:
            self._change(lambda here: here.set_own_directions(own))
            self.say(f"{name} is removed")

        self._keep(lambda keepsakes: keepsakes.directions.remove(name), show)


def _named(axes: AxisSet, text: str, rows: list[int]) -> int | None:
    """The row whose name, or the number in it, is exactly the text; or None."""
    wanted = text.strip().casefold()
    for row in rows:
        name = axes.axes[row].name.casefold()
        if wanted and wanted in (name, name.lstrip("abcdefghijklmnopqrstuvwxyz ")):
            return row
    return None
