"""Selecting a row and moving along it, in the list and on the map, and finding a row by typing."""

from __future__ import annotations

import math

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.axes import AxisSet
from vaevis_tui.tui.actions.arrows import ArrowTarget
from vaevis_tui.tui.actions.panels import PanelActions
from vaevis_tui.tui.actions.prompts import Asker, Prompts
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.value_prompt import ValuePrompt

WHEEL_SIGMAS = 0.1
MAP_SIGMAS = 0.1
"""How far ↑ and ↓ go on the map."""
FIND = "find"


def chosen_step(work: Workspace, sigmas: float) -> float:
    """The step that the settings have in place of a key's: of 0.1, 1 or 0.01 either way."""
    settings = work.settings
    steps = {0.1: settings.step, 1.0: settings.coarse_step, 0.01: settings.fine_step}
    return math.copysign(steps.get(abs(sigmas), abs(sigmas)), sigmas)


class RowActions(ArrowTarget):
    """Arrows select a row and move along it; Enter asks for an exact value."""

    def __init__(self, work: Workspace) -> None:
        self._work = work

    def nudge(self, sigmas: float) -> bool:
        """Move along the selected row."""
        step = chosen_step(self._work, sigmas)
        self._work.change(lambda exploration: exploration.nudge(step))
        return True

    def select(self, places: int) -> bool:
        """Move the selection."""
        self._work.change(lambda exploration: exploration.select_by(places))
        return True

    def select_page(self, pages: int) -> bool:
        """Move the selection by as many rows as are visible."""
        return self.select(pages * self._work.widgets.bars.page)

    def select_end(self, end: int) -> bool:
        """Move the selection to the first or last row."""
        self._work.change(lambda exploration: exploration.select_by(end * len(exploration.axis_set)))
        return True

    def enter(self) -> bool:
        """Type an exact value for the selected row."""
        exploration, screen = self._work.exploration, self._work.screen
        if exploration is not None and not screen.query(ValuePrompt):
            state = exploration.state
            name, control = state.axis_set.axes[state.selected].name, state.axis_set.control(state.selected)
            screen.mount(ValuePrompt(name, state.selected, exploration.value, control))
            self._work.lay_out()
        return True

    def next_set(self, places: int) -> None:
        """Show other rows: dimensions, principal axes, directions."""
        self._work.change(lambda exploration: exploration.next_axis_set(places))

    def reset(self) -> None:
        """Put the selected row back to the mean."""
        self._work.change(lambda exploration: exploration.reset(exploration.state.selected))

    def wheel(self, turns: int) -> None:
        """The wheel over the image moves along the selected row, up (1) or down (-1)."""
        self._work.change(lambda exploration: exploration.nudge(WHEEL_SIGMAS * turns))


class MapArrows(ArrowTarget):
    """While the map has the arrows, they move on it."""

    def __init__(self, work: Workspace, panels: PanelActions) -> None:
        self._work = work
        self._panels = panels

    @property
    def _focused(self) -> bool:
        return self._panels.arrows == "map"

    def nudge(self, sigmas: float) -> bool:
        """Go left or right."""
        return self._focused and self._step(chosen_step(self._work, sigmas), 0)

    def select(self, places: int) -> bool:
        """Go up or down."""
        return self._focused and self._step(0, -MAP_SIGMAS * places)

    def select_page(self, pages: int) -> bool:
        """Zoom in or out."""
        if self._focused:
            self._work.widgets.map.zoom(-pages)
        return self._focused

    def select_end(self, end: int) -> bool:
        """Show all of the map."""
        if self._focused:
            self._work.widgets.map.fit()
        return self._focused

    def _step(self, right: float, up: float) -> bool:
        z = self._work.widgets.map.step(right, up)
        if z is not None:
            self._work.change(lambda exploration: exploration.go_to(z, ("map", right > 0, up > 0)))
        return True


class FindRow(Asker):
    """Finds a row while its name or number is typed."""

    def __init__(self, work: Workspace, prompts: Prompts) -> None:
        self._work = work
        self._prompts = prompts
        self._before = "", 0
        """Set and row that were selected."""

    def begin(self) -> None:
        """Type the name or the number of a row."""
        exploration = self._work.exploration
        if exploration is not None and not self._prompts.typing:
            self._before = exploration.axis_set.name, exploration.state.selected
            self._prompts.ask(LinePrompt("row: ", FIND, "↑↓ choose, Enter selects, Esc leaves"), self)

    def changed(self, prompt: LinePrompt, text: str) -> None:
        """Show the rows that match, of another set where this one has none, and select one of them."""
        exploration = self._work.exploration
        if exploration is None:
            return
        rows = rows_matching(exploration, text)
        other = next((each.name for each in exploration.state.sets if each.matching(text)), "")
        if not rows and other:
            self._work.change(lambda exploration: exploration.choose_axis_set(other))
            rows = rows_matching(exploration, text)
        if not rows:
            prompt.advise("no such row", wrong=True)
            return
        self._work.widgets.bars.show_only(rows)
        named = _named(exploration.axis_set, text, rows)
        if named is not None or exploration.state.selected not in rows:
            self._select(rows[0] if named is None else named)
        self._work.show_point()

    def stepped(self, prompt: LinePrompt, places: int) -> None:
        """Select the next row that matches."""
        exploration = self._work.exploration
        rows = rows_matching(exploration, prompt.text) if exploration else []
        if exploration is not None and exploration.state.selected in rows:
            at = rows.index(exploration.state.selected) + places
            self._select(rows[min(max(at, 0), len(rows) - 1)])

    def _select(self, row: int) -> None:
        self._work.change(lambda exploration: exploration.select(row))

    async def answered(self, prompt: LinePrompt, text: str) -> None:
        """The selected row is the one."""
        await self._prompts.close()

    def cancelled(self) -> None:
        """Select the row that was selected before."""

        def restore(exploration: Exploration) -> None:
            name, row = self._before
            exploration.choose_axis_set(name)
            if row < len(exploration.axis_set):
                exploration.select(row)

        self._work.change(restore)

    def closing(self) -> None:
        """Show all rows again."""
        self._work.widgets.bars.show_only(None)
        self._work.show_point()


def rows_matching(exploration: Exploration, text: str) -> list[int]:
    """Rows that match what was typed; first those that lead to or from what the image shows now."""
    axes = exploration.axis_set
    rows = axes.matching(text)
    near = exploration.anchors.nearest(exploration.z, 1) if text.strip() else []

    def leads_elsewhere(row: int) -> bool:
        axis = axes.axes[row]
        return not (axis.is_between_classes and near and near[0].label in (axis.low, axis.high))

    return sorted(rows, key=leads_elsewhere)


def _named(axes: AxisSet, text: str, rows: list[int]) -> int | None:
    """The row whose name, or the number in it, is exactly the text; or None."""
    typed = text.strip().casefold()
    for row in rows:
        name = axes.axes[row].name.casefold()
        if typed and typed in (name, name.lstrip("abcdefghijklmnopqrstuvwxyz ")):
            return row
    return None
