"""The actions of keys and pointer that change where one is."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.notation import parse_latent
from vaevis_tui.latent.state import clipping_note
from vaevis_tui.tui.actions.base import ExplorerBase
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels.latent_bars import LatentBars
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.strip_panel import StripPanel

WHEEL_SIGMAS = 0.1


class PointActions(ExplorerBase):
    """Rows and values, undo, anchors, and what the pointer does to them."""

    def action_next_axes(self, places: int) -> None:
        """Show other rows: dimensions, principal axes, directions."""
        self._change(lambda exploration: exploration.next_axis_set(places))

    def action_reset(self) -> None:
        """Put the selected row back to the mean."""
        self._change(lambda exploration: exploration.reset(exploration.state.selected))

    def action_reset_all(self) -> None:
        """Go to the mean."""
        self._change(lambda exploration: exploration.reset_all())

    def action_random(self) -> None:
        """Go to a random point."""
        self._change(lambda exploration: exploration.random())

    def action_pull_back(self) -> None:
        """Go to where data are."""
        self._change_or_say(Exploration.pull_back, "Already as typical as half of the data")

    def action_undo(self) -> None:
        """Before the last change."""
        self._change_or_say(Exploration.undo, "Nothing to undo")

    def action_redo(self) -> None:
        """Again what was undone."""
        self._change_or_say(Exploration.redo, "Nothing to redo")

    def _change_or_say(self, step: Callable[[Exploration], bool], text: str) -> None:
        def change(exploration: Exploration) -> None:
            if not step(exploration):
                self.say(text)

        self._change(change)

    # Anchors

    def action_label(self, label: str) -> None:
        """Go to an anchor of a label, or to the next of it."""
        self._go_to_anchor(1, label)

    def action_anchor(self, places: int) -> None:
        """Go to the next anchor, or to one before."""
        self._go_to_anchor(places, None)

    def _go_to_anchor(self, places: int, label: str | None) -> None:
        def change(exploration: Exploration) -> None:
            if exploration.next_anchor(places, label) is None:
                name = exploration.bundle.name
                what = f"example {label!r}" if label else "examples"
                self.say(f"{name} has no {what}")

        self._change(change)

    # The pointer

    @on(LatentBars.Selected)
    def _select(self, message: LatentBars.Selected) -> None:
        self._change(lambda exploration: exploration.select(message.row))

    @on(LatentBars.Dragged)
    def _drag(self, message: LatentBars.Dragged) -> None:
        key = ("drag", message.gesture)
        self._change(lambda exploration: exploration.set_value(message.row, message.sigma, key))

    @on(LatentBars.ResetAsked)
    def _reset_pressed(self, message: LatentBars.ResetAsked) -> None:
        self._change(lambda exploration: exploration.reset(message.row))

    @on(LatentBars.Wheeled)
    def _wheel(self, message: LatentBars.Wheeled) -> None:
        self._change(lambda exploration: exploration.select_by(message.rows))

    @on(StripPanel.Chosen)
    def _choose_on_strip(self, message: StripPanel.Chosen) -> None:
        self._change(lambda e: e.set_value(e.state.selected, message.sigma))

    @on(MapPanel.Chosen)
    def _choose_on_map(self, message: MapPanel.Chosen) -> None:
        key = ("map", message.gesture)
        self._change(lambda exploration: exploration.go_to(message.z, key))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel over the image moves along the selected row."""
        if self._image.region.contains_point(event.screen_offset):
            self._change(lambda exploration: exploration.nudge(WHEEL_SIGMAS))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel over the image moves along the selected row."""
        if self._image.region.contains_point(event.screen_offset):
            self._change(lambda exploration: exploration.nudge(-WHEEL_SIGMAS))

    # Values that are typed or pasted

    def _ask_value(self) -> None:
        """Have an exact value typed for the selected row."""
        if self._exploration is None or self.query(ValuePrompt):
            return
        state = self._exploration.state
        name, control = state.axis_set.axes[state.selected].name, state.axis_set.control(state.selected)
        self.mount(ValuePrompt(name, state.selected, self._exploration.value, control))
        self._arrange()

    @on(ValuePrompt.Answered)
    def _set_value(self, message: ValuePrompt.Answered) -> None:
        self._change(lambda exploration: exploration.set_value(message.row, message.sigma))

    @on(ValuePrompt.Closed)
    async def _close_prompt(self) -> None:
        await self.query(ValuePrompt).remove()
        self._arrange()

    def _go_to_pasted(self, text: str) -> None:
        """Go to a latent vector that was copied before."""
        if self._exploration is None:
            return
        try:
            numbers = parse_latent(text)
        except ValueError:
            dim = self._exploration.bundle.latent_dim
            self.say(f"The clipboard holds no latent vector (expected {dim} numbers)", error=True)
            return
        try:
            self._change(lambda exploration: exploration.go_to(numbers))
        except UserError as error:
            self.say(str(error), error=True)
            return
        space = self._exploration.bundle.space
        if note := clipping_note(space, numbers[: space.dim]):
            self.say(note)
