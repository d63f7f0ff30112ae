"""Statistics of the live frame over the last second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple, TypeVar

WINDOW = 1.0
"""Seconds that statistics look back."""

FRAME_TIMES = 120
"""How many frame times are kept for a sparkline: two seconds at 60 frames a second."""

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 99th percentile (nearest rank) of a time, in milliseconds."""

    median: float
    p99: float


@dataclass(frozen=True, slots=True)
class FrameStats:
    """What happened within the last second.

    Attributes:
        fps: Frames presented.
        dropped: Frames that were replaced by a newer one before they were sent.
        decode: Time from the latent vector to the frame; None if nothing was decoded, and likewise below.
        draw: Time from the frame to terminal output, compositing included.
        write: Time in which that output was written to the terminal.
        frame_bytes: Bytes written a frame (median), with all that was drawn since the frame before.
        frame_times: Milliseconds from one frame to the next, oldest first, at most `FRAME_TIMES`; these may
            be older than a second. A pause of more than a second is no frame time.
    """

    fps: int
    dropped: int
    decode: Spread | None
    draw: Spread | None
    write: Spread | None
    frame_bytes: int | None
    frame_times: tuple[float, ...]


class _Sample(NamedTuple):
    time: float
    value: float


class _Presented(NamedTuple):
    time: float
    draw: float
    write: float
    size: int


class FrameMeter:
    """Counts frames, times and bytes; telling it of one takes a microsecond.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._decoded: deque[_Sample] = deque()
        self._dropped: deque[_Sample] = deque()
        self._presented: deque[_Presented] = deque()
        self._frame_times: deque[float] = deque(maxlen=FRAME_TIMES)

    def decoded(self, seconds: float) -> None:
        """A frame was decoded in so many seconds, whether it is presented or not."""
        now = self._clock()
        _forget(self._decoded, now)
        self._decoded.append(_Sample(now, seconds))

    def dropped(self) -> None:
        """A frame was replaced by a newer one before it was sent."""
        now = self._clock()
        _forget(self._dropped, now)
        self._dropped.append(_Sample(now, 1))

    def presented(self, draw: float, write: float, size: int) -> None:
        """A frame is on the screen.

        Args:
            draw: Seconds from the frame to terminal output.
            write: Seconds in which that was written.
            size: Bytes that were written.
        """
        now = self._clock()
        _forget(self._presented, now)
        if self._presented:
            self._frame_times.append(1e3 * (now - self._presented[-1].time))
        self._presented.append(_Presented(now, draw, write, size))

    def snapshot(self) -> FrameStats:
        """The statistics as of now."""
        now = self._clock()
        _forget(self._decoded, now)
        _forget(self._dropped, now)
        _forget(self._presented, now)
        presented = self._presented
        return FrameStats(
            fps=len(presented),
            dropped=len(self._dropped),
            decode=_spread(sample.value for sample in self._decoded),
            draw=_spread(frame.draw for frame in presented),
            write=_spread(frame.write for frame in presented),
            frame_bytes=_quantile(sorted(frame.size for frame in presented), 0.5) if presented else None,
            frame_times=tuple(self._frame_times),
        )


def _forget(samples: deque[_Sample] | deque[_Presented], now: float) -> None:
    while samples and samples[0].time <= now - WINDOW:
        samples.popleft()


def _spread(seconds: Iterable[float]) -> Spread | None:
    ordered = sorted(seconds)
    return Spread(1e3 * _quantile(ordered, 0.5), 1e3 * _quantile(ordered, 0.99)) if ordered else None


def _quantile(ordered: Sequence[_Number], q: float) -> _Number:
    """Nearest rank: the least value that a share q of all do not exceed."""
    return ordered[max(0, ceil(q * len(ordered)) - 1)]
