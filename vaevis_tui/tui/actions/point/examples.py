"""Examples by name: gone to, or steered towards."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """`e` lists the examples; `h` and `H` steer towards the chosen one, and away from it."""

    def __init__(self, work: Workspace, keepsakes: KeepsakeActions) -> None:
        self._work = work
        self._keepsakes = keepsakes
        self._target: tuple[Exploration, int] | None = None
        """The anchor that is steered towards."""

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

    def steer(self, sigmas: float) -> None:
        """Go towards the chosen example; a held key is one step to undo."""
        if self._target is None or self._target[0] is not self._work.exploration:
            self._work.say("Choose an example first: e lists them, Tab chooses one to steer towards")
            return
        index = self._target[1]
        self._work.change(lambda here: here.steer_towards(here.anchors.anchors.z[index], sigmas))

    def take_tiles(self, tiles: TilesDecoded) -> None:
        """Images for the list."""
        from vaevis_tui.tui.menus.example_list import ExampleList

        menu = self._work.screen.app.screen
        if isinstance(menu, ExampleList):
            menu.take(tiles)
