"""Pacing: which pictures may go to the terminal, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 2
"""Pictures under way at once: one that is being written while the next one is encoded."""

MAX_RATE = 60.0
"""Pictures a second that are sent at most: what displays show."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A picture that was handed over for writing.

    Attributes:
        number: The picture's number.
        size: Its length in bytes.
        since: When it was handed over, in seconds of the link's clock.
    """

    number: int
    size: int
    since: float


class Link:
    """The way to the terminal: a window of pictures under way, and one slot for the picture that waits.

    Nothing queues: a picture that is offered takes the place of the one that waits, which is dropped before any
    work was spent on it. The newest one is never dropped, so once pictures cease the last one is shown.

    The order of calls for a picture is `offer`, then `sent` once `delay` is 0, then `presented`. Numbers grow. Here a
    picture counts as presented when its last byte was written to the terminal's device, whose buffer is small (4 KiB
    on Linux): this is the link of a local terminal.

    Args:
        clock: Seconds that never go back.
        window: How many pictures may be under way.
        max_rate: How many pictures a second may be sent.

    Raises:
        ValueError: The window is less than 1 or the rate not positive.
    """

    def __init__(
        self, clock: Callable[[], float], *, window: int = WINDOW, max_rate: float = MAX_RATE
    ) -> None:
        if window < 1 or not max_rate > 0:
            raise ValueError(f"window must be at least 1 and max_rate positive, not {window} and {max_rate}")
        self._clock = clock
        self._window = window
        self._period = 1 / max_rate
        self._in_flight: list[InFlight] = []
        self._waiting: int | None = None
        self._due = clock()
        self._dropped = 0

    @property
    def waiting(self) -> int | None:
        """Number of the picture that waits to be sent."""
        return self._waiting

    @property
    def in_flight(self) -> int:
        """How many pictures are under way."""
        return len(self._in_flight)

    @property
    def dropped(self) -> int:
        """How many pictures gave way to a newer one, since the beginning."""
        return self._dropped

    def offer(self, number: int) -> bool:
        """A new picture waits from now on; True if it takes the place of another, which is thereby dropped."""
        replaces = self._waiting is not None
        self._waiting = number
        self._dropped += replaces
        return replaces

    def delay(self) -> float | None:
        """Seconds until the waiting picture may be sent, 0 for now.

        None if none waits, or if the window is full: then it is `presented` that makes room.
        """
        if self._waiting is None or len(self._in_flight) >= self._window:
            return None
        return max(0.0, self._due - self._clock())

    def may_send(self) -> bool:
        """Whether a picture waits and may go now."""
        return self.delay() == 0

    def sent(self, number: int, size: int) -> None:
        """The waiting picture was handed over for writing, ``size`` bytes long."""
        now = self._clock()
        self._waiting = None
        self._in_flight.append(InFlight(number, size, now))
        # A picture that comes late leaves the next one's time as it is, by up to one period: so pictures that are
        # made at the maximum rate, but not evenly, are not dropped.
        self._due = max(self._due, now - self._period) + self._period

    def presented(self, number: int) -> float | None:
        """A picture is on the screen, and with it all before it.

        Returns:
            Seconds since it was handed over, or None if it was not under way (the link was reset).
        """
        elapsed = next(
            (self._clock() - sent.since for sent in self._in_flight if sent.number == number), None
        )
        self._in_flight = [sent for sent in self._in_flight if sent.number > number]
        return elapsed

    def reset(self) -> None:
        """Forget what is under way: nobody will hear of it any more. What waits goes on waiting."""
        self._in_flight.clear()
