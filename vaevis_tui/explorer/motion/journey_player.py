"""Playing a journey: where it is, how fast it goes; equal times change the image by equal amounts."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import Latents
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.tile_map import resized
from vaevis_tui.latent.motion.journey import Journey

SECONDS_A_LEG = 2.5
"""From one stop to the next on average, at the walk's usual speed."""
USUAL_SPEED = 1.5
MOST_SAMPLES = 192
"""Images that are decoded at most to measure a journey."""
SAMPLES_A_LEG = 8
MEASURED_SIZE = 32
"""Pixels of the longer side that are compared: a difference that is seen is seen at this size, too."""


class JourneyPlayer:
    """One journey at a time. It ends as soon as the exploration's is another one, or none.

    A journey stands still at its first stop until it has been measured.
    """

    def __init__(self) -> None:
        self._exploration: Exploration | None = None
        self._journey: Journey | None = None
        self._playing = False
        self._measured = False
        self._images: list[NDArray[np.uint8]] = []
        self._a_leg = SAMPLES_A_LEG
        self._title = ""

    def begin(self, exploration: Exploration, journey: Journey, title: str) -> Latents:
        """Go to the first stop of a journey, and play it once it is measured.

        Args:
            exploration: Of the model on show.
            journey: As yet unmeasured.
            title: What it is called where it has two stops.

        Returns:
            What to decode for `take`, float32 (n, d).
        """
        self._exploration, self._journey, self._title = exploration, journey, title
        self._playing, self._measured, self._images = True, False, []
        self._a_leg = max(min(SAMPLES_A_LEG, MOST_SAMPLES // journey.legs - 1), 1)
        exploration.start_journey(journey)
        samples = journey.samples(self._a_leg)
        return samples.reshape(-1, samples.shape[-1])

    def take(self, images: NDArray[np.uint8]) -> None:
        """Some of the images have come, uint8 (n, h, w, 3), in order; with the last one it begins to move."""
        exploration, journey = self._exploration, self._journey
        if self._measured or exploration is None or journey is None:
            return
        self._images += [_small(image) for image in images]
        if len(self._images) < journey.legs * (self._a_leg + 1) or not self.on(exploration):
            return
        stack = np.stack(self._images)
        self._journey = journey.measured(stack.reshape(journey.legs, -1, *stack.shape[1:]))
        self._measured, self._images = True, []
        exploration.take_pace(self._journey)

    def on(self, exploration: Exploration | None) -> bool:
        """Whether a journey is on in an exploration, moving or not."""
        return (
            exploration is not None
            and exploration is self._exploration
            and self._journey is not None
            and exploration.journey is self._journey
        )

    def playing(self, exploration: Exploration | None) -> bool:
        """Whether it moves by itself."""
        return self.on(exploration) and self._playing and self._measured

    def toggle(self) -> None:
        """Pause, or go on; from the beginning where it was at its end."""
        self._playing = not self._playing
        if self._playing and self._exploration is not None and self._at_end(self._exploration):
            self._exploration.scrub(0.0)

    def advance(self, seconds: float) -> None:
        """Go on playing for so long."""
        exploration, journey = self._exploration, self._journey
        if exploration is None or journey is None or not self.playing(exploration):
            return
        whole = SECONDS_A_LEG * journey.legs * USUAL_SPEED / exploration.speed
        exploration.scrub(exploration.journey_position + seconds / whole)
        self._playing = not self._at_end(exploration)

    def _at_end(self, exploration: Exploration) -> bool:
        return self._journey is not None and not self._journey.loop and exploration.journey_position >= 1

    def scrub(self, shares: float) -> None:
        """Pause, and go so far on, or back where negative; 1 is the whole journey."""
        if self._exploration is not None:
            self.go(self._exploration.journey_position + shares)

    def go(self, position: float) -> None:
        """Pause, and go to a position from 0 to 1."""
        if self._exploration is not None:
            self._playing = False
            self._exploration.scrub(position)

    @property
    def stops(self) -> tuple[float, ...]:
        """Positions of the stops, from 0 to 1."""
        return () if self._journey is None else tuple(self._journey.stop_positions)

    def step(self, stops: int) -> None:
        """Pause, and go to the next stop (1), or to the one before (-1)."""
        exploration, journey = self._exploration, self._journey
        if exploration is None or journey is None:
            return
        self._playing = False
        here, places = exploration.journey_position, journey.stop_positions
        if stops > 0:
            exploration.scrub(next((place for place in places if place > here + 1e-9), 1.0))
        else:
            exploration.scrub(next((place for place in reversed(places) if place < here - 1e-9), 0.0))

    def text(self) -> str:
        """``"▶ tour 3 of 7 · 42 %"``: the stop it has come by last, and the share of the time gone."""
        exploration, journey = self._exploration, self._journey
        if exploration is None or journey is None:
            return ""
        position, stops = exploration.journey_position, len(journey.stops)
        number = (bisect_right(journey.stop_positions, position + 1e-9) - 1) % stops + 1
        what = f"tour {number} of {stops}" if stops > 2 else self._title
        mark = "▶" if self._playing else "❚❚"
        return f"{mark} {what} · {round(100 * position)} %"


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shrink = MEASURED_SIZE / max(image.shape[:2])
    if shrink >= 1:
        return image
    return resized(image, max(round(image.shape[0] * shrink), 1), max(round(image.shape[1] * shrink), 1))
