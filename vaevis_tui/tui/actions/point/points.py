"""Going elsewhere: random points, back and forth, and vectors that are pasted."""

from __future__ import annotations

from collections.abc import Callable

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.notation import parse_latent
from vaevis_tui.latent.state import clipping_note
from vaevis_tui.tui.actions.workspace import Workspace


class PointActions:
    """Keys that change all of the latent vector at once."""

    def __init__(self, work: Workspace) -> None:
        self._work = work

    def reset_all(self) -> None:
        """Go to the mean."""
        self._work.change(Exploration.reset_all)

    def random(self, psi: float = 1.0) -> None:
        """Go to a random point; below 1 it is truncated, see `Exploration.random`."""
        self._work.change(lambda exploration: exploration.random(psi))

    def pull_back(self) -> None:
        """Go to where data are."""
        self._change_or_say(Exploration.pull_back, "Already as typical as half of the data")

    def undo(self) -> None:
        """Undo the last change."""
        self._change_or_say(Exploration.undo, "Nothing to undo")

    def redo(self) -> None:
        """Redo what was undone."""
        self._change_or_say(Exploration.redo, "Nothing to redo")

    def _change_or_say(self, step: Callable[[Exploration], bool], text: str) -> None:
        def change(exploration: Exploration) -> None:
            if not step(exploration):
                self._work.say(text)

        self._work.change(change)

    def paste(self, text: str) -> None:
        """Go to a latent vector that was copied before."""
        exploration = self._work.exploration
        if exploration is None:
            return
        try:
            numbers = parse_latent(text)
        except ValueError:
            dim = exploration.bundle.latent_dim
            self._work.say(f"The clipboard holds no latent vector (expected {dim} numbers)", error=True)
            return
        try:
            self._work.change(lambda here: here.go_to(numbers))
        except UserError as error:
            self._work.say(str(error), error=True)
            return
        space = exploration.bundle.space
        if note := clipping_note(space, numbers[: space.dim]):
            self._work.say(note)
