"""Pacing: which pictures may go to the terminal, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 2
"""Pictures under way at once: one that is being written while the next is encoded."""

MAX_RATE = 60.0
"""Pictures sent a second at most: what displays show."""


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

    Nothing queues: a picture that is offered takes the place of the one that waits, which is dropped before
    any work was spent on it. The newest is never dropped, so the last one is shown when pictures cease.

    A picture is told of by `offer`, by `sent` once `delay` is 0, and by `presented`. Numbers grow. This is
    the link of a terminal on this machine: a picture counts as presented when its last byte was written to
    the terminal's device, which buffers a few KiB before it makes the writer wait.

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
        self._due = clock()
        self._waiting: int | None = None
        self._under_way: tuple[InFlight, ...] = ()
        self._dropped = 0

    @property
    def waiting(self) -> int | None:
        """Number of the picture that waits to be sent."""
        return self._waiting

    @property
    def in_flight(self) -> tuple[InFlight, ...]:
        """The pictures under way, oldest first."""
        return self._under_way

    @property
    def dropped(self) -> int:
        """How many pictures gave way to a newer one so far."""
        return self._dropped

    def offer(self, number: int) -> bool:
        """A picture waits from now on; True if it takes the place of another, which is thereby dropped."""
        drops = self._waiting is not None
        self._waiting = number
        self._dropped += drops
        return drops

    def delay(self) -> float | None:
        """Seconds until the waiting picture may be sent, 0 for now.

        None if no picture waits, or if the window is full: then `presented` makes room.
        """
        if self._waiting is None or len(self._under_way) >= self._window:
            return None
        return max(0.0, self._due - self._clock())

    def may_send(self) -> bool:
        """Whether a picture waits and may be sent now."""
        return self.delay() == 0

    def sent(self, number: int, size: int) -> None:
        """The waiting picture was handed over for writing, ``size`` bytes long."""
        now = self._clock()
        self._waiting = None
        self._under_way += (InFlight(number, size, now),)
        # The next may come early by what this one was late, up to a period: pictures that are made at the
        # maximum rate, but not evenly, would be dropped otherwise.
        self._due = max(self._due, now - self._period) + self._period

    def presented(self, number: int) -> float | None:
        """A picture is on the screen, and with it all before it.

        Returns:
            Seconds since it was handed over, or None if it was not under way (it was forgotten).
        """
        now = self._clock()
        since = [picture.since for picture in self._under_way if picture.number == number]
        self._under_way = tuple(picture for picture in self._under_way if picture.number > number)
        return now - since[0] if since else None

    def forget(self) -> None:
        """Nobody will hear of what is under way any more. What waits goes on waiting."""
        self._under_way = ()
