"""What goes on by itself until it ends or Esc ends it: saving, searching, a journey, a walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.tui.actions.arrows import ArrowActions
from vaevis_tui.tui.actions.exports import ExportActions
from vaevis_tui.tui.actions.walker import Walker

CROP_TEXT = "crop: arrows move · + - zoom · Enter searches · Esc leaves"


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that goes on.

    Attributes:
        on: Whether it does.
        text: What the status line tells of it; empty where it is not on.
        cancel: Ends it.
    """

    on: Callable[[], bool]
    text: Callable[[], str]
    cancel: Callable[[], None]


class ActivityActions(ExportActions, ArrowActions):
    """`w` walks; Esc ends what was begun last, or gives the arrows back to the rows."""

    _walker: Walker
    _walk_at_start = False
    """Whether a walk begins as soon as a model is open and nothing is searched for."""

    @property
    def _activities(self) -> tuple[Activity, ...]:
        """What Esc ends, first that which hides the others."""
        return (
            Activity(lambda: self._export_job is not None, self._export_text, self._give_up_export),
            Activity(lambda: self._cropping, lambda: CROP_TEXT if self._cropping else "", self._leave_crop),
            Activity(lambda: self._batch is not None, self._pictures_text, self._give_up_pictures),
            Activity(lambda: self._search.running, self._search_text, self._search.cancel),
        )

    def _activity_text(self) -> str:
        """What goes on, for people; empty if nothing does."""
        exploration = self._exploration
        for activity in self._activities:
            if text := activity.text():
                return text
        if self._player.on(exploration):
            return self._player.text()
        return f"walk {exploration.speed:g} σ/s" if exploration and exploration.walking else ""

    def action_leave_map(self) -> None:
        """End what goes on; else end the journey and give the arrows back to the rows."""
        for activity in self._activities:
            if activity.on():
                activity.cancel()
                self._follow_activities()
                return
        if self.arrows != "filmstrip":
            self._change(Exploration.end_journey)
        self._give_arrows("rows")

    def _follow_activities(self) -> None:
        exploration = self._exploration
        if exploration is not None:
            self._walker.follow(exploration)
            self._details.walk = (exploration.walking, exploration.speed)
            self._status.walk = self._activity_text()
            self._show_journey()

    # The walk

    def action_walk(self) -> None:
        """Start or stop the walk."""
        self._change(lambda e: e.stop_walk() if e.walking else e.start_walk())

    def _search_ended(self) -> None:
        """Start the walk that waited for the search."""
        if self._walk_at_start:
            self._walk_at_start = False
            self.action_walk()

    def on_screen_suspend(self) -> None:
        """Pause while another screen covers this one."""
        self._image.hide()
        self._walker.pause()

    def on_screen_resume(self) -> None:
        """Resume."""
        self._follow_activities()
