"""Statistics of the live picture over the last second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple, TypeVar

_Number = TypeVar("_Number", int, float)

WINDOW = 1.0
"""Seconds that statistics look back."""

FRAME_TIMES = 120
"""How many frame times are kept for a sparkline: two seconds at 60 frames a second."""


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
        dropped: Frames that gave way to a newer one.
        decode: Time from the latent vector to the picture; None if there was none. Likewise the others.
        draw: Time from the picture to terminal output, compositing included.
        write: Time in which the output was written to the terminal.
        frame_bytes: Bytes written a frame, median, everything that was drawn along with it included; None if no
            frame was presented.
        frame_times: Milliseconds from one frame to the next, oldest first, at most `FRAME_TIMES`; not limited to the last
            second. A pause longer than that is no frame time.
    """

    fps: int
    dropped: int
    decode: Spread | None
    draw: Spread | None
    write: Spread | None
    frame_bytes: int | None
    frame_times: tuple[float, ...]


class _Presented(NamedTuple):
    time: float
    draw: float
    write: float
    size: int


class FrameMeter:
    """Counts frames, times and bytes; cheap enough to be told of everything at any frame rate.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._decoded: deque[tuple[float, float]] = deque()
        self._presented: deque[_Presented] = deque()
        self._dropped: deque[tuple[float, int]] = deque()
        self._frame_times: deque[float] = deque(maxlen=FRAME_TIMES)

    def decoded(self, seconds: float) -> None:
        """A picture was decoded in so many seconds, whether it is presented or not."""
        self._decoded.append((self._clock(), seconds))
        self._forget(self._decoded)

    def dropped(self, count: int = 1) -> None:
        """Frames gave way to newer ones."""
        self._dropped.append((self._clock(), count))
        self._forget(self._dropped)

    def presented(self, draw: float, write: float, size: int) -> None:
        """A frame is on the screen.

        Args:
            draw: Seconds from the picture to terminal output.
            write: Seconds in which it was written.
            size: Bytes that were written.
        """
        now = self._clock()
        self._forget(self._presented)
        if self._presented:
            self._frame_times.append(1e3 * (now - self._presented[-1].time))
        self._presented.append(_Presented(now, draw, write, size))

    def snapshot(self) -> FrameStats:
        """The statistics as of now."""
        for samples in (self._decoded, self._presented, self._dropped):
            self._forget(samples)
        presented = self._presented
        return FrameStats(
            fps=len(presented),
            dropped=sum(count for _, count in self._dropped),
            decode=_spread([seconds for _, seconds in self._decoded]),
            draw=_spread([frame.draw for frame in presented]),
            write=_spread([frame.write for frame in presented]),
            frame_bytes=_quantile(sorted(frame.size for frame in presented), 0.5) if presented else None,
            frame_times=tuple(self._frame_times),
        )

    def _forget(
        self, samples: deque[_Presented] | deque[tuple[float, float]] | deque[tuple[float, int]]
    ) -> None:
        oldest = self._clock() - WINDOW
        while samples and samples[0][0] <= oldest:
            samples.popleft()


def _spread(seconds: list[float]) -> Spread | None:
    if not seconds:
        return None
    seconds.sort()
    return Spread(1e3 * _quantile(seconds, 0.5), 1e3 * _quantile(seconds, 0.99))


def _quantile(ordered: Sequence[_Number], q: float) -> _Number:
    """Nearest rank: the least value that a share q of all do not exceed."""
    return ordered[max(0, ceil(q * len(ordered)) - 1)]
