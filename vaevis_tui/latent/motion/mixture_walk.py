"""The path of a random walk through a mixture: within one component for a while, then over to another.

The walker has a position x in whitened coordinates and a component i; its latent is ``m_i + x F_i``. x
follows `random_walk.ShellPath` and so stays on the typical shell of N(0, I). After a while another component
j takes over gradually: ``(1 - s)(m_i + x F_i) + s (m_j + x F_j)`` with s from 0 to 1. It is drawn from those
whose crossing is as probable as the data's own points, or, if there are too few, from the most probable.
"""

from __future__ import annotations

import math

import numpy as np

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.motion.random_walk import Knot, WalkPath, path_from
from vaevis_tui.latent.space import LatentSpace

_STAY = (0.4, 1.2)  # length of x within a component, in radians of the shell: seconds at an unhurried speed
_LEAST_CROSSING = 0.5  # length of x while another component takes over, in radians
_LEAST_CHOICE = (
    3,
    0.1,
)  # components, and share of all: at least so many may take over, lest a walk be trapped in a few
_CANDIDATES = 256  # of more components a random subset of this size is considered: a frame cannot wait longer
_PROBES = np.array([0.25, 0.5, 0.75])[:, None, None]  # shares of a crossing at which its density is judged
_LEAST_SPEED = (
    0.25  # of the usual one: where both motions cancel, the walk slows down rather than turn a corner
)


class MixturePath(WalkPath):
    """A path through the mixture of a space; knots are in the space's whitened coordinates, as elsewhere."""

    def __init__(
        self, space: LatentSpace, mixture: GaussianMixture, z: Latent, rng: np.random.Generator
    ) -> None:
        self._space, self._mixture, self._rng = space, mixture, rng
        self._here = self._there = int(np.argmax(mixture.log_densities(z)))
        _, self._radian, _ = shell = LatentSpace.standard_normal(mixture.dim).shell
        self._x_path = path_from(mixture.whiten(z, self._here), shell, rng)
        steps = self._change(mixture.factors.reshape(-1, mixture.dim).astype(np.float64))
        self._usual = math.sqrt(float(np.mean(np.sum(steps * steps, axis=1))))  # of z, where x has speed 1
        self._covered, self._length = 0.0, self._stay()
        self._speed = self._usual
        super().__init__(self._x_path.spacing * self._usual, self._knot(self._x_path.knots[0]))
        self._to = self._next()

    def _next(self) -> Knot:
        within = self._x_path.knots[1]
        self._x_path.advance()
        self._covered += self._x_path.spacing
        if self._covered >= self._length:
            self._covered -= self._length
            self._turn_over(within.x)
        before = self._speed
        knot = self._knot(within)
        self.spacing = self._x_path.spacing * (before + self._speed) / 2
        return knot

    def _knot(self, within: Knot) -> Knot:
        """A knot of x as one of the path, whose velocity is per length, of norm 1 on the shell."""
        x, inner = within
        share, rate = self._crossing()
        start, end = (self._mixture.unwhiten(x, component) for component in (self._here, self._there))
        turned = [self._mixture.turn(inner, component) for component in (self._here, self._there)]
        velocity = self._change((1 - share) * turned[0] + share * turned[1] + rate * (end - start))
        pace = max(1.0, float(np.linalg.norm(inner)))
        self._speed = max(float(np.linalg.norm(velocity)) / pace, _LEAST_SPEED * self._usual)
        return Knot(self._space.whiten((1 - share) * start + share * end), velocity / self._speed)

    def _crossing(self) -> tuple[float, float]:
        """The share of the next component, smooth at both ends, and its derivative by the length of x."""
        if self._here == self._there:
            return 0.0, 0.0
        along = self._covered / self._length
        return along * along * (3 - 2 * along), 6 * along * (1 - along) / self._length

    def _turn_over(self, x: Coordinates) -> None:
        """End a stay at x and begin a crossing, or end a crossing and begin a stay."""
        if self._here == self._there:
            self._there, distance = self._destination(x)
            self._length = max(_LEAST_CROSSING * self._radian, distance / self._usual)
        else:
            self._here = self._there
        if self._here == self._there:
            self._length = self._stay()

    def _stay(self) -> float:
        return float(self._rng.uniform(*_STAY)) * self._radian

    def _destination(self, x: Coordinates) -> tuple[int, float]:
        """Which component takes over, drawn by weight, and how far that is."""
        mixture = self._mixture
        others = np.arange(len(mixture))
        if len(mixture) > _CANDIDATES:
            others = self._rng.choice(len(mixture), _CANDIDATES, replace=False)
        count, here = len(others), mixture.unwhiten(x, self._here)
        crossings = np.array([mixture.unwhiten(x, component) for component in others.tolist()]) - here
        density = mixture.log_density(here + _PROBES * crossings).min(axis=0)
        density[others == self._here] = -np.inf
        typical = int(np.sum(density >= mixture.typical_log_density))
        choice = min(max(typical, _LEAST_CHOICE[0], round(_LEAST_CHOICE[1] * count)), count - 1)
        if choice == 0:
            return self._here, 0.0
        best = np.argsort(-density)[:choice]
        weights = mixture.weights[others[best]].astype(np.float64)
        chosen = int(self._rng.choice(best, p=weights / weights.sum()))
        return int(others[chosen]), float(np.linalg.norm(self._change(crossings[chosen])))

    def _change(self, of_z: Coordinates) -> Coordinates:
        """Changes of z as changes of the space's whitened coordinates."""
        return self._space.whiten(self._space.mean + of_z)
