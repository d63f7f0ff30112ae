"""What moves the point by itself: a random walk or a journey, never both."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.latent.motion.journey import Journey
from vaevis_tui.latent.motion.walk import Walk
from vaevis_tui.latent.space import LatentSpace

SPEEDS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Steps of the walk's speed, in sigma of the whitened space per second."""

Step = tuple[NDArray[np.float32], Hashable]
"""Where a motion leads, float32 (d,), and the key that makes all of its steps one undo step."""


class Motion:
    """The walk and the journey of one exploration.

    Args:
        space: The latent space.
        rng: What walks draw from.
        speed: Of the walk, in sigma per second.
    """

    def __init__(self, space: LatentSpace, rng: np.random.Generator, speed: float) -> None:
        self._space = space
        self._rng = rng
        self.speed = speed
        self._walk: Walk | None = None
        self._walks = 0
        self.journey: Journey | None = None
        """The current journey, or None."""
        self.position = 0.0
        """Position on the journey, from 0 to 1."""
        self._journeys = 0

    def stop(self) -> None:
        """End the walk and the journey."""
        self._walk = self.journey = None

    # The walk

    @property
    def walking(self) -> bool:
        """Whether the random walk is on."""
        return self._walk is not None

    def start_walk(self, z: NDArray[np.float32]) -> None:
        """Start a random walk at a latent vector."""
        self.journey = None
        self._walks += 1
        self._walk = Walk(self._space, z, self._rng, self.speed)

    def stop_walk(self) -> None:
        """Stop the walk."""
        self._walk = None

    def step_walk(self, seconds: float) -> Step | None:
        """Take a step of the walk, as long as some seconds; None if it is off."""
        if self._walk is None:
            return None
        self._walk.speed = self.speed
        return self._walk.step(seconds), ("walk", self._walks)

    def change_speed(self, steps: int) -> None:
        """Make the walk faster (negative: slower) by some steps of `SPEEDS`."""
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[min(max(nearest + steps, 0), len(SPEEDS) - 1)]

    # The journey

    def start_journey(self, journey: Journey) -> None:
        """Start a journey; `scrub` says where on it one is."""
        self._walk = None
        self._journeys += 1
        self.journey = journey

    def scrub(self, position: float) -> Step | None:
        """Go to a position of the journey; a loop wraps around. None if there is no journey."""
        if self.journey is None:
            return None
        if self.journey.loop and not 0 <= position <= 1:
            position %= 1.0
        self.position = min(max(position, 0.0), 1.0)
        return self.journey.at(self.position), ("journey", self._journeys)

    def take_pace(self, journey: Journey) -> Step | None:
        """Replace the current journey by one of another pace; None if there is none."""
        if self.journey is None:
            return None
        self.journey = journey
        return self.scrub(self.position)
