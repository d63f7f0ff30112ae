"""In which order the rows of an axis set are shown: by visible effect, unless the person is among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from numpy.typing import ArrayLike

from vaevis_tui.latent.axes import AxisSet

Sets = tuple[AxisSet, ...]


class RowOrder:
    """Remembers in which axis sets the person has selected or moved a row.

    The order of those stays, so that no row moves away under their hands.

    Args:
        resumed: Whether a session says which rows are selected.
    """

    def __init__(self, *, resumed: bool) -> None:
        self._resumed = resumed
        self._chosen_in: set[str] = set()

    def chosen(self, axes: AxisSet) -> None:
        """The person has selected or moved a row of an axis set."""
        self._chosen_in.add(axes.name)

    def by_effect(self, sets: Sets, key: str, effects: ArrayLike) -> tuple[Sets, dict[str, str]]:
        """Order the rows of the axis set with that key by visible effect, if it is among the sets.

        Returns:
            The sets, and the name of the row to select by the name of its set: the first, unless the
            person or a session has selected one.

        Raises:
            ValueError: there is not one finite effect a row.
        """
        selected = {}

        def known(axes: AxisSet) -> AxisSet:
            if axes.key != key:
                return axes
            ordered = axes.with_effects(effects)
            if axes.name in self._chosen_in:
                return replace(ordered, order=axes.order)
            if not self._resumed:
                selected[axes.name] = axes.axes[ordered.first].name
            return ordered

        return tuple(known(each) for each in sets), selected

    def taken_from(self, former: RowOrder, former_sets: Iterable[AxisSet], sets: Sets) -> Sets:
        """The sets in the order that they had in another exploration, and what the person chose there."""
        self._chosen_in = set(former._chosen_in)
        orders = {(each.name, len(each)): each.order for each in former_sets}
        return tuple(replace(each, order=orders.get((each.name, len(each)), each.order)) for each in sets)
