"""Examples by name: gone to, or steered towards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vaevis_tui.engine.decoder import Latents
from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.workspace import Workspace

if TYPE_CHECKING:
    from vaevis_tui.tui.menus.example_list import Choice

OWNER, PRIORITY = "examples", 0


class ExampleActions:
    """Digits, n and e go to examples; h and H steer towards one, and away from it.

    That is the one that was chosen in the list, or else the one before the last: after 9 and 4, h leads from
    the 4 to the 9.
    """

    def __init__(self, work: Workspace, keepsakes: KeepsakeActions) -> None:
        self._work = work
        self._keepsakes = keepsakes
        self._target: tuple[Exploration, int] | None = None
        """The anchor that was chosen to be steered towards."""
        self._visited: tuple[tuple[Exploration, int], ...] = ()
        """The last anchors that were gone to, two at most."""

    def next_of_label(self, label: str) -> None:
        """Go to an example of a label, or to the next of it."""
        self._go_to_next(1, label)

    def next_anchor(self, places: int) -> None:
        """Go to the next example, or to one before."""
        self._go_to_next(places, None)

    def _go_to_next(self, places: int, label: str | None) -> None:
        def change(exploration: Exploration) -> None:
            index = exploration.next_anchor(places, label)
            if index is not None:
                self._visit(exploration, index)
                return
            name = exploration.bundle.name
            what = f"example {label!r}" if label else "examples"
            self._work.say(f"{name} has no {what}")

        self._work.change(change)

    def _visit(self, exploration: Exploration, index: int) -> None:
        before = [each for each in self._visited if each[0] is exploration and each[1] != index]
        self._visited = (*before[-1:], (exploration, index))

    def list_examples(self) -> None:
        """List the examples."""
        self._keepsakes.with_keepsakes(self._open_list)

    def _open_list(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.tui.menus.example_list import ExampleList

        exploration = self._work.exploration
        if exploration is None or not self._work.screen.is_active:
            return
        if not len(exploration.anchors):
            self._work.say(f"{exploration.bundle.name} has no examples")
            return
        nearest = exploration.anchors.nearest(exploration.z, 1)[0].index

        def request(z: Latents) -> int:
            return self._work.request_tiles(OWNER, z, PRIORITY)

        menu = ExampleList(self._work.port, exploration.anchors, request, nearest, keepsakes.marks)
        self._work.open_menu(menu, self._choose)

    def _choose(self, choice: Choice | None) -> None:
        exploration = self._work.exploration
        if choice is None or exploration is None:
            return
        label = exploration.anchors.anchors.labels[choice.index]
        if choice.towards:
            self._target = exploration, choice.index
            self._work.say(f"h steers towards {label}, H away from it")
        else:
            self._work.change(lambda here: here.go_to_anchor(choice.index))
            self._visit(exploration, choice.index)

    def steer(self, share: float) -> None:
        """Go towards an example; a held key is one step to undo.

        Args:
            share: Of the usual distance between two examples: in many dimensions that is many sigmas, and in
                two less than two. Negative: away from it.
        """
        exploration = self._work.exploration
        targets = [each for each in (self._target, *self._visited) if each and each[0] is exploration]
        if exploration is None or not targets:
            self._work.say("Go to an example first, or choose one: e lists them, Tab steers towards it")
            return
        index = targets[0][1]
        target = exploration.anchors.anchors.z[index]
        if share > 0 and np.array_equal(exploration.z, target):
            label = exploration.anchors.anchors.labels[index]
            self._work.say(f"This is {label}: H steers away from it; go to another example, and h leads back")
            return
        sigmas = share * exploration.anchors.usual_distance
        self._work.change(lambda here: here.steer_towards(target, sigmas))

    def take_tiles(self, tiles: TilesDecoded) -> None:
        """Images for the list."""
        from vaevis_tui.tui.menus.example_list import ExampleList

        menu = self._work.screen.app.screen
        if isinstance(menu, ExampleList):
            menu.take(tiles)
