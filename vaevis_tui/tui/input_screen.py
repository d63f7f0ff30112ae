"""What keys, pointer and pasted text do: everything that Textual looks up by its name on the screen."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on

from vaevis_tui.tui.actions.all import Actions
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel
from vaevis_tui.tui.panels.latent_bars import LatentBars
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.scrubber import Scrubber
from vaevis_tui.tui.panels.strip_panel import StripPanel
from vaevis_tui.tui.textual_private.lenient_screen import LenientScreen

TYPING_SUSPENDS = frozenset(
    {"select", "select_page", "select_end", "nudge", "ask_value", "label", "next_axes"}
)
"""Actions that are off while a prompt is open: they would move the row that it asks about."""


def run_by(find: Callable[[InputScreen], Callable[..., object]]) -> property:
    """An action that a method of another object does: `find` gives that method for a screen."""
    return property(find)


class InputScreen(LenientScreen[None]):
    """Passes keys, messages of widgets, the wheel and what is pasted to the actions.

    Attributes:
        work: What actions work on.
        actions: By subject.
    """

    work: Workspace
    actions: Actions

    # Keys: `screen.NAME` in `keys/` runs action_NAME

    action_select = run_by(lambda screen: screen.actions.arrows.select)
    action_select_page = run_by(lambda screen: screen.actions.arrows.select_page)
    action_select_end = run_by(lambda screen: screen.actions.arrows.select_end)
    action_nudge = run_by(lambda screen: screen.actions.arrows.nudge)
    action_ask_value = run_by(lambda screen: screen.actions.arrows.enter)
    action_change_speed = run_by(lambda screen: screen.actions.arrows.change_speed)
    action_next_axes = run_by(lambda screen: screen.actions.rows.next_set)
    action_reset = run_by(lambda screen: screen.actions.rows.reset)
    action_find_row = run_by(lambda screen: screen.actions.find_row.begin)
    action_mark = run_by(lambda screen: screen.actions.directions.mark)
    action_direction = run_by(lambda screen: screen.actions.directions.make)
    action_remove_direction = run_by(lambda screen: screen.actions.directions.remove)

    action_reset_all = run_by(lambda screen: screen.actions.points.reset_all)
    action_random = run_by(lambda screen: screen.actions.points.random)
    action_pull_back = run_by(lambda screen: screen.actions.points.pull_back)
    action_undo = run_by(lambda screen: screen.actions.points.undo)
    action_redo = run_by(lambda screen: screen.actions.points.redo)
    action_label = run_by(lambda screen: screen.actions.examples.next_of_label)
    action_anchor = run_by(lambda screen: screen.actions.examples.next_anchor)
    action_examples = run_by(lambda screen: screen.actions.examples.list_examples)
    action_steer = run_by(lambda screen: screen.actions.examples.steer)
    action_bookmark = run_by(lambda screen: screen.actions.keepsakes.bookmark)
    action_bookmarks = run_by(lambda screen: screen.actions.keepsakes.list_bookmarks)
    action_open_picture = run_by(lambda screen: screen.actions.pictures.ask_for_path)
    action_crop = run_by(lambda screen: screen.actions.crop.begin)

    action_strip = run_by(lambda screen: screen.actions.panels.toggle_strip)
    action_map = run_by(lambda screen: screen.actions.panels.toggle_map)
    action_next_plane = run_by(lambda screen: screen.actions.panels.next_plane)
    action_filmstrip = run_by(lambda screen: screen.actions.panels.toggle_filmstrip)
    action_details = run_by(lambda screen: screen.actions.panels.toggle_details)
    action_compare = run_by(lambda screen: screen.actions.compare.toggle)
    action_compare_next = run_by(lambda screen: screen.actions.compare.next)
    action_walk = run_by(lambda screen: screen.actions.walk.toggle)
    action_journey = run_by(lambda screen: screen.actions.journeys.choose)
    action_play = run_by(lambda screen: screen.actions.journeys.play)
    action_leave_map = run_by(lambda screen: screen.actions.cancel)

    action_copy = run_by(lambda screen: screen.actions.program.copy_latent)
    action_copy_image = run_by(lambda screen: screen.actions.snapshots.copy_image)
    action_snapshot = run_by(lambda screen: screen.actions.snapshots.save)
    action_export = run_by(lambda screen: screen.actions.exports.begin)
    action_graphics = run_by(lambda screen: screen.actions.graphics.cycle)
    action_models = run_by(lambda screen: screen.actions.models.choose)
    action_help = run_by(lambda screen: screen.actions.program.show_help)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch off `TYPING_SUSPENDS` while a prompt is open."""
        return not (self.actions.prompts.typing and action in TYPING_SUSPENDS)

    # Messages of widgets

    @on(LatentBars.Selected)
    def _select(self, message: LatentBars.Selected) -> None:
        self.actions.panels.give_arrows("rows")  # they move where one has pressed
        self.work.change(lambda here: here.select(message.row))

    @on(LatentBars.Dragged)
    def _drag(self, message: LatentBars.Dragged) -> None:
        key = ("drag", message.gesture)
        self.work.change(lambda here: here.set_value(message.row, message.sigma, key))

    @on(LatentBars.ResetAsked)
    def _reset(self, message: LatentBars.ResetAsked) -> None:
        self.work.change(lambda here: here.reset(message.row))

    @on(LatentBars.Wheeled)
    def _wheel(self, message: LatentBars.Wheeled) -> None:
        self.work.change(lambda here: here.select_by(message.rows))

    @on(StripPanel.Chosen)
    def _choose_on_strip(self, message: StripPanel.Chosen) -> None:
        self.work.change(lambda here: here.set_value(here.state.selected, message.sigma))

    @on(MapPanel.Chosen)
    def _choose_on_map(self, message: MapPanel.Chosen) -> None:
        self.actions.panels.give_arrows("map")
        self.work.change(lambda here: here.go_to(message.z, ("map", message.gesture)))

    @on(FilmstripPanel.Chosen)
    def _choose_on_filmstrip(self, message: FilmstripPanel.Chosen) -> None:
        self.actions.filmstrip.go_to(message.place)

    @on(Scrubber.Moved)
    def _scrub(self, message: Scrubber.Moved) -> None:
        self.actions.journeys.go_to(message.position)

    @on(Scrubber.Toggled)
    def _play_or_pause(self) -> None:
        self.actions.journeys.play()

    @on(LinePrompt.Said)
    async def _take_line(self, message: LinePrompt.Said) -> None:
        await self.actions.prompts.take(message)

    @on(ValuePrompt.Answered)
    def _set_value(self, message: ValuePrompt.Answered) -> None:
        self.work.change(lambda here: here.set_value(message.row, message.sigma))

    @on(ValuePrompt.Closed)
    async def _close_value_prompt(self) -> None:
        await self.query(ValuePrompt).remove()
        self.work.lay_out()

    # Events of Textual's

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel over the image moves along the selected row."""
        self._turn_wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel over the image moves along the selected row."""
        self._turn_wheel(event, -1)

    def _turn_wheel(self, event: events.MouseEvent, turns: int) -> None:
        if self.work.widgets.image.region.contains_point(event.screen_offset):
            self.actions.rows.wheel(turns)

    def on_paste(self, event: events.Paste) -> None:
        """Open pictures that were dropped or whose paths were pasted; anything else is a latent vector."""
        if self.actions.paste(event.text):
            event.prevent_default()
            event.stop()
