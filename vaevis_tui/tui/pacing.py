"""When the walk takes its next step."""

from __future__ import annotations

from collections.abc import Callable


class WalkPace:
    """At most one step a tick, and none before the picture of the last step has come.

    So a walk never asks for more pictures than are made. Where they take longer than a tick, the next step is
    taken as soon as the picture is there, not at the tick after.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._stepped_at = clock()
        self._due = False
        self._awaited = False

    def restart(self) -> None:
        """Begin to walk: the time before now does not count, and nothing is awaited."""
        self._stepped_at = self._clock()
        self._due = self._awaited = False

    def tick(self) -> bool:
        """The ticker ticked; whether to take a step now."""
        self._due = True
        return not self._awaited

    def picture_came(self) -> bool:
        """A picture came; whether to take a step now, that one tick or more has been waiting for."""
        self._awaited = False
        return self._due

    def step(self) -> float:
        """Take a step: the seconds since the last one, as long as which it should be."""
        now = self._clock()
        seconds, self._stepped_at = now - self._stepped_at, now
        self._due, self._awaited = False, True
        return seconds
