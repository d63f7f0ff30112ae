"""An endless random walk through the part of a latent space where the data lie."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Latent
from vaevis_tui.latent.motion.mixture_walk import MixturePath
from vaevis_tui.latent.motion.random_walk import WalkPath, path_from
from vaevis_tui.latent.space import LatentSpace

MAX_STEP_SECONDS = 0.1
"""A longer pause between two steps of a walk counts as this much: a hiccup of the clock is no jump."""


def unhurried_speed(space: LatentSpace) -> float:
    """A walking speed that suits the eye in any number of dimensions: the shell once round in 25 seconds.

    Returns:
        Whitened standard deviations per second: a quarter of the median radius.
    """
    return space.shell[1] / 4


class Walk:
    """An endless, smooth random walk at constant speed where the data of a latent space lie.

    With one normal distribution it stays on the typical shell (see `random_walk`); with a mixture it visits
    one component after the other (see `mixture_walk`).

    A seed gives the same path at any frame rate and any speed: steps only say how far along it to go. (Up to
    rounding in the machine's linear algebra; only `LatentSpace.sample` is the same to the bit everywhere.)

    Attributes:
        speed: Whitened standard deviations per second; may be set at any time.
    """

    def __init__(self, space: LatentSpace, z: ArrayLike, rng: np.random.Generator, speed: float) -> None:
        """Begin at z (d,), anywhere.

        Raises:
            ValueError: z has another shape than (d,) or is not finite, or the speed is negative or not
                finite.
        """
        here = np.array(z, np.float32)
        if here.shape != (space.dim,) or not np.all(np.isfinite(here)):
            raise ValueError(f"z must be {space.dim} finite numbers; it has shape {here.shape}")
        here.setflags(write=False)
        self._space = space
        self._path: WalkPath = (
            path_from(space.whiten(here), space.shell, rng)
            if space.mixture is None
            else MixturePath(space, space.mixture, here, rng)
        )
        self._z: Latent = here
        self._distance = 0.0  # from the last knot, in the path's parameter
        self.speed = speed

    @property
    def speed(self) -> float:
        """Whitened standard deviations per second, >= 0.

        Raises:
            ValueError: it is set to a negative number, NaN or an infinity.
        """
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError(
                f"the speed must be a finite number of sigmas per second, at least 0, not {speed}"
            )
        self._speed = float(speed)

    @property
    def z(self) -> Latent:
        """Where the walk is, float32 (d,), read-only."""
        return self._z

    def step(self, dt: float) -> Latent:
        """Walk on for dt seconds and return the new z, float32 (d,), read-only.

        Time that runs backwards counts as none, a pause as at most `MAX_STEP_SECONDS`.

        Raises:
            ValueError: dt is NaN.
        """
        if math.isnan(dt):
            raise ValueError("dt is not a number")
        self._distance += self._speed * min(max(dt, 0.0), MAX_STEP_SECONDS)
        while self._distance >= self._path.spacing:
            self._distance -= self._path.spacing
            self._path.advance()
        self._z = self._space.unwhiten(self._path.between(self._distance / self._path.spacing))
        self._z.setflags(write=False)
        return self._z
