"""Pacing: which frames may go to the terminal, when, and how large they may be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from vaevis_tui.terminal.link.acks import AckTracker, InFlight
from vaevis_tui.terminal.link.estimator import LinkEstimator

WINDOW = 2
"""Frames in flight where the terminal sends no acks: one is written while the next is encoded."""

MAX_RATE = 60.0
"""Most frames a second: what displays show."""

SLICE = 0.05
"""Seconds of link time that a part of a background image takes: a key pressed meanwhile waits for it."""

MOST_DEBT = 0.25
"""Most seconds that the next frame waits once all were acknowledged: the link is empty then, and one slow ack
of a busy terminal must not hold up what follows."""


@dataclass(frozen=True, slots=True)
class LinkStats:
    """What is known about the link now.

    Attributes:
        in_flight: Frames in flight.
        window: How many may be.
        round_trip: Seconds to the terminal and back when the link is empty; None if unknown.
        bytes_per_second: Sent within the last second.
        capacity: Bytes a second that the link takes, or is assumed to take; None for no limit.
        answering: Whether the terminal sends acks. If not, it is sent what a budget allows.
    """

    in_flight: int
    window: int
    round_trip: float | None
    bytes_per_second: int
    capacity: float | None
    answering: bool


class Link:
    """The link to the terminal: how many frames may be in flight (`AckTracker`), and a budget of bytes.

    The life of a frame: the caller waits until `pause` is 0, then calls `sent`, later `written` and
    `acknowledged`. Numbers grow. Until the first ack, or where none is requested, a frame counts as presented
    when its last byte was written to the terminal's device. That device buffers a few KiB before it blocks
    the writer (over a network, megabytes: hence ``budget``). After the first ack, a frame counts as presented
    when the terminal has acknowledged it.

    Frames of the main image are paced to ``max_rate`` and to the link's capacity. *Background* frames have a
    window of their own and no rate, but share the bytes: see `FrameScheduler`.

    Args:
        clock: Seconds that never go back.
        window: Most frames in flight while there are no acks.
        max_rate: Most frames a second.
        budget: Bytes a second while there are no acks; None for no limit.
        ceiling: Most bytes a second in any case; None for no limit.
        asks: Whether to request acks at all. A multiplexer would send them itself, before its own terminal
            has seen anything.

    Raises:
        ValueError: The window is less than 1 or a rate not positive.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        window: int = WINDOW,
        max_rate: float = MAX_RATE,
        budget: float | None = None,
        ceiling: float | None = None,
        asks: bool = True,
    ) -> None:
        if window < 1 or not max_rate > 0:
            raise ValueError(f"window must be at least 1 and max_rate positive, not {window} and {max_rate}")
        if not all(rate is None or rate > 0 for rate in (budget, ceiling)):
            raise ValueError(f"budget and ceiling must be positive, not {budget} and {ceiling}")
        self._acks = AckTracker(clock, asks=asks, waits=budget is not None)
        self._clock = clock
        self._window = window
        self._period = 1 / max_rate
        self._budget = budget
        self._ceiling = ceiling
        self._estimator = LinkEstimator(clock)
        self._due = self._paced_until = clock()
        """When the next frame of the main image may be sent, and when by ``max_rate`` alone."""
        self._interval = self._period
        self._charged = 0
        """Bytes counted since the last frame was sent."""
        self._taken_until = clock()
        """When the link has taken all bytes that were sent, by its capacity."""
        self._sizes: deque[tuple[float, int]] = deque()

    @property
    def asks(self) -> bool:
        """Whether acks are requested at all."""
        return self._acks.asks

    @property
    def in_flight(self) -> tuple[InFlight, ...]:
        """The frames in flight, oldest first."""
        return self._acks.in_flight

    @property
    def answering(self) -> bool:
        """Whether the terminal sends acks."""
        return self._acks.answering

    @property
    def window(self) -> int:
        """How many frames may be in flight now."""
        return self._estimator.window(self._interval) if self.answering else self._window

    @property
    def capacity(self) -> float | None:
        """Bytes a second that may be sent; None for no limit."""
        self._check_overdue()
        limits = [limit for limit in (self._estimator.rate, self._ceiling) if limit is not None]
        if self._budget is not None and not (self.answering and self._estimator.rate):
            limits.append(self._budget)
        return min(limits) if limits else None

    def pause(self) -> float | None:
        """Seconds until the next frame of the main image may be sent, 0 for now.

        None if the window is full, until an ack comes or is given up: ask again after `timeout`.
        """
        self._acks.expire(self._expected())
        frames = sum(not frame.background for frame in self.in_flight)
        if frames >= self.window or self._acks.first_wait():
            return None
        return max(0.0, self._due - self._clock())

    def background_pause(self, *, overdue: bool = False) -> float | None:
        """Seconds until more of a background image may be sent; None as for `pause`.

        Args:
            overdue: Whether it has waited so long that it may go before the main image.
        """
        self._acks.expire(self._expected())
        parts = sum(frame.background for frame in self.in_flight)
        room = self._estimator.window(SLICE) if self.answering else 1
        if parts >= room or self._acks.first_wait():
            return None
        return 0.0 if overdue else max(0.0, self._taken_until - self._clock())

    @property
    def timeout(self) -> float | None:
        """Seconds until the terminal counts as silent if no ack comes; None if none is awaited."""
        return self._acks.timeout(self._expected())

    def sent(self, number: int, size: int, *, asked: bool = True, background: bool = False) -> None:
        """A frame, or a further part of one, was handed over for writing.

        Args:
            number: Its number.
            size: Its length in bytes.
            asked: Whether both ack requests stand around it.
            background: Whether it belongs to a background image.
        """
        now = self._clock()
        self._acks.sent(number, size, size + self._charged, asked=asked, background=background)
        self._charged = 0
        self._log(now, size)
        capacity = self.capacity
        seconds = size / capacity if capacity else 0.0
        self._taken_until = max(self._taken_until, now) + seconds
        if background:
            self._due = max(self._due, self._taken_until)
            return
        self._interval = max(self._period, seconds)
        # The next may come early by what this one was late, up to a period: frames that are made at the
        # maximum rate, but not evenly, would be dropped otherwise.
        self._due = max(self._due, now - self._period) + self._interval
        self._paced_until = max(self._paced_until, now - self._period) + self._period

    def ack_request(self, number: int, *, before: bool) -> str:
        """An ack request to write before or after a frame: a cursor move and ``CSI 6 n``.

        It moves the cursor: the caller saves and restores its position.
        """
        return self._acks.request(number, before=before)

    def written(self, number: int, size: int) -> float | None:
        """A frame was written: ``size`` bytes, with everything written since the frame before.

        Returns:
            As `presented` where no ack is to come, else None.
        """
        frame, asked = self._acks.written(number, size)
        if frame is not None:
            self._spend(max(0, size - frame.charged))
        return None if asked and self.answering else self.presented(number)

    def acknowledged(self, row: int, column: int, late: float = 0.0) -> int | None:
        """The terminal has reported its cursor, counted from 1.

        Args:
            row: Of the cursor.
            column: Of the cursor.
            late: Seconds since the report came, while the program was busy.

        Returns:
            The number of the frame that is now on the screen, with all before it; None if it is no ack.
        """
        if (ack := self._acks.acknowledged(row, column)) is None:
            return None
        frame, shown = ack
        if not shown:
            self._estimator.on_ack_before(frame.since, late)
            return None
        self._estimator.on_ack_after(frame.since, frame.size, late, paced=not frame.background)
        return frame.number

    def presented(self, number: int) -> float | None:
        """A frame is on the screen, and with it all before it.

        Returns:
            Seconds since it was handed over, or None if it was not in flight (it was forgotten).
        """
        now = self._clock()
        done = self._acks.presented(number)
        gave_way = any(frame.background for frame in done)
        if self.answering and not self.in_flight and self._ceiling is None:
            # Background images send much, and a main frame that waits behind them is visibly late. Once it
            # all has arrived nothing has to wait, whatever the estimate of the capacity was.
            latest = now + (0.0 if gave_way else MOST_DEBT)
            self._due = min(self._due, max(latest, self._paced_until))
            self._taken_until = min(self._taken_until, latest)
        return next((now - frame.since for frame in done if frame.number == number), None)

    def forget(self) -> None:
        """Drop all frames in flight: their acks will never come."""
        self._acks.forget()

    def stats(self) -> LinkStats:
        """What is known now."""
        now = self._clock()
        self._log(now, 0)
        return LinkStats(
            in_flight=len(self.in_flight),
            window=self.window,
            round_trip=self._estimator.round_trip if self.answering else None,
            bytes_per_second=sum(size for _, size in self._sizes),
            capacity=self.capacity,
            answering=self.answering,
        )

    def charge(self, size: int) -> None:
        """Count bytes that were written beside frames: bars, statistics, menus."""
        self._charged += size
        self._spend(size)

    def _spend(self, size: int) -> None:
        now = self._clock()
        self._log(now, size)
        if capacity := self.capacity:
            self._due += size / capacity
            self._taken_until = max(self._taken_until, now) + size / capacity

    @property
    def backlog(self) -> float:
        """Seconds until the link, by its capacity, has taken all that was written."""
        return max(0.0, self._taken_until - self._clock())

    def _log(self, now: float, size: int) -> None:
        while self._sizes and self._sizes[0][0] <= now - 1.0:
            self._sizes.popleft()
        if size:
            self._sizes.append((now, size))

    def _expected(self) -> float:
        """Seconds that the ack of the oldest frame in flight should take."""
        rate, oldest = self._estimator.rate, self.in_flight[:1]
        return (self._estimator.round_trip or 0.0) + (oldest[0].size / rate if rate and oldest else 0.0)

    def _check_overdue(self) -> None:
        if self.answering and self.in_flight:
            self._estimator.overdue(self.in_flight[0].since, self.in_flight[0].size)
