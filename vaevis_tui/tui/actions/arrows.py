"""Who gets the arrows, the paging keys, Enter and + -: the first of those that can use them at the moment."""

from __future__ import annotations

from collections.abc import Sequence


class ArrowTarget:
    """Something that arrows may move. Each method returns whether it has used the key: by default no."""

    def nudge(self, sigmas: float) -> bool:
        """← or →: 0.1, 1 or 0.01 to the right, or negative to the left."""
        return False

    def select(self, places: int) -> bool:
        """↑ (-1) or ↓ (1)."""
        return False

    def select_page(self, pages: int) -> bool:
        """PgUp (-1) or PgDn (1)."""
        return False

    def select_end(self, end: int) -> bool:
        """Home (-1) or End (1)."""
        return False

    def enter(self) -> bool:
        """Enter."""
        return False

    def change_speed(self, steps: int) -> bool:
        """`-` (-1) or `+` (1)."""
        return False


class Arrows:
    """Passes each key to the first target that uses it.

    Args:
        targets: In the order in which they are asked; the last ones are the rows and the walk.
    """

    def __init__(self, targets: Sequence[ArrowTarget]) -> None:
        self._targets = targets

    def nudge(self, sigmas: float) -> None:
        """Move along the selected row, or to the left or right in whatever has the arrows."""
        any(target.nudge(sigmas) for target in self._targets)

    def select(self, places: int) -> None:
        """Select another row, or move up or down."""
        any(target.select(places) for target in self._targets)

    def select_page(self, pages: int) -> None:
        """Select a row further up or down, or zoom."""
        any(target.select_page(pages) for target in self._targets)

    def select_end(self, end: int) -> None:
        """Select the first or last row, or go to an end."""
        any(target.select_end(end) for target in self._targets)

    def enter(self) -> None:
        """Type a value for the selected row, or choose what is under the cursor."""
        any(target.enter() for target in self._targets)

    def change_speed(self, steps: int) -> None:
        """Walk faster or slower, or zoom."""
        any(target.change_speed(steps) for target in self._targets)
