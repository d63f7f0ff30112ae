"""What arrows and Enter move: a crop, a cursor in filmstrip or map, a journey, or the selected row."""

from __future__ import annotations

import math

from textual import events

from vaevis_tui.explorer.paths import dropped_pictures
from vaevis_tui.tui.actions.journeys import JourneyActions
from vaevis_tui.tui.actions.panels import PanelActions
from vaevis_tui.tui.actions.pictures import PictureActions
from vaevis_tui.tui.actions.points import PointActions

CROP_STEP, CROP_ZOOM = 0.5, 1.1
"""Of what is cut off, the share that a key for 1 σ moves the crop by; and how much larger a zoom makes it."""
MAP_STEP = 0.1


class ArrowActions(PanelActions, PictureActions, JourneyActions, PointActions):
    """Each key asks in turn who has it; `PanelActions.arrows` says which panel has."""

    def action_nudge(self, sigmas: float) -> None:
        """Move left or right.

        Args:
            sigmas: As keys have it: 0.1, 1 or 0.01 either way, for the steps that the settings have.
        """
        settings = self._settings
        steps = {0.1: settings.step, 1.0: settings.coarse_step, 0.01: settings.fine_step}
        step = math.copysign(steps.get(abs(sigmas), abs(sigmas)), sigmas)
        if self._cropping:
            self._change_crop(right=CROP_STEP * sigmas)
        elif self.arrows == "filmstrip":
            self._filmstrip.move(1 if sigmas > 0 else -1)
        elif self._player.on(self._exploration):
            self._scrub(sigmas)
        elif self.arrows == "map":
            self._step_in_map(step, 0)
        else:
            self._change(lambda exploration: exploration.nudge(step))

    def action_select(self, places: int) -> None:
        """Move up or down."""
        if self._cropping:
            self._change_crop(down=CROP_STEP * places / 10)
        elif self.arrows == "map":
            self._step_in_map(0, -MAP_STEP * places)
        else:
            self._change(lambda exploration: exploration.select_by(places))

    def _step_in_map(self, right: float, up: float) -> None:
        z = self._map.step(right, up)
        if z is not None:
            self._change(lambda exploration: exploration.go_to(z, ("map", right > 0, up > 0)))

    def action_select_page(self, pages: int) -> None:
        """Move the selection by what is in sight; zoom the map."""
        if self.arrows == "map":
            self._map.zoom(-pages)
        else:
            self.action_select(pages * self._bars.page)

    def action_select_end(self, end: int) -> None:
        """Go to the first (-1) or last (1) row or place; show all of the map."""
        if self.arrows == "filmstrip":
            self._filmstrip.move(end * len(self._filmstrip.places))
        elif self.arrows == "map":
            self._map.fit()
        else:
            self._change(lambda exploration: exploration.select_by(end * len(exploration.axis_set)))

    def action_ask_value(self) -> None:
        """Look for what is cropped, go to the place under the cursor, or type a value for the row."""
        if self._cropping:
            self._search_for_crop()
        elif self.arrows == "filmstrip":
            self._filmstrip.choose()
        else:
            self._ask_value()

    def action_change_speed(self, steps: int) -> None:
        """Walk faster or slower; while cropping, zoom."""
        if self._cropping:
            self._change_crop(zoom=CROP_ZOOM**steps)
        else:
            self._change(lambda exploration: exploration.change_speed(steps))
            if self._exploration is not None and not self._exploration.walking:
                self.say(f"walk {self._exploration.speed:g} σ/s")

    def on_paste(self, event: events.Paste) -> None:
        """Open pictures that were dropped or whose paths were pasted; anything else is a latent vector."""
        paths = dropped_pictures(event.text)
        if paths and self._exploration is not None:
            self._open_pictures(paths)
        else:
            self._go_to_pasted(event.text)
