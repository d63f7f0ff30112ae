"""Times of calls, with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds a call: median, and the 10th and 99th percentile, of `calls` calls."""

    median: float
    p10: float
    p99: float
    calls: int

    @property
    def rate(self) -> float:
        """Calls a second at the median."""
        return 1000 / self.median


def time_calls(call: Callable[[int], object], seconds: float) -> Spread:
    """Call with 0, 1, 2, ... for about `seconds`, after three calls that warm up."""
    for i in range(3):
        call(i)
    milliseconds: list[float] = []
    end = time.perf_counter() + seconds
    while len(milliseconds) < 5 or time.perf_counter() < end:
        began = time.perf_counter()
        call(len(milliseconds))
        milliseconds.append(1000 * (time.perf_counter() - began))
    return spread(milliseconds)


def spread(milliseconds: Sequence[float]) -> Spread:
    """Median and percentiles (nearest rank) of times in milliseconds, at least one."""
    ordered = sorted(milliseconds)
    last = len(ordered) - 1
    return Spread(statistics.median(ordered), ordered[last // 10], ordered[round(0.99 * last)], len(ordered))
