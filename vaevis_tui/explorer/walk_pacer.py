"""When the walk takes its next step."""

from __future__ import annotations

from collections.abc import Callable


class WalkPacer:
    """At most one step a tick, and none before the frame of the last step came and can be shown.

    So a walk never asks for more frames than are decoded and than the terminal takes. Where that takes
    longer than a tick, the next step is taken as soon as it is done, not at the tick after.

    Args:
        clock: Seconds that never go back.
        can_show: Whether a frame would be shown at once.
    """

    def __init__(self, clock: Callable[[], float], can_show: Callable[[], bool]) -> None:
        self._clock = clock
        self._can_show = can_show
        self._stepped_at = clock()
        self._ticked = False
        self._awaited = False

    def restart(self) -> None:
        """Begin to walk: the time before now does not count, and nothing is awaited."""
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
        """Whether to take a step now; asked after every tick, frame and change of what can be shown."""
        return self._ticked and not self._awaited and self._can_show()

    def step(self) -> float:
        """Take a step: the seconds since the last one, as long as which it should be."""
        now = self._clock()
        seconds, self._stepped_at = now - self._stepped_at, now
        self._ticked, self._awaited = False, True
        return seconds
