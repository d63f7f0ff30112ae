"""Pacing: which frames may go to the terminal, when, and how large they may be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from vaevis_tui.terminal.link.estimator import MOST, LinkEstimator

WINDOW = 2
"""Frames in flight at once where nobody answers: one that is being written while the next is encoded."""

MAX_RATE = 60.0
"""Frames sent a second at most: what displays show."""

SEQUENCE_NUMBERS = 2 * MOST
"""Numbers that questions to the terminal carry, in the column of the cursor: columns 1 to this."""

ROW_AFTER, ROW_BEFORE = 2, 3
"""Rows of the cursor in questions after and before a frame. Not row 1: the answer would read as a key."""

TIMEOUT = 3.0
"""Seconds beyond the expected in which an answer must come; then the terminal counts as silent again."""

SLICE = 0.05
"""Seconds of the link that a part takes of an image that gives way: a key pressed meanwhile waits for it."""

FIRST_ACK_TIMEOUT = 2.0
"""Seconds in which the first answer is hoped for where there is a budget, with few frames under way."""
MOST_DEBT = 0.25
"""Seconds that the next frame waits at most once all were acknowledged: the link is empty then, and one slow
answer of a busy terminal must not hold up what follows."""

FIRST_WINDOW = 3
"""Frames in flight while the first ack is awaited."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A frame that was handed over for writing.

    Attributes:
        number: The frame's number.
        size: Its length in bytes; once it was written, with all that was written since the one before.
        since: When it began to be handed over, in seconds of the link's clock.
        background: Whether it is of an image that gives way to the main one.
        charged: Bytes that were counted so far, with those written since the frame before.
    """

    number: int
    size: int
    since: float
    background: bool = False
    charged: int = 0


@dataclass(frozen=True, slots=True)
class LinkStats:
    """What is known of the way to the terminal.

    Attributes:
        in_flight: Frames in flight.
        window: How many may be.
        round_trip: Seconds to the terminal and back when nothing else is on the way; None if unknown.
        bytes_per_second: Sent within the last second.
        capacity: Bytes a second that the way takes, or is taken to take; None for any number.
        answering: Whether the terminal says what it has taken. If not, it is sent what a budget allows.
    """

    in_flight: int
    window: int
    round_trip: float | None
    bytes_per_second: int
    capacity: float | None
    answering: bool


class Link:
    """The link to the terminal: a window of frames in flight, and a budget of bytes.

    A frame is told of by `sent` once `pause` is 0, by `written` and by `acknowledged`. Numbers grow. Until
    the terminal has acknowledged once, or where it is not asked to, a frame counts as presented when its last
    byte was written to the terminal's device, which buffers a few KiB before it makes the writer wait (and,
    over a network, megabytes: hence ``budget``). Afterwards it counts when the terminal has acknowledged it.

    Frames of the main image are paced to ``max_rate`` and to what the link takes. Those in the *background*
    have a window of their own and no rate, but share the bytes: see `FrameScheduler`.

    Args:
        clock: Seconds that never go back.
        window: How many frames may be under way while nobody answers.
        max_rate: How many frames a second may be sent.
        budget: Bytes a second while nobody answers; None for any number.
        ceiling: Bytes a second at most in any case; None for any number.
        asks: Whether to ask the terminal at all. A multiplexer answers by itself, before its own terminal has
            seen anything.

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
        self.asks = asks
        self._clock = clock
        self._window = window
        self._period = 1 / max_rate
        self._budget = budget
        self._ceiling = ceiling
        self._route = LinkEstimator(clock)
        self._answering = False
        self._hopes_until: float | None = None
        self._due = self._paced_until = clock()
        """When the next frame of the main image may be sent, and when by ``max_rate`` alone."""
        self._interval = self._period
        self._charged = 0
        """Bytes counted since the last frame was sent."""
        self._taken_until = clock()
        """When the link has taken all bytes that were sent, by its capacity."""
        self._under_way: tuple[InFlight, ...] = ()
        self._requested: tuple[int, float] = (-1, 0.0)
        """The last frame before which a question was written, and when."""
        self._asked: dict[int, InFlight] = {}
        """Frames by number whose answers are still to come, also where nobody waits for them."""
        self._sizes: deque[tuple[float, int]] = deque()

    @property
    def in_flight(self) -> tuple[InFlight, ...]:
        """The frames under way, oldest first."""
        return self._under_way

    @property
    def answering(self) -> bool:
        """Whether the terminal says what it has taken."""
        return self._answering

    @property
    def window(self) -> int:
        """How many frames may be under way now."""
        return self._route.window(self._interval) if self._answering else self._window

    @property
    def capacity(self) -> float | None:
        """Bytes a second that may be sent; None for any number."""
        self._look_for_overdue()
        limits = [limit for limit in (self._route.rate, self._ceiling) if limit is not None]
        if self._budget is not None and not (self._answering and self._route.rate):
            limits.append(self._budget)
        return min(limits) if limits else None

    def pause(self) -> float | None:
        """Seconds until the next frame of the main image may be sent, 0 for now.

        None if the window is full: an acknowledgement makes room, or that none comes. Ask again after
        `timeout`.
        """
        self._give_up()
        frames = sum(not frame.background for frame in self._under_way)
        if frames >= self.window or self._hope():
            return None
        return max(0.0, self._due - self._clock())

    def background_pause(self, *, overdue: bool = False) -> float | None:
        """Seconds until more may be sent of an image that gives way to the main one; None as for `pause`.

        Args:
            overdue: Whether it may take the place of bytes of the main image by now.
        """
        self._give_up()
        parts = sum(frame.background for frame in self._under_way)
        room = self._route.window(SLICE) if self._answering else 1
        if parts >= room or self._hope():
            return None
        return 0.0 if overdue else max(0.0, self._taken_until - self._clock())

    @property
    def timeout(self) -> float | None:
        """Seconds until the terminal counts as silent if no answer comes; None if none is waited for."""
        if not self._answering or not self._under_way:
            return self._hope()
        return max(0.0, self._under_way[0].since + self._longest() - self._clock())

    def sent(self, number: int, size: int, *, asked: bool = True, background: bool = False) -> None:
        """A frame, or more of one that was sent before, was handed over.

        Args:
            number: Its number.
            size: Its length in bytes.
            asked: Whether with both requests for an acknowledgement.
            background: Whether it is of an image that gives way to the main one.
        """
        now = self._clock()
        requested, since = self._requested
        began = since if asked and requested == number else now
        self._under_way += (InFlight(number, size, began, background, size + self._charged),)
        self._charged = 0
        if self.asks and asked:
            self._asked[number] = self._under_way[-1]
            if len(self._asked) >= SEQUENCE_NUMBERS:  # numbers come round
                del self._asked[min(self._asked)]
        if self._hopes_until is None and asked and self._budget is not None:
            self._hopes_until = now + FIRST_ACK_TIMEOUT
        self._count(now, size)
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
        """What to write around a frame so that the terminal answers: a cursor move and ``CSI 6 n``.

        The cursor stays there: whoever writes this saves and restores its place. The one before counts as
        written now: drawing what it stands before may take longer than the way.
        """
        if not self.asks:
            return ""
        if before:
            self._requested = number, self._clock()
        return f"\x1b[{ROW_BEFORE if before else ROW_AFTER};{1 + number % SEQUENCE_NUMBERS}H\x1b[6n"

    def written(self, number: int, size: int) -> float | None:
        """A frame was written, ``size`` bytes with all that was written since the one before.

        Returns:
            As `presented` where writing is all that can be known, else None.
        """
        asked = self._asked.get(number)
        frame = next((each for each in self._under_way if each.number == number), asked)
        if frame is not None:
            self._take(max(0, size - frame.charged))
        if asked is None:
            return self.presented(number)
        self._asked[number] = replace(asked, size=max(size, asked.size))
        return None if self._answering else self.presented(number)

    def acknowledged(self, row: int, column: int, late: float = 0.0) -> int | None:
        """The terminal has reported its cursor, counted from 1.

        Args:
            row: Of the cursor.
            column: Of the cursor.
            late: Seconds since the report came; the program was busy with something else.

        Returns:
            The number of the frame that is thereby on the screen, and all before it; None if it is none.
        """
        frame = next((p for p in self._asked.values() if 1 + p.number % SEQUENCE_NUMBERS == column), None)
        if frame is None or row not in (ROW_AFTER, ROW_BEFORE):
            return None
        self._answering = True
        if row == ROW_BEFORE:
            self._route.begun(frame.since, late)
            return None
        self._route.ended(frame.since, frame.size, late, paced=not frame.background)
        self._asked = {number: p for number, p in self._asked.items() if number > frame.number}
        return frame.number

    def presented(self, number: int) -> float | None:
        """A frame is on the screen, and with it all before it.

        Returns:
            Seconds since it was handed over, or None if it was not under way (it was forgotten).
        """
        now = self._clock()
        since = [frame.since for frame in self._under_way if frame.number == number]
        gave_way = any(p.background for p in self._under_way if p.number <= number)
        self._under_way = tuple(frame for frame in self._under_way if frame.number > number)
        if self._answering and not self._under_way and self._ceiling is None:
            # What other images sent is large, and a frame that waits for it is seen to be late: once it has
            # arrived it holds up nothing, whatever was thought of the capacity.
            latest = now + (0.0 if gave_way else MOST_DEBT)
            self._due = min(self._due, max(latest, self._paced_until))
            self._taken_until = min(self._taken_until, latest)
        return now - since[0] if since else None

    def forget(self) -> None:
        """Nobody will hear of what is under way any more."""
        self._under_way = ()
        self._asked.clear()

    def stats(self) -> LinkStats:
        """What is known now."""
        now = self._clock()
        self._count(now, 0)
        return LinkStats(
            in_flight=len(self._under_way),
            window=self.window,
            round_trip=self._route.round_trip if self._answering else None,
            bytes_per_second=sum(size for _, size in self._sizes),
            capacity=self.capacity,
            answering=self._answering,
        )

    def charge(self, size: int) -> None:
        """Something was written beside frames (bars, statistics, menus): it takes its share of the bytes."""
        self._charged += size
        self._take(size)

    def _take(self, size: int) -> None:
        now = self._clock()
        self._count(now, size)
        if capacity := self.capacity:
            self._due += size / capacity
            self._taken_until = max(self._taken_until, now) + size / capacity

    @property
    def backlog(self) -> float:
        """Seconds until the link has taken all that was written, by its capacity."""
        return max(0.0, self._taken_until - self._clock())

    def _count(self, now: float, size: int) -> None:
        while self._sizes and self._sizes[0][0] <= now - 1.0:
            self._sizes.popleft()
        if size:
            self._sizes.append((now, size))

    def _longest(self) -> float:
        """Seconds that the answer to the oldest frame under way may take."""
        rate = self._route.rate
        expected = (self._route.round_trip or 0.0) + (self._under_way[0].size / rate if rate else 0.0)
        return TIMEOUT + 2 * expected

    def _look_for_overdue(self) -> None:
        if self._answering and self._under_way:
            self._route.overdue(self._under_way[0].since, self._under_way[0].size)

    def _give_up(self) -> None:
        """Stop waiting for an answer that is long overdue: the terminal counts as silent until the next."""
        if self.timeout == 0.0:
            self._answering = False
            self._under_way = ()

    def _hope(self) -> float | None:
        """Seconds for which a first answer is waited for now; None if it is not, or not any more."""
        if (
            self._hopes_until is None
            or self._answering
            or not self.asks
            or self._route.round_trip is not None
        ):
            return None
        left = self._hopes_until - self._clock()
        return left if left > 0 and len(self._asked) >= FIRST_WINDOW else None
