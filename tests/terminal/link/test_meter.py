from __future__ import annotations

import pytest

from vaevis_tui.terminal.link.meter import FRAME_TIMES, FrameMeter, Spread


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> FrameMeter:
    return FrameMeter(clock)


def test_nothing_happened(meter: FrameMeter) -> None:
    stats = meter.snapshot()
    assert (stats.fps, stats.dropped, stats.frame_times) == (0, 0, ())
    assert (stats.decode, stats.draw, stats.write, stats.frame_bytes) == (None, None, None, None)


def test_a_second_of_frames(meter: FrameMeter, clock: Clock) -> None:
    for number in range(300):  # five seconds at 60 a second, of which the last counts
        clock.now = number / 60
        meter.decoded(0.010 if number < 240 else (number - 239) * 1e-3)
        meter.presented(draw=0.004, write=0.002, size=1000 + number)
    stats = meter.snapshot()
    assert stats.fps == 60
    assert stats.decode == pytest.approx(Spread(30, 60), abs=1)
    assert stats.draw == Spread(4, 4)
    assert stats.write == Spread(2, 2)
    assert stats.frame_bytes == pytest.approx(1270, abs=1)
    assert len(stats.frame_times) == FRAME_TIMES
    assert stats.frame_times == pytest.approx([1e3 / 60] * FRAME_TIMES)


def test_it_forgets_after_a_second(meter: FrameMeter, clock: Clock) -> None:
    meter.presented(0.1, 0.1, 1)
    meter.dropped()
    meter.decoded(0.1)
    clock.now = 0.999
    assert (meter.snapshot().fps, meter.snapshot().dropped) == (1, 1)
    clock.now = 1.0
    stats = meter.snapshot()
    assert (stats.fps, stats.dropped, stats.decode) == (0, 0, None)


def test_a_pause_is_no_frame_time(meter: FrameMeter, clock: Clock) -> None:
    for now in (0.0, 0.02, 30.0, 30.05):
        clock.now = now
        meter.presented(0, 0, 0)
    assert meter.snapshot().frame_times == pytest.approx([20, 50])


def test_the_99th_percentile_shows_one_slow_frame_in_sixty(meter: FrameMeter) -> None:
    for number in range(60):
        meter.presented(0.2 if number == 30 else 0.01, 0, 0)
    assert meter.snapshot().draw == Spread(10, 200)
