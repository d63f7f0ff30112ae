"""One model being explored: the point in its latent space, and what moves it. Without Textual."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.first_state import first_state, session_at
from vaevis_tui.explorer.history import History
from vaevis_tui.explorer.motion.motion import SPEEDS, Motion, Step
from vaevis_tui.explorer.row_order import RowOrder
from vaevis_tui.explorer.storage.session import Session
from vaevis_tui.latent.arrays import generator, unfit_latents
from vaevis_tui.latent.axes import AxisSet, axis_sets
from vaevis_tui.latent.directions import Directions
from vaevis_tui.latent.motion.journey import Journey
from vaevis_tui.latent.neighbours import AnchorIndex, step_towards
from vaevis_tui.latent.state import LatentState
from vaevis_tui.latent.typicality import TypicalityScale, truncate
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.onnx_model.extra_inputs import with_values
from vaevis_tui.reading import typed_path

_SEEDS = 1 << 32
"""How many there are to draw from: up to ten digits, which a person can copy."""

_MOST_SEEDS = 256
"""That are remembered: of what undo and the filmstrip lead back to."""


class Exploration:
    """A model's bundle, the point on show with its undo history, the random walk, and a journey.

    Rows are those of the current axis set, at first the dimensions. Changing a row stops the walk, so that
    the change stays; a random point does not: the walk goes on from there. Everything but its own scrubber
    stops a journey.

    Args:
        ref: What the model was opened by, a catalog name or a path.
        bundle: The model.
        seed: Of the random point to start at, and of those and the walks that follow; or None.
        z: Where to start; None is the seed's random point or, without a seed, the space's first look.
        speed: Of the walk.
        resumed: A session to go on with, instead of ``z`` and ``speed``; or None.
        own: The person's own directions, which come before the shipped ones; or None.

    Raises:
        UserError: z or the session does not fit the model's latent vector.
    """

    def __init__(
        self,
        ref: str,
        bundle: Bundle,
        *,
        seed: int | None = None,
        z: ArrayLike | None = None,
        speed: float = 1.5,
        resumed: Session | None = None,
        own: Directions | None = None,
    ) -> None:
        self.ref = ref
        self.bundle = bundle
        self.notes: tuple[str, ...] = ()
        """Notes for the person about the start."""
        self._rng = generator(seed)
        self._seeds: dict[bytes, int] = {}
        """Of the latent vectors that a seed alone gives, the last ones."""
        self.own_directions = Directions.none(bundle.latent_dim) if own is None else own
        """The person's own directions."""
        if z is None:
            z = bundle.space.first_look if seed is None else bundle.space.sample(self._rng)[0]
            if seed is not None:
                self._seeds[z.tobytes()] = seed
        self.state = first_state(bundle, z, own, resumed)
        self.history = History((*self.state.past, self.state.point, *reversed(self.state.future)))
        self.history = History() if len(self.history) == 1 else self.history
        self._start = self.state
        self._row_order = RowOrder(resumed=resumed is not None)
        if resumed is not None:
            speed = min(SPEEDS, key=lambda each: abs(each - resumed.speed))
        self._motion = Motion(bundle.space, self._rng, speed)

    @property
    def z(self) -> NDArray[np.float32]:
        """The latent vector on show, float32 (d,), read-only."""
        return self.state.z

    @property
    def point(self) -> NDArray[np.float32]:
        """The same, and what the controls are set to after it, read-only; another object when it changes."""
        return self.state.point

    def points(self, z: ArrayLike) -> NDArray[np.float32]:
        """Latent vectors (n, d) with what the controls are set to now; points stay what they are."""
        return with_values(np.asarray(z, np.float32), self.bundle.latent_dim, self.state.values)

    @property
    def z_text(self) -> str:
        """The point as ``--z`` takes it, exact."""
        return ",".join(map(str, self.point))

    @property
    def moved(self) -> bool:
        """Whether anything has happened since the start."""
        return self.state is not self._start

    @property
    def walking(self) -> bool:
        """Whether the random walk is on."""
        return self._motion.walking

    @property
    def value(self) -> float:
        """The selected row's coordinate in sigma."""
        return self.state.coordinate

    # Axes

    @property
    def axis_set(self) -> AxisSet:
        """The axis set whose rows are shown."""
        return self.state.axis_set

    def next_axis_set(self, places: int = 1) -> None:
        """Show the rows of the next axis set (negative: the previous one), wrapping at the ends."""
        self.state = self.state.next_axis_set(places)

    def choose_axis_set(self, name: str) -> None:
        """Show the rows of an axis set by name; does nothing if the model has none of that name."""
        self.state = self.state.choose_axis_set(name)

    def set_own_directions(self, own: Directions) -> None:
        """Replace the person's own directions.

        Raises:
            UserError: they have another length than the model's latent vector.
        """
        try:
            sets = self._sets(own)
        except ValueError as error:
            raise UserError(f"the directions do not fit model {self.bundle.name}: {error}") from None
        former = {each.key: each for each in self.state.sets}
        self.own_directions = own
        self._take_sets(tuple(former.get(each.key, each) for each in sets))

    def _sets(self, own: Directions | None) -> tuple[AxisSet, ...]:
        return axis_sets(self.bundle.space, own, self.bundle.controls)

    def _take_sets(self, sets: tuple[AxisSet, ...], selected: Mapping[str, str] | None = None) -> None:
        """Set other rows for the same point; that does not count as a move."""
        moved, self.state = self.moved, self.state.with_sets(sets, selected)
        if not moved:
            self._start = self.state

    def set_effects(self, key: str, effects: ArrayLike) -> None:
        """Order the rows of the axis set with that key by visible effect; does nothing if it is gone.

        If the person has selected or moved a row of that set, the order stays, so that no row moves away
        under their hands. Else the first row is selected, unless a session says which.

        Raises:
            ValueError: there is not one finite effect a row.
        """
        self._take_sets(*self._row_order.by_effect(self.state.sets, key, effects))

    def take_order(self, former: Exploration) -> None:
        """Keep the row order of another exploration, for the sets that both have."""
        self._take_sets(self._row_order.taken_from(former._row_order, former.state.sets, self.state.sets))

    def select_by(self, places: int) -> None:
        """Move the selection down the rows (negative: up)."""
        self._row_was_chosen()
        self.state = self.state.select_by(places)

    def select(self, row: int) -> None:
        """Select a row."""
        self._row_was_chosen()
        self.state = self.state.select(row)

    def nudge(self, sigmas: float) -> None:
        """Move along the selected row; a held key is one step to undo."""
        self._row_was_chosen()
        row = self.state.selected
        self._change(self.state.move(row, sigmas, ("nudge", self.axis_set.name, row, sigmas > 0)))

    def set_value(self, row: int, sigma: float, key: Hashable = None) -> None:
        """Set a row to a value in sigmas, or a control to a value."""
        self._row_was_chosen()
        self._change(self.state.set(row, sigma, key))

    def reset(self, row: int) -> None:
        """Reset a row to the mean, or a control to its default."""
        self._row_was_chosen()
        self._change(self.state.reset(row))

    def _row_was_chosen(self) -> None:
        self._row_order.chosen(self.axis_set)

    # Going elsewhere

    def reset_all(self) -> None:
        """Go back to the mean."""
        self._change(self.state.reset_all())

    def random(self, psi: float = 1.0) -> None:
        """Go to a random sample of the aggregated posterior; a walk goes on from there.

        Args:
            psi: Truncation: below 1 the sample is moved towards a typical point, which decodes better and
                varies less; see `vaevis_tui.latent.typicality.truncate`.
        """
        walking, space, seed = self.walking, self.bundle.space, int(self._rng.integers(_SEEDS))
        z = space.sample(seed)[0]
        self._change(self.state.replace(truncate(space, z, psi)))
        self._seeds[z.tobytes()] = seed
        if len(self._seeds) > _MOST_SEEDS:
            del self._seeds[next(iter(self._seeds))]
        if walking:
            self.start_walk()

    def seed_of(self, z: NDArray[np.float32]) -> int | None:
        """The seed that ``--seed`` takes for a latent vector, (d,), where it is known that one gives it."""
        return self._seeds.get(z.tobytes())

    def go_to(self, z: ArrayLike, key: Hashable = None) -> None:
        """Go to a latent vector; consecutive calls with the same key are one undo step.

        Raises:
            UserError: it has another length than the model's, or is not finite.
        """
        try:
            state = self.state.replace(z, key)
        except ValueError as error:
            raise UserError(f"z does not fit model {self.bundle.name}: {error}") from None
        self._change(state)

    def pull_back(self) -> bool:
        """Move the point in to where half of the data lie, and the selected row to where any do.

        Returns:
            Whether it was further out.
        """
        before = self.point
        z = self.anchors.within(self.axis_set, self.state.selected, self.typicality.pull_back(self.z))
        self._change(self.state.replace(z))
        return self.point is not before

    def go_to_visit(self, number: int) -> bool:
        """Go back to a point of the history, as one undo step; returns whether it is still remembered."""
        visit = self.history.find(number)
        if visit is not None:
            self._change(self.state.replace(visit.z))
        return visit is not None

    @cached_property
    def typicality(self) -> TypicalityScale:
        """How typical points are. The first call takes up to 0.1 s: not in the event loop."""
        return TypicalityScale(self.bundle.space)

    @cached_property
    def anchors(self) -> AnchorIndex:
        """The model's anchors."""
        return AnchorIndex(self.bundle.space)

    def go_to_anchor(self, index: int) -> None:
        """Go to an anchor.

        Raises:
            ValueError: there is no such anchor.
        """
        if not 0 <= index < len(self.anchors):
            raise ValueError(f"anchor {index} does not exist; the model has {len(self.anchors)}")
        self._change(self.state.replace(self.anchors.anchors.z[index]))

    def next_anchor(self, places: int = 1, label: str | None = None) -> int | None:
        """Go to the next anchor, of a label or of all, see `AnchorIndex.next`; returns its index, or None."""
        index = self.anchors.next(self.z, places, label)
        if index is not None:
            self.go_to_anchor(index)
        return index

    def steer_towards(self, z: ArrayLike, sigmas: float) -> None:
        """Move along the arc to a latent vector (negative: away from it); a held key is one undo step.

        Raises:
            UserError: z has another length than the model's, or is not finite.
        """
        target = np.array(z, np.float32)
        if target.shape != self.z.shape or unfit_latents(target):
            raise UserError(f"z does not fit model {self.bundle.name}: expected {self.z.size} finite numbers")
        there = step_towards(self.bundle.space, self.z, target, sigmas)
        self._change(self.state.replace(there, ("steer", target.tobytes(), sigmas > 0)))

    def undo(self) -> bool:
        """Undo the last change; returns whether there was one. A walk is one change, and stops."""
        before = self.state
        self._change(self.state.undo())
        return self.state is not before

    def redo(self) -> bool:
        """Redo what was undone; returns whether there was anything."""
        before = self.state
        self._change(self.state.redo())
        return self.state is not before

    def settle(self) -> None:
        """End a held key or a drag: the next change is a new undo step."""
        self.state = self.state.settle()

    def _change(self, state: LatentState) -> None:
        """Take over what the person did, which ends the walk and the journey."""
        self._motion.stop()
        self._take(state)

    def _take(self, state: LatentState) -> None:
        """Go to a state; where a step begins, the place that is left is remembered."""
        if state.past is not self.state.past and state.point is not self.state.point:
            self.history.add(self.state.point)
        self.state = state

    def session(self, backend: str) -> Session:
        """The session to save.

        Args:
            backend: As ``--backend`` took it.
        """
        path = typed_path(self.ref)
        model = str(path.resolve()) if self.bundle.path == path else self.ref
        return session_at(self.state, model, backend, walking=self.walking, speed=self.speed)

    # Journeys

    def start_journey(self, journey: Journey, position: float = 0.0) -> None:
        """Start a journey at a position from 0 to 1; all of it is one undo step."""
        self._motion.start_journey(journey)
        self.scrub(position)

    @property
    def journey(self) -> Journey | None:
        """The current journey, or None."""
        return self._motion.journey

    @property
    def journey_position(self) -> float:
        """Position on the journey, from 0 to 1."""
        return self._motion.position

    def scrub(self, position: float) -> None:
        """Go to a position of the current journey, if any; a loop wraps around."""
        self._take_step(self._motion.scrub(position))

    def take_pace(self, journey: Journey) -> None:
        """Replace the current journey by one of another pace, e.g. `Journey.measured`."""
        self._take_step(self._motion.take_pace(journey))

    def end_journey(self) -> None:
        """End the journey; the point stays."""
        self._motion.journey = None

    # Walks

    @property
    def speed(self) -> float:
        """Of the walk, in sigma of the whitened space per second."""
        return self._motion.speed

    def start_walk(self) -> None:
        """Start a random walk from the point."""
        self._motion.start_walk(self.z)

    def stop_walk(self) -> None:
        """Stop the walk; the point stays."""
        self._motion.stop_walk()

    def step_walk(self, seconds: float) -> None:
        """Take a step of the walk, if it is on, as long as some seconds."""
        self._take_step(self._motion.step_walk(seconds))

    def change_speed(self, steps: int) -> None:
        """Make the walk faster (negative: slower) by some steps of `SPEEDS`."""
        self._motion.change_speed(steps)

    def _take_step(self, step: Step | None) -> None:
        if step is not None:
            self._take(self.state.replace(*step))
