"""Decides when the walk takes its next step."""

from __future__ import annotations

from collections.abc import Callable


class WalkPacer:
    """Allows at most one step a tick, and none before the last step's frame was decoded and can be shown.

    So a walk never asks for more frames than the decoder makes and the terminal takes. If that takes longer
    than a tick, the next step is due as soon as it is done, not at the next tick.

    Args:
        clock: Monotonic seconds.
        can_show: Whether a frame would be shown at once.
    """

    def __init__(self, clock: Callable[[], float], can_show: Callable[[], bool]) -> None:
        self._clock = clock
        self._can_show = can_show
        self._stepped_at = clock()
        self._ticked = False
        self._awaited = False

    def restart(self) -> None:
        """Start over: the time before now does not count, and no frame is awaited."""
        self._stepped_at = self._clock()
        self._ticked = self._awaited = False

    def tick(self) -> None:
        """The ticker ticked."""
        self._ticked = True

    def frame_came(self) -> None:
        """A frame was decoded."""
        self._awaited = False

    @property
    def due(self) -> bool:
        """Whether to take a step now; ask after every tick, frame and change of ``can_show``."""
        return self._ticked and not self._awaited and self._can_show()

    def step(self) -> float:
        """Take a step; returns its length: the seconds since the last one."""
        now = self._clock()
        seconds, self._stepped_at = now - self._stepped_at, now
        self._ticked, self._awaited = False, True
        return seconds
