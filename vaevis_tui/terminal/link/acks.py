"""Which frames are in flight: sequence numbers, requests for acks, and how long acks may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vaevis_tui.terminal.link.estimator import MOST

SEQUENCE_NUMBERS = 2 * MOST
"""How many sequence numbers ack requests have. They travel as the cursor's column: 1 to this."""

ROW_AFTER, ROW_BEFORE = 2, 3
"""Rows of the cursor in the requests after and before a frame. Not row 1: its report would read as a key."""

TIMEOUT = 3.0
"""Seconds beyond the expected time until an ack is given up, and the terminal counts as silent again."""

FIRST_ACK_TIMEOUT = 2.0
"""Seconds to wait for the first ack where there is a budget, with `FIRST_WINDOW` frames in flight."""

FIRST_WINDOW = 3
"""Most frames in flight while the first ack is awaited."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A frame that was handed over for writing and is not known to be on the screen.

    Attributes:
        number: The frame's number.
        size: Its length in bytes; once written, with everything written since the frame before.
        since: When writing it began, in seconds of the link's clock.
        background: Whether it belongs to a background image, which yields to the main one.
        charged: Bytes counted so far, with those written since the frame before.
    """

    number: int
    size: int
    since: float
    background: bool = False
    charged: int = 0


class AckTracker:
    """Knows which frames are in flight, and which a cursor report acknowledges.

    Args:
        clock: Seconds that never go back.
        asks: Whether acks are requested at all.
        waits: Whether the first ack is waited for, with few frames in flight.

    Attributes:
        in_flight: The frames in flight, oldest first.
        answering: Whether the terminal sends acks.
    """

    def __init__(self, clock: Callable[[], float], *, asks: bool = True, waits: bool = False) -> None:
        self.asks = asks
        self.in_flight: tuple[InFlight, ...] = ()
        self.answering = False
        self._clock = clock
        self._waits = waits
        self._ever_answered = False
        self._first_deadline: float | None = None
        self._requested: tuple[int, float] = (-1, 0.0)
        """Number of the last frame before which an ack was requested, and when."""
        self._unacked: dict[int, InFlight] = {}
        """Frames by number whose acks are outstanding, also those that are no longer waited for."""

    def request(self, number: int, *, before: bool) -> str:
        """An ack request to write before or after a frame; empty where none are sent.

        Drawing a frame may take longer than the round trip: the request before it counts as written now.
        """
        if not self.asks:
            return ""
        if before:
            self._requested = number, self._clock()
        return f"\x1b[{ROW_BEFORE if before else ROW_AFTER};{1 + number % SEQUENCE_NUMBERS}H\x1b[6n"

    def sent(self, number: int, size: int, charged: int, *, asked: bool, background: bool) -> None:
        """A frame was handed over for writing; see `InFlight`, and `asked` in `Link.sent`."""
        now = self._clock()
        requested, since = self._requested
        began = since if asked and requested == number else now
        frame = InFlight(number, size, began, background, charged)
        self.in_flight += (frame,)
        if not asked:
            return
        if self.asks:
            self._unacked[number] = frame
            if len(self._unacked) >= SEQUENCE_NUMBERS:  # sequence numbers wrap around
                del self._unacked[min(self._unacked)]
        if self._first_deadline is None and self._waits:
            self._first_deadline = now + FIRST_ACK_TIMEOUT

    def written(self, number: int, size: int) -> tuple[InFlight | None, bool]:
        """A frame was written, with all since the one before ``size`` bytes.

        Returns:
            The frame as it was handed over, if it is known still, and whether its ack is outstanding.
        """
        asked = self._unacked.get(number)
        if asked is not None:
            self._unacked[number] = replace(asked, size=max(size, asked.size))
        return next((frame for frame in self.in_flight if frame.number == number), asked), asked is not None

    def acknowledged(self, row: int, column: int) -> tuple[InFlight, bool] | None:
        """The terminal has reported its cursor, counted from 1.

        Returns:
            The frame, and whether it is on the screen now, not only all before it; None if this is no ack.
        """
        asked = self._unacked.values()
        frame = next((each for each in asked if 1 + each.number % SEQUENCE_NUMBERS == column), None)
        if frame is None or row not in (ROW_AFTER, ROW_BEFORE):
            return None
        self.answering = self._ever_answered = True
        if row == ROW_AFTER:
            self._unacked = {number: each for number, each in self._unacked.items() if number > frame.number}
        return frame, row == ROW_AFTER

    def presented(self, number: int) -> tuple[InFlight, ...]:
        """A frame is on the screen, and with it all before it: those that were in flight, oldest first."""
        done = tuple(frame for frame in self.in_flight if frame.number <= number)
        self.in_flight = tuple(frame for frame in self.in_flight if frame.number > number)
        return done

    def forget(self) -> None:
        """Drop all frames in flight: their acks will never come."""
        self.in_flight = ()
        self._unacked.clear()

    def timeout(self, expected: float) -> float | None:
        """Seconds until the terminal counts as silent if no ack comes; None if none is awaited.

        Args:
            expected: Seconds that the ack of the oldest frame in flight should take.
        """
        if not self.answering or not self.in_flight:
            return self.first_wait()
        return max(0.0, self.in_flight[0].since + TIMEOUT + 2 * expected - self._clock())

    def expire(self, expected: float) -> None:
        """Stop waiting for an overdue ack: the terminal counts as silent until the next one."""
        if self.timeout(expected) == 0.0:
            self.answering = False
            self.in_flight = ()

    def first_wait(self) -> float | None:
        """Seconds left to wait for the first ack; None if it is not awaited."""
        if self._first_deadline is None or self._ever_answered or not self.asks:
            return None
        left = self._first_deadline - self._clock()
        return left if left > 0 and len(self._unacked) >= FIRST_WINDOW else None
