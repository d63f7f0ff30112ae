"""The path of a random walk in whitened space, knot by knot.

A path is laid as knots, each with a position and a velocity, at even spacing, joined by cubic Hermite arcs:
position and velocity are continuous everywhere, and where the knots lie does not depend on how often the path
is sampled.

In d >= 2 dimensions the walker has a position ``r n`` (radius, unit normal) and a unit heading u, which

- is parallel transported along the sphere as n moves, so that without noise the walk is a great circle;
- turns by an Ornstein-Uhlenbeck process (curvature that wanders, not heading that jitters), so that it
  forgets its great circle after about one radian;
- leans towards the median radius by a damped spring with noise of its own, so that the radius wanders over
  the typical shell, in two dimensions (where the shell is most of the plane) as in 256 (where it is thin);
- may have no more than a certain radial share: none outwards at the outer border, none inwards at the inner
  one. This brake, not the spring, is what keeps every knot on the shell.

In one dimension there is no way round the mean: the walk crosses it and turns smoothly at random points
beyond the median.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from vaevis_tui.latent.arrays import Coordinates

_KNOTS_PER_RADIAN = 32  # of the median radius: the heading turns by 4 degrees from knot to knot
_KNOTS_PER_GIVE = 8  # both together keep the speed within 2.5 % of constant
_MEMORY_RADIANS = 0.25  # correlation length of the curvature, in radians of the median radius
_CURVATURE = 2.0  # its root mean square over 1 / median radius: the heading forgets itself in about a radian
_RADIAL_NOISE = (
    0.6  # over 1 / half-width: the radius then wanders with a deviation of about half the half-width
)
_DAMPING = 1.0  # over 1 / half-width: close to critical
_INSET = 0.01  # share of the shell's width kept free at each border for interpolation and float32 rounding
_TURN_OVERSHOOT = 1 - math.log(2)  # relaxation lengths that a velocity going from +1 to -1 still covers


class Knot(NamedTuple):
    """A point of a path.

    Attributes:
        x: Position in whitened space, float64 (d,).
        velocity: Change of position per unit of path parameter, float64 (d,); of norm 1 on the shell.
    """

    x: Coordinates
    velocity: Coordinates


class WalkPath(ABC):
    """An endless path: the current pair of knots, and how to extend it.

    Attributes:
        spacing: Path parameter from this knot to the next; on the shell that is length in whitened sigmas.
    """

    def __init__(self, spacing: float, start: Knot) -> None:
        self.spacing = spacing
        self._from = start
        self._to = start

    @property
    def knots(self) -> tuple[Knot, Knot]:
        """This knot and the next."""
        return self._from, self._to

    def advance(self) -> None:
        """Move on to the next pair of knots."""
        self._from = self._to
        self._to = self._next()

    def between(self, share: float) -> Coordinates:
        """The cubic Hermite arc from knot to knot: share 0 is the first, 1 the second; float64 (d,)."""
        start, end = self._from, self._to
        rest = 1 - share
        return (
            (rest * rest * (1 + 2 * share)) * start.x
            + (share * rest * rest * self.spacing) * start.velocity
            + (share * share * (3 - 2 * share)) * end.x
            - (share * share * rest * self.spacing) * end.velocity
        )

    @abstractmethod
    def _next(self) -> Knot: ...


class ShellPath(WalkPath):
    """A path in two or more dimensions."""

    def __init__(self, x: Coordinates, shell: tuple[float, float, float], rng: np.random.Generator) -> None:
        low, median, high = shell
        self._rng = rng
        self._low = low + _INSET * (high - low)
        self._high = high - _INSET * (high - low)
        self._median = min(max(median, self._low), self._high)
        radian = max(self._median, high / 4)  # for shells that no posterior has, with the median near zero
        self._give = max((high - low) / 2, radian / 64)  # over which the spring and the brakes act
        spacing = min(radian / _KNOTS_PER_RADIAN, self._give / _KNOTS_PER_GIVE)
        self._curvature = _CURVATURE / radian / math.sqrt(x.size - 1)
        self._memory = math.exp(-spacing / (_MEMORY_RADIANS * radian))
        self._radial_memory = math.exp(-spacing / self._give)

        self._radius = float(np.linalg.norm(x))
        self._normal = x / self._radius if self._radius > 0 else _unit(rng.standard_normal(x.size))
        self._turning = self._curvature * rng.standard_normal(x.size)
        self._swell = float(rng.standard_normal())
        self._heading = self._limited(self._random_tangent())
        super().__init__(spacing, Knot(x, self._pace() * self._heading))
        self._to = self._next()

    def _next(self) -> Knot:
        pace = self._pace()
        self._move(pace * self.spacing)
        arriving = pace * self._heading
        self._turn()
        leaving = self._pace() * self._heading
        return Knot(self._radius * self._normal, (arriving + leaving) / 2)

    def _pace(self) -> float:
        """Steps grow with the radius outside the shell: a way back from far out takes seconds."""
        return max(1.0, self._radius / self._high)

    def _move(self, length: float) -> None:
        """Go straight on: the radius by the heading's radial share, the rest along a great circle."""
        outwards = float(self._heading @ self._normal)
        tangent = self._heading - outwards * self._normal
        sideways = float(np.linalg.norm(tangent))
        if sideways > 0 and self._radius > 0:
            angle = length * sideways / self._radius
            tangent /= sideways
            normal = math.cos(angle) * self._normal + math.sin(angle) * tangent
            tangent = math.cos(angle) * tangent - math.sin(angle) * self._normal
            self._normal = _unit(normal)
            self._heading = outwards * self._normal + sideways * tangent
        self._radius += length * outwards

    def _turn(self) -> None:
        """Let curvature and swell wander by one spacing; turn the heading by both and the spring; brake."""
        fresh = self._rng.standard_normal(self._normal.size + 1)
        self._turning *= self._memory
        self._turning += (self._curvature * math.sqrt(1 - self._memory**2)) * fresh[1:]
        self._swell = self._radial_memory * self._swell + math.sqrt(1 - self._radial_memory**2) * float(
            fresh[0]
        )
        outwards = float(self._heading @ self._normal)
        spring = math.tanh((self._median - self._radius) / self._give)
        radial = (spring - _DAMPING * outwards + _RADIAL_NOISE * self._swell) / self._give
        self._heading = self._limited(_unit(self._heading + self.spacing * self._across(radial)))

    def _across(self, radial: float) -> Coordinates:
        """What turns the heading: the part at right angles to it of the curvature and of a radial pull."""
        pull = self._turning + radial * self._normal
        return pull - (pull @ self._heading) * self._heading

    def _limited(self, heading: Coordinates) -> Coordinates:
        """The heading with no more radial share than the borders allow: a straight brake over the give.

        A share of at most (high - r) / give makes the radius approach the border without ever reaching it.
        Inside the inner border the share is at least 1 - (r / low)^2, which keeps the curvature bounded near
        the mean.
        """
        outwards = float(heading @ self._normal)
        highest = max(min((self._high - self._radius) / self._give, 1.0), -1.0)
        lowest = max((self._low - self._radius) / self._give, -1.0)
        if self._radius < self._low:
            lowest = 1 - (self._radius / self._low) ** 2
        allowed = max(min(outwards, highest), lowest)
        if allowed == outwards:
            return heading
        tangent = heading - outwards * self._normal
        sideways = float(np.linalg.norm(tangent))
        tangent = tangent / sideways if sideways > 1e-9 else self._random_tangent()
        return allowed * self._normal + math.sqrt(1 - allowed * allowed) * tangent

    def _random_tangent(self) -> Coordinates:
        direction = self._rng.standard_normal(self._normal.size)
        return _unit(direction - (direction @ self._normal) * self._normal)


class LinePath(WalkPath):
    """A path in one dimension: to and fro through the mean, turning at random points beyond the median.

    The velocity relaxes exponentially to +1 or -1, so it is continuous; the speed is constant but for the
    turns.
    """

    def __init__(self, x: Coordinates, shell: tuple[float, float, float], rng: np.random.Generator) -> None:
        low, median, high = shell
        spacing = high / _KNOTS_PER_RADIAN
        self._rng = rng
        self._near = median
        self._high = high - _INSET * (high - low)
        self._relaxation = high / 8
        self._sense = 1.0 if rng.random() < 0.5 else -1.0
        self._goal = self._next_goal()
        super().__init__(spacing, Knot(x, np.zeros(1)))
        self._to = self._next()

    def _next_goal(self) -> float:
        return float(self._rng.uniform(min(self._near, self._high), self._high))

    def _next(self) -> Knot:
        x, pace = float(self._to.x[0]), max(1.0, abs(float(self._to.x[0])) / self._high)
        velocity = float(self._to.velocity[0])
        if self._sense * x >= self._goal - _TURN_OVERSHOOT * self._relaxation - self.spacing:
            self._sense = -self._sense
            self._goal = self._next_goal()
        target = self._sense * pace
        faster = target + (velocity - target) * math.exp(-self.spacing / self._relaxation)
        return Knot(np.array([x + self.spacing * (velocity + faster) / 2]), np.array([faster]))


def path_from(x: Coordinates, shell: tuple[float, float, float], rng: np.random.Generator) -> WalkPath:
    """A path from the whitened point x, float64 (d,), on the shell (low, median, high) or off it."""
    return LinePath(x, shell, rng) if x.size == 1 else ShellPath(x, shell, rng)


def _unit(vector: Coordinates) -> Coordinates:
    return vector / math.sqrt(float(vector @ vector))
