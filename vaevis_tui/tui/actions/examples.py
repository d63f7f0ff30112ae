"""Examples by name: gone to, or steered towards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaevis_tui.engine.decoder import Latents
from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.tui.actions.keepsakes import KeepsakeActions

if TYPE_CHECKING:
    from vaevis_tui.tui.menus.example_list import Choice

OWNER, PRIORITY = "examples", 0


class ExampleActions(KeepsakeActions):
    """`e` lists the examples; `h` and `H` steer towards the chosen one, and away from it."""

    _target: tuple[Exploration, int] | None = None
    """The anchor that is steered towards."""

    def action_examples(self) -> None:
        """List the examples."""
        self._keep(lambda keepsakes: keepsakes, self._list_examples)

    def _list_examples(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.tui.menus.example_list import ExampleList

        exploration = self._exploration
        if exploration is None or not self.is_active:
            return
        if not len(exploration.anchors):
            self.say(f"{exploration.bundle.name} has no examples")
            return
        nearest = exploration.anchors.nearest(exploration.z, 1)[0].index

        def request(z: Latents) -> int:
            return self._request_tiles(OWNER, z, PRIORITY)

        screen = ExampleList(self._port, exploration.anchors, request, nearest, keepsakes.marks)
        self.app.push_screen(screen, self._choose_example)

    def _choose_example(self, choice: Choice | None) -> None:
        exploration = self._exploration
        if choice is None or exploration is None:
            return
        label = exploration.anchors.anchors.labels[choice.index]
        if choice.towards:
            self._target = exploration, choice.index
            self.say(f"h steers towards {label}, H away from it")
        else:
            self._change(lambda here: here.go_to_anchor(choice.index))

    def action_steer(self, sigmas: float) -> None:
        """Go towards the chosen example; a held key is one step to undo."""
        if self._target is None or self._target[0] is not self._exploration:
            self.say("Choose an example first: e lists them, Tab chooses one to steer towards")
            return
        index = self._target[1]
        self._change(lambda here: here.steer_towards(here.anchors.anchors.z[index], sigmas))

    def _take_examples(self, tiles: TilesDecoded) -> None:
        from vaevis_tui.tui.menus.example_list import ExampleList

        if isinstance(self.app.screen, ExampleList):
            self.app.screen.take(tiles)
