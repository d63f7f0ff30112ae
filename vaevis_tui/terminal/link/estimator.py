"""Round trip, rate and window of the link to the terminal, estimated from acknowledgements.

A terminal answers ``CSI 6 n`` (cursor position report, ECMA-48) once it has processed all output before it.
We write one such request before each frame and one after it. The two acks give

- the round trip of an empty link: the minimum over `MEMORY` of what the request before a frame took, and
- the service time of the frame: from when the link was free for it (the first ack, or the end of the frame
  before) to the second ack. Where the first request travels in one piece with the frame, as in an SSH
  packet, the time between the acks is too short. The service time is therefore at least a quarter of what
  has passed since one round trip after the frame was sent. Not all of it: random delays look the same, and
  must not count as slow frames.

This models a queue that is served at a constant rate after a fixed delay, as delay-based congestion control
does (TCP Vegas, Brakmo and Peterson 1995; BBR, Cardwell et al. 2016), with the rate measured frame by frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil

MEMORY = 10.0
"""Seconds after which a minimum of the round trip is forgotten, as in BBR: links change."""
DECAY = 0.8
"""Weight of the old rate against one more frame: 2/3 of it is gone after 0.5 s at 10 frames a second."""
LEAST_SERVICE = 0.0005
"""Least service time in seconds: acks cannot be told apart more closely."""
INFORMATIVE = 1000
"""Bytes below which a frame says nothing about the rate: its time is noise."""
LEAST_SHARE = 0.2
"""Least share of a service time that is attributed to the frame's size."""
LINE_DECAY = 0.97
"""As `DECAY`, for the line fit of `_FixedDelay`: a memory of some 30 frames."""
LINE_LEAST = 8.0
"""Fewest frames that the line is fitted to."""
LINE_SPREAD = 0.1
"""Relative standard deviation of frame sizes below which no line can be fitted."""
QUEUE = 0.03
"""Seconds of queueing that count as noise: two frames at 60 a second."""
QUEUE_SHARE = 0.25
"""The same as a share of the round trip: the delay of long links varies more."""
MOST = 16
"""Frames in flight at most: 60 a second at a round trip of 250 ms."""


class _FixedDelay:
    """The part of the service time that does not depend on size, from a line fitted to time over size.

    Terminals poll their input, machines are busy, delays vary: all that makes frames take longer, however
    small they are. Attributed to the rate, it would make us send smaller frames, and the rate would look
    lower still. The fit is least squares, with exponentially less weight on older frames.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over."""
        self._sums: tuple[float, ...] = (0.0,) * 5
        """Weighted sums of 1, size, seconds, size squared, size times seconds."""

    def learn(self, size: int, seconds: float) -> None:
        """Add a frame: its bytes, and its service time in seconds."""
        values = (1.0, size, seconds, size**2, size * seconds)
        self._sums = tuple(LINE_DECAY * old + new for old, new in zip(self._sums, values, strict=True))

    @property
    def seconds(self) -> float:
        """The line at size zero; 0 while it is not known."""
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
    """Estimates round trip and rate of the link, and how many frames may be in flight.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minima: deque[tuple[float, float]] = deque()  # time and round trip, both growing
        self._bytes = self._seconds = 0.0
        self._free_at = self._begun_at = 0.0
        self._delay = _FixedDelay()
        self._window = 2.0
        self._shrunk_at: float | None = None

    @property
    def round_trip(self) -> float | None:
        """Seconds from a request to its ack on an empty link; None before the first ack."""
        return self._minima[0][1] if self._minima else None

    @property
    def rate(self) -> float | None:
        """Bytes a second; None until a frame was acknowledged."""
        return self._bytes / self._seconds if self._seconds else None

    def window(self, interval: float) -> int:
        """How many frames may be in flight when one is sent every ``interval`` seconds."""
        needed = 1 + ceil((self.round_trip or 0.0) / interval)
        return max(1, min(needed, int(self._window), MOST))

    def on_ack_before(self, sent: float, late: float = 0.0) -> None:
        """The ack before a frame arrived.

        Args:
            sent: When its request was sent, in seconds of the clock.
            late: Seconds since the ack arrived.
        """
        now = self._begun_at = self._clock() - late
        round_trip = now - sent
        while self._minima and self._minima[-1][1] >= round_trip:
            self._minima.pop()
        self._minima.append((now, round_trip))
        while self._minima[0][0] < now - MEMORY:
            self._minima.popleft()

    def on_ack_after(self, sent: float, size: int, late: float = 0.0, *, paced: bool = True) -> None:
        """The ack after a frame arrived: the frame is on the screen.

        Args:
            sent: When writing it began.
            size: Its length in bytes.
            late: Seconds since the ack arrived.
            paced: Whether it was sent when the link should have been free; if not, it says nothing about
                queueing.
        """
        now = self._clock() - late
        free = max(sent + (self.round_trip or 0.0), self._free_at)
        service = max(now - max(free, self._begun_at), (now - free) / 4, LEAST_SERVICE)
        fixed = self._delay.seconds
        self._delay.learn(size, service)
        if size >= INFORMATIVE:
            own = max(service - fixed, service * LEAST_SHARE, LEAST_SERVICE)
            self._bytes = DECAY * self._bytes + size
            self._seconds = DECAY * self._seconds + own
        queued = self._free_at - (sent + (self.round_trip or 0.0))
        self._free_at = now
        if not paced:
            return
        round_trip = self.round_trip or 0.0
        noise = max(QUEUE, round_trip * QUEUE_SHARE)
        if queued <= noise:
            # Slow start as in TCP: doubled every round trip until the link was full once, then one more each.
            self._window = min(self._window + (1 / self._window if self._shrunk_at else 1), MOST)
        elif now - (self._shrunk_at or 0.0) > round_trip + service:  # once a round trip
            self._delay.forget()  # the link may have changed
            self._window = max(1.0, self._window * (round_trip + noise) / (round_trip + queued))
            self._shrunk_at = now

    def overdue(self, sent: float, size: int) -> None:
        """A frame is not acknowledged yet: the rate is at most what that allows."""
        if size < INFORMATIVE:
            return
        service = self._clock() - max(sent + (self.round_trip or 0.0), self._free_at) - self._delay.seconds
        if service > 0 and self._seconds and size / service < self._bytes / self._seconds:
            self._bytes, self._seconds = size, service
