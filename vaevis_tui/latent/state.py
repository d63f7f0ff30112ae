"""Where the person stands in latent space, and the way back: an immutable value, replaced by each change."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.axes import SIGMA_LIMIT, AxisSet, axis_sets
from vaevis_tui.latent.controls import Control, values_of
from vaevis_tui.latent.space import LatentSpace

__all__ = ["SIGMA_LIMIT", "UNDO_LIMIT", "LatentState", "clipping_note"]

UNDO_LIMIT = 256
"""Steps that can be undone: 256 KiB at d = 256."""


@dataclass(frozen=True, eq=False)
class LatentState:
    """The latent vector on show, the axes to move along, and what undo and redo lead to.

    Where the decoder takes more than z, what changes and is undone is a *point*: z, and a value of each
    control after it.

    A state never changes; each method gives the next one, or the same object if nothing moved (so that ``is``
    tells). Rows are those of the current axis set, which begins as the dimensions of z; each set keeps its
    own selected row. Every dimension is kept within ±`SIGMA_LIMIT`.

    A held key, a drag or a walk is *one* step to undo: changes that follow each other with the same ``key``
    (anything hashable but None) are coalesced, until another change, `undo`, `redo` or `settle` comes
    between.

    Attributes:
        space: The model's latent space.
        z: The latent vector, float32 (d,), read-only.
        sets: The axis sets to choose from, at least one.
        current: Which of them rows are of.
        rows: The selected row of each set.
    """

    space: LatentSpace
    point: Latent
    sets: tuple[AxisSet, ...]
    current: int
    rows: tuple[int, ...]
    _past: tuple[Latent, ...] = ()
    _future: tuple[Latent, ...] = ()
    _key: Hashable = None

    @classmethod
    def start(
        cls, space: LatentSpace, z: ArrayLike | None = None, sets: tuple[AxisSet, ...] | None = None
    ) -> Self:
        """At z (d,), or at the mean; the most informative dimension is selected, nothing to undo.

        Args:
            space: The model's.
            z: Where to start, a latent vector or a point.
            sets: Axis sets to choose from, the first of them to begin with; None are the space's own.

        Raises:
            ValueError: z has another shape than (d,), or holds NaN or infinities.
        """
        sets = axis_sets(space) if sets is None else sets
        controls = sets[0].controls
        here = _clamped(space, space.mean if z is None else z, controls, values_of(controls))
        return cls(space, here, sets, 0, tuple(each.first for each in sets))

    @classmethod
    def restore(
        cls,
        space: LatentSpace,
        z: ArrayLike,
        selected: int,
        past: Iterable[ArrayLike],
        future: Iterable[ArrayLike],
        sets: tuple[AxisSet, ...] | None = None,
    ) -> Self:
        """At z, with a dimension selected and steps to undo and redo, as `past` and `future` give them.

        Raises:
            ValueError: a vector has another shape than (d,) or is not finite, or there is no such dimension.
        """
        start = cls.start(space, z, sets)
        before = tuple(start._clamped(each) for each in past)[-UNDO_LIMIT:]
        after = tuple(start._clamped(each) for each in future)[-UNDO_LIMIT:]
        return dataclasses.replace(start, _past=before, _future=after).select(selected)

    @property
    def z(self) -> Latent:
        """The latent vector on show, float32 (d,), read-only."""
        return self.point[: self.space.dim] if self.controls else self.point

    @property
    def controls(self) -> tuple[Control, ...]:
        """What the decoder takes beside z."""
        return self.sets[0].controls

    @property
    def values(self) -> tuple[float, ...]:
        """What the controls are set to."""
        return tuple(float(value) for value in self.point[self.space.dim :])

    @property
    def axis_set(self) -> AxisSet:
        """The current axis set."""
        return self.sets[self.current]

    @property
    def selected(self) -> int:
        """The selected row of the current axis set; of the dimensions, the dimension."""
        return self.rows[self.current]

    @property
    def selected_names(self) -> dict[str, str]:
        """The name of the selected axis of every set, by the set's name."""
        return {each.name: each.axes[row].name for each, row in zip(self.sets, self.rows, strict=True)}

    @property
    def coordinates(self) -> Coordinates:
        """Where z is on every axis of the current set, in sigmas from the mean; then controls."""
        return self.axis_set.coordinates(self.point)

    @property
    def coordinate(self) -> float:
        """Where z is on the selected axis, in sigmas from the mean."""
        return self.axis_set.coordinate(self.point, self.selected)

    def next_axis_set(self, places: int = 1) -> Self:
        """Change to the axis set after the current one, or before it where negative; round at the ends."""
        return self._to_set((self.current + places) % len(self.sets))

    def choose_axis_set(self, name: str) -> Self:
        """Change to an axis set by name; the same state where there is none such."""
        names = [each.name for each in self.sets]
        return self._to_set(names.index(name)) if name in names else self

    def _to_set(self, index: int) -> Self:
        if index == self.current:
            return self
        return dataclasses.replace(self, current=index, _key=None)

    def with_sets(self, sets: tuple[AxisSet, ...], selected: Mapping[str, str] | None = None) -> Self:
        """The same place with other axis sets: other directions, or another order of the rows.

        The current set and the selected axes stay, by name, where they are still there.

        Args:
            sets: At least one.
            selected: Names of axes by set, in place of the present ones.
        """
        names = self.selected_names | dict(selected or {})
        found = [each.find(names.get(each.name, "")) for each in sets]
        rows = tuple(each.first if row is None else row for each, row in zip(sets, found, strict=True))
        present = [each.name for each in sets]
        current = present.index(self.axis_set.name) if self.axis_set.name in present else 0
        return dataclasses.replace(self, sets=sets, current=current, rows=rows)

    @property
    def past(self) -> tuple[Latent, ...]:
        """What undo leads back to, oldest first."""
        return self._past

    @property
    def future(self) -> tuple[Latent, ...]:
        """What redo leads to, the next one last."""
        return self._future

    @property
    def sigma(self) -> Coordinates:
        """Every dimension in sigmas from the mean, float64 (d,)."""
        return self.space.to_sigma(self.z)

    @property
    def rank(self) -> int:
        """Place of the selected row in the order of the current set, 0 for the first one shown."""
        return int(np.flatnonzero(self.axis_set.order == self.selected)[0])

    def select(self, row: int) -> Self:
        """Select a row of the current axis set.

        Raises:
            ValueError: there is no such row.
        """
        if self.axis_set.checked(row) == self.selected:
            return self
        rows = tuple(row if index == self.current else old for index, old in enumerate(self.rows))
        return dataclasses.replace(self, rows=rows)

    def select_by(self, places: int) -> Self:
        """Move the selection along the order of the current set, down if positive; it stops at the ends."""
        place = min(max(self.rank + places, 0), len(self.axis_set) - 1)
        return self.select(int(self.axis_set.order[place]))

    def move(self, row: int, sigmas: float, key: Hashable = None) -> Self:
        """Move along one axis by so many sigmas.

        Raises:
            ValueError: there is no such row, or sigmas is not finite.
        """
        return self._go(self.axis_set.move(self.point, row, sigmas), key)

    def set(self, row: int, sigma: float, key: Hashable = None) -> Self:
        """Put z at so many sigmas from the mean on one axis; the rest stays, of dimensions to the bit.

        Raises:
            ValueError: there is no such row, or sigma is not finite.
        """
        return self._go(self.axis_set.set(self.point, row, sigma), key)

    def reset(self, row: int) -> Self:
        """Put one axis back to the mean, a control to what it began with.

        Raises:
            ValueError: there is no such row.
        """
        control = self.axis_set.control(self.axis_set.checked(row))
        return self.set(row, 0.0 if control is None else control.start)

    def reset_all(self) -> Self:
        """Put every dimension back to the mean; controls stay what they are."""
        return self._go(self._clamped(self.space.mean), None)

    def replace(self, z: ArrayLike, key: Hashable = None) -> Self:
        """Go to another latent vector (d,): a random point, an anchor, the next point of a walk.

        Controls stay what they are, unless z is a point, which says what they are.

        Raises:
            ValueError: z has another shape, or holds NaN or infinities.
        """
        return self._go(self._clamped(z), key)

    def _clamped(self, z: ArrayLike) -> Latent:
        return _clamped(self.space, z, self.controls, self.values)

    def settle(self) -> Self:
        """End what is being coalesced: the next change is a step of its own, whatever its key."""
        return dataclasses.replace(self, _key=None) if self._key is not None else self

    def undo(self) -> Self:
        """Before the last step; the selection stays. The same state if there is none."""
        if not self._past:
            return self
        *past, point = self._past
        after = (*self._future, self.point)
        return dataclasses.replace(self, point=point, _past=tuple(past), _future=after, _key=None)

    def redo(self) -> Self:
        """Again what was undone last. The same state if there is nothing."""
        if not self._future:
            return self
        *future, point = self._future
        before = (*self._past, self.point)
        return dataclasses.replace(self, point=point, _past=before, _future=tuple(future), _key=None)

    def _go(self, point: Latent, key: Hashable) -> Self:
        if np.array_equal(point, self.point):
            return self
        point.setflags(write=False)
        if key is not None and key == self._key:
            return dataclasses.replace(self, point=point)
        past = (*self._past, self.point)[-UNDO_LIMIT:]
        return dataclasses.replace(self, point=point, _past=past, _future=(), _key=key)


def clipping_note(space: LatentSpace, z: ArrayLike) -> str:
    """What a state does to a latent vector (d,) that lies too far out, for people; else empty."""
    sigma = np.abs(space.to_sigma(z))
    beyond = int((sigma > SIGMA_LIMIT).sum())
    if not beyond:
        return ""
    limit = f"±{SIGMA_LIMIT:g} σ"
    return f"{beyond} of {sigma.size} numbers of z lay beyond {limit}, up to {sigma.max():.0f}; set to it"


def _clamped(
    space: LatentSpace, z: ArrayLike, controls: tuple[Control, ...], values: tuple[float, ...]
) -> Latent:
    """A point, read-only, of z or a point, with only what lies beyond the limit altered."""
    here = np.array(z, np.float32)
    if here.shape not in ((space.dim,), (space.dim + len(controls),)):
        raise ValueError(f"z has shape {here.shape}; expected ({space.dim},)")
    if not np.all(np.isfinite(here)):
        raise ValueError("z holds NaN or infinities")
    given = [float(value) for value in here[space.dim :]]
    here = here[: space.dim]
    sigma = space.to_sigma(here)
    limited = space.from_sigma(np.clip(sigma, -SIGMA_LIMIT, SIGMA_LIMIT))
    here = np.where(np.abs(sigma) > SIGMA_LIMIT, limited, here)
    if given:
        values = tuple(each.limited(value) for each, value in zip(controls, given, strict=True))
    here = np.concatenate([here, np.array(values, np.float32)]) if controls else here
    here.setflags(write=False)
    return here
