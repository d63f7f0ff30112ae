"""One model being explored: where in its space the person stands, and the walk. No Textual, no threads."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.session import Session
from vaevis_tui.latent.motion import Walk
from vaevis_tui.latent.state import LatentState
from vaevis_tui.models.bundle import Bundle

SPEEDS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Steps of the walk's speed, in sigma of the whitened space per second."""


class Exploration:
    """A model's bundle, the point on show with its undo history, and the random walk.

    Whoever takes hold of a dimension stops the walk, so that what was taken hold of stays; a random point
    does not: the walk goes on from there.

    Args:
        ref: What the model was opened by, a catalog name or a path.
        bundle: The model.
        seed: Of the random point to start at, and of those and the walks that follow; or None.
        z: Where to start; None is the seed's random point or, without a seed, the space's first look.
        speed: Of the walk.
        resumed: A session to go on with, instead of ``z`` and ``speed``; or None.

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
    ) -> None:
        self.ref = ref
        self.bundle = bundle
        self._rng = np.random.Generator(np.random.PCG64(seed))
        if z is None:
            z = bundle.space.first_look if seed is None else bundle.space.sample(self._rng)[0]
        try:
            self.state = (
                LatentState.start(bundle.space, z)
                if resumed is None
                else LatentState.restore(
                    bundle.space, resumed.z, resumed.selected, resumed.past, resumed.future
                )
            )
        except ValueError as error:
            what = "z" if resumed is None else "the session"
            raise UserError(f"{what} does not fit model {bundle.name}: {error}") from None
        self._start = self.state
        self._walk: Walk | None = None
        self._walks = 0
        self.speed = speed if resumed is None else min(SPEEDS, key=lambda each: abs(each - resumed.speed))

    @property
    def z(self) -> NDArray[np.float32]:
        """The latent vector on show, float32 (d,), read-only."""
        return self.state.z

    @property
    def z_text(self) -> str:
        """The latent vector as ``--z`` takes it: read back to the bit."""
        return ",".join(map(str, self.z))

    @property
    def moved(self) -> bool:
        """Whether anything has happened since the start."""
        return self.state is not self._start

    @property
    def walking(self) -> bool:
        """Whether the random walk is on."""
        return self._walk is not None

    @property
    def value(self) -> float:
        """The selected dimension's value in sigma."""
        return float(self.state.sigma[self.state.selected])

    def select_by(self, places: int) -> None:
        """Move the selection to less informative dimensions, or back where negative."""
        self.state = self.state.select_by(places)

    def select(self, dimension: int) -> None:
        """Select a dimension."""
        self.state = self.state.select(dimension)

    def nudge(self, sigmas: float) -> None:
        """Move the selected dimension; a held key is one step to undo."""
        self.stop_walk()
        dimension = self.state.selected
        self.state = self.state.move(dimension, sigmas, ("nudge", dimension, sigmas > 0))

    def set_value(self, dimension: int, sigma: float, key: Hashable = None) -> None:
        """Put a dimension at so many sigmas."""
        self.stop_walk()
        self.state = self.state.set(dimension, sigma, key)

    def reset(self, dimension: int) -> None:
        """Put a dimension back to the mean."""
        self.stop_walk()
        self.state = self.state.reset(dimension)

    def reset_all(self) -> None:
        """Go back to the mean."""
        self.stop_walk()
        self.state = self.state.reset_all()

    def random(self) -> None:
        """Go to a point drawn from where the data lie; a walk goes on from there."""
        self.state = self.state.replace(self.bundle.space.sample(self._rng)[0])
        if self.walking:
            self.start_walk()

    def go_to(self, z: ArrayLike, key: Hashable = None) -> None:
        """Go to a latent vector; those with the same key, one after the other, are one step to undo.

        Raises:
            UserError: it has another length than the model's, or is not finite.
        """
        try:
            self.state = self.state.replace(z, key)
        except ValueError as error:
            raise UserError(f"z does not fit model {self.bundle.name}: {error}") from None
        self.stop_walk()

    def undo(self) -> bool:
        """Before the last change; tells whether there was one. A walk is one change, and ends."""
        self.stop_walk()
        before, self.state = self.state, self.state.undo()
        return self.state is not before

    def redo(self) -> bool:
        """Again what was undone; tells whether there was anything."""
        self.stop_walk()
        before, self.state = self.state, self.state.redo()
        return self.state is not before

    def start_walk(self) -> None:
        """Walk from here."""
        self._walks += 1
        self._walk = Walk(self.bundle.space, self.z, self._rng, self.speed)

    def stop_walk(self) -> None:
        """Stay here."""
        self._walk = None

    def walk_on(self, seconds: float) -> None:
        """Go on with the walk, if it is on."""
        if self._walk is not None:
            self._walk.speed = self.speed
            self.state = self.state.replace(self._walk.step(seconds), ("walk", self._walks))

    def session(self, backend: str) -> Session:
        """What it takes to go on from here.

        Args:
            backend: As ``--backend`` took it.
        """
        state, path = self.state, Path(self.ref).expanduser()
        past, future = (
            np.array(steps, np.float32).reshape(-1, state.space.dim) for steps in (state.past, state.future)
        )
        return Session(
            model=str(path.resolve()) if self.bundle.path == path else self.ref,
            backend=backend,
            z=state.z,
            selected=state.selected,
            past=past,
            future=future,
            walking=self.walking,
            speed=self.speed,
        )

    def change_speed(self, steps: int) -> None:
        """Make the walk faster, or slower where negative."""
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[min(max(nearest + steps, 0), len(SPEEDS) - 1)]
