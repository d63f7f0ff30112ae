"""What is concluded from answers, with a way whose rate and delays are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import ManualClock
from vaevis_tui.terminal.link.estimator import LinkEstimator
from vaevis_tui.terminal.link.link import Link


def carry(link: LinkEstimator, clock: ManualClock, size: int, service: float, delay: float) -> None:
    """One picture over an empty way."""
    sent = clock.now
    clock.now += delay
    link.on_ack_before(sent)
    clock.now += service
    link.on_ack_after(sent, size)
    clock.now += 0.1


def test_rate_and_round_trip_are_those_of_the_link() -> None:
    clock = ManualClock()
    link = LinkEstimator(clock)
    assert (link.rate, link.round_trip) == (None, None)
    for size in (5_000, 20_000, 10_000) * 5:
        carry(link, clock, size, size / 1e6, 0.05)
    assert link.round_trip == pytest.approx(0.05)
    assert link.rate == pytest.approx(1e6, rel=0.01)


def test_time_that_does_not_depend_on_size_is_not_put_down_to_the_rate() -> None:
    clock, rng = ManualClock(), np.random.default_rng(1)
    link = LinkEstimator(clock)
    for size in rng.integers(2_000, 12_000, 60).tolist():
        carry(link, clock, size, size / 1e6 + 0.03, 0.001)
    assert link.rate == pytest.approx(1e6, rel=0.2)


def test_a_link_that_becomes_slower_is_noticed_at_once() -> None:
    clock, rng = ManualClock(), np.random.default_rng(1)
    link = LinkEstimator(clock)
    for size in rng.integers(10_000, 60_000, 60).tolist():
        carry(link, clock, size, size / 1e7, 0.01)
    for size in (30_000, 20_000, 10_000):
        carry(link, clock, size, size / 1e6, 0.01)
    assert link.rate is not None
    assert link.rate < 3e6


def test_next_to_nothing_that_is_late_says_nothing_of_the_rate() -> None:
    clock = ManualClock()
    link = LinkEstimator(clock)
    carry(link, clock, 10_000, 0.01, 0.01)
    before, sent = link.rate, clock.now
    for size in (0, 300):
        clock.now += 1.0
        link.overdue(sent, size)
        link.on_ack_after(sent, size)
    assert link.rate == before
    sent = clock.now
    clock.now += 1.0
    link.overdue(sent, 10_000)
    assert link.rate == pytest.approx(10_000, rel=0.05)


def test_drawing_that_takes_long_is_no_short_round_trip() -> None:
    clock = ManualClock()
    link = Link(clock)

    question = link.ack_request(1, before=True)
    assert question == "\x1b[3;2H\x1b[6n"
    clock.now += 0.04  # it is on its way while the picture is drawn
    link.sent(1, 5_000)
    clock.now += 0.01
    link.acknowledged(3, 2)
    link.acknowledged(2, 2)
    assert link.stats().round_trip == pytest.approx(0.05)
