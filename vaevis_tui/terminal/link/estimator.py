"""What acknowledgements tell of the way to the terminal: its round trip, its rate, and how much it may hold.

A terminal answers ``CSI 6 n`` (cursor position report, ECMA-48) once it has taken all output before it. Two
such questions stand around each frame; their answers tell

- the round trip without a frame, whose minimum over `MEMORY` is that of the empty way, and
- how long the frame itself took, from when the way was free for it to the second answer. That is when the
  first was answered, or the frame before. (Where the first question travels in one piece with the frame,
  as in an SSH packet, the time between the two answers is too short. So it is taken to be a quarter at least
  of what has passed since a round trip after the frame was sent; not all of that, because chance delays on
  the way look the same, and must not count as frames that take long.)

That is the model of a queue served at a constant rate, after a delay that does not depend on size, as
congestion control by delay has it (TCP Vegas, Brakmo and Peterson 1995; BBR, Cardwell et al. 2016), with the
rate measured frame by frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil

MEMORY = 10.0
"""Seconds after which a minimum of the round trip is forgotten, as in BBR: ways change."""
DECAY = 0.8
"""Weight of what was known of the rate against one more frame: 0.5 s at 10 frames a second forget 2/3."""
LEAST_SERVICE = 0.0005
"""Seconds that a frame takes at least; answers cannot be told apart more closely."""
TELLING = 1000
"""Bytes of a frame that tells of the rate: of less, chance decides how long it takes."""
LEAST_SHARE = 0.2
"""Share of the time a frame took that is put down to its size at least."""
LINE_DECAY = 0.97
"""As `DECAY`, where what depends on size is told from what does not: some 30 frames."""
LINE_LEAST = 8.0
"""Frames that it takes at least for that."""
LINE_SPREAD = 0.1
"""Standard deviation of their sizes, as a share of the mean, below which it cannot be told."""
QUEUE = 0.03
"""Seconds of waiting behind other output that are put down to chance; two frames at 60 a second."""
QUEUE_SHARE = 0.25
"""The same as a share of the round trip: long ways are not as even."""
MOST = 16
"""Frames in flight at most: 60 a second at a round trip of 250 ms."""


class _FixedDelay:
    """How much of the time that frames take does not depend on their size.

    Terminals look at their input once in a while, machines are busy, delays vary: all that makes frames
    take longer, however small they are. Were it put down to the rate, smaller frames would be sent, which
    would make the rate look lower still. So time is taken to be a line over size, that of least squares, in
    which frames of long ago count less.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._sums: tuple[float, ...] = (0.0,) * 5
        """Of ones, sizes, seconds, squares of sizes, products of both."""

    def learn(self, size: int, seconds: float) -> None:
        """A frame of so many bytes took so long."""
        values = (1.0, size, seconds, size**2, size * seconds)
        self._sums = tuple(LINE_DECAY * old + new for old, new in zip(self._sums, values, strict=True))

    @property
    def seconds(self) -> float:
        """Where the line meets no size at all; 0 while that is not known."""
        count = self._sums[0]
        if count < LINE_LEAST:
            return 0.0
        size, seconds, squares, products = (each / count for each in self._sums[1:])
        variance = squares - size**2
        if variance < (LINE_SPREAD * size) ** 2:
            return 0.0
        slope = max(0.0, (products - size * seconds) / variance)
        return max(0.0, seconds - slope * size)


class LinkEstimator:
    """An estimate of the way to the terminal.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minima: deque[tuple[float, float]] = deque()  # time and round trip, both growing
        self._bytes = self._seconds = 0.0
        self._free_at = self._begun_at = 0.0
        self._delay = _FixedDelay()
        self._room = 2.0
        self._shrunk_at: float | None = None

    @property
    def round_trip(self) -> float | None:
        """Seconds from a question to its answer on the empty way; None until there was one."""
        return self._minima[0][1] if self._minima else None

    @property
    def rate(self) -> float | None:
        """Bytes a second that the way takes; None until a frame was answered."""
        return self._bytes / self._seconds if self._seconds else None

    def window(self, interval: float) -> int:
        """How many frames may be in flight when one is sent every so many seconds."""
        needed = 1 + ceil((self.round_trip or 0.0) / interval)
        return max(1, min(needed, int(self._room), MOST))

    def begun(self, sent: float, late: float = 0.0) -> None:
        """The question before a frame, sent then, was answered so many seconds ago."""
        now = self._begun_at = self._clock() - late
        round_trip = now - sent
        while self._minima and self._minima[-1][1] >= round_trip:
            self._minima.pop()
        self._minima.append((now, round_trip))
        while self._minima[0][0] < now - MEMORY:
            self._minima.popleft()

    def ended(self, sent: float, size: int, late: float = 0.0, *, paced: bool = True) -> None:
        """The question after a frame, sent then and so many bytes long, was answered.

        Args:
            sent: When it began to be handed over.
            size: Its length in bytes.
            late: Seconds since the answer came.
            paced: Whether it was sent when the way should have been free; else it tells nothing of queues.
        """
        now = self._clock() - late
        free = max(sent + (self.round_trip or 0.0), self._free_at)
        service = max(now - max(free, self._begun_at), (now - free) / 4, LEAST_SERVICE)
        fixed = self._delay.seconds
        self._delay.learn(size, service)
        if size >= TELLING:
            own = max(service - fixed, service * LEAST_SHARE, LEAST_SERVICE)
            self._bytes = DECAY * self._bytes + size
            self._seconds = DECAY * self._seconds + own
        queued = self._free_at - (sent + (self.round_trip or 0.0))
        self._free_at = now
        if not paced:
            return
        round_trip = self.round_trip or 0.0
        chance = max(QUEUE, round_trip * QUEUE_SHARE)
        if queued <= chance:
            # Doubled every round trip until the way was full once, as TCP begins, then one more each.
            self._room = min(self._room + (1 / self._room if self._shrunk_at else 1), MOST)
        elif now - (self._shrunk_at or 0.0) > round_trip + service:  # once a round trip
            self._delay.forget()  # the way may have changed
            self._room = max(1.0, self._room * (round_trip + chance) / (round_trip + queued))
            self._shrunk_at = now

    def overdue(self, sent: float, size: int) -> None:
        """No answer to a frame yet: the way cannot be faster than that."""
        if size < TELLING:
            return
        service = self._clock() - max(sent + (self.round_trip or 0.0), self._free_at) - self._delay.seconds
        if service > 0 and self._seconds and size / service < self._bytes / self._seconds:
            self._bytes, self._seconds = size, service
