"""Which frames are in flight, and which of them a cursor report acknowledges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import ManualClock
from vaevis_tui.terminal.link.acks import (
    FIRST_ACK_TIMEOUT,
    FIRST_WINDOW,
    ROW_AFTER,
    ROW_BEFORE,
    SEQUENCE_NUMBERS,
    TIMEOUT,
    AckTracker,
)


def send(acks: AckTracker, number: int, *, asked: bool = True) -> None:
    acks.request(number, before=True)
    acks.sent(number, 1000, 1000, asked=asked, background=False)
    acks.request(number, before=False)


def column(number: int) -> int:
    return 1 + number % SEQUENCE_NUMBERS


def test_a_frame_begins_when_the_request_before_it_was_written() -> None:
    clock = ManualClock()
    acks = AckTracker(clock)
    acks.request(1, before=True)
    began, clock.now = clock.now, clock.now + 0.5  # as long as drawing it took
    acks.sent(1, 10, 10, asked=True, background=False)
    acks.sent(2, 10, 10, asked=True, background=False)
    assert [frame.since for frame in acks.in_flight] == [began, clock.now]


def test_the_ack_before_a_frame_is_told_from_the_one_after() -> None:
    acks = AckTracker(ManualClock())
    send(acks, 1)
    (frame,) = acks.in_flight
    assert acks.acknowledged(ROW_BEFORE, column(1)) == (frame, False)
    assert acks.acknowledged(ROW_AFTER, column(1)) == (frame, True)
    assert acks.acknowledged(ROW_AFTER, column(1)) is None, "once"


def test_an_ack_carries_the_size_that_was_written() -> None:
    acks = AckTracker(ManualClock())
    send(acks, 1)
    before, asked = acks.written(1, 1500)
    assert before is not None
    assert (before.size, asked) == (1000, True)
    found = acks.acknowledged(ROW_AFTER, column(1))
    assert found is not None
    assert found[0].size == 1500


def test_an_ack_stands_for_all_frames_before_it() -> None:
    acks = AckTracker(ManualClock())
    for number in (1, 2, 3):
        send(acks, number)
    assert acks.acknowledged(ROW_AFTER, column(2)) is not None
    assert [frame.number for frame in acks.presented(2)] == [1, 2]
    assert acks.acknowledged(ROW_AFTER, column(1)) is None
    assert [frame.number for frame in acks.in_flight] == [3]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 200)), max_size=60))
def test_a_report_never_acknowledges_what_is_not_outstanding(reports: list[tuple[int, int]]) -> None:
    acks = AckTracker(ManualClock())
    outstanding: list[int] = []
    for number, (row, at) in enumerate(reports):
        send(acks, number)
        outstanding = [*outstanding, number][-(SEQUENCE_NUMBERS - 1) :]  # no column stands for two frames
        found = acks.acknowledged(row, at)
        expected = [each for each in outstanding if column(each) == at and row in (ROW_BEFORE, ROW_AFTER)]
        assert ([] if found is None else [found[0].number]) == expected
        if found is not None and found[1]:
            outstanding = [each for each in outstanding if each > found[0].number]


def test_nobody_is_asked_where_a_multiplexer_would_answer() -> None:
    acks = AckTracker(ManualClock(), asks=False, waits=True)
    assert acks.request(1, before=True) == ""
    for number in range(2 * FIRST_WINDOW):
        send(acks, number)
    assert acks.acknowledged(ROW_AFTER, column(1)) is None
    assert acks.written(1, 1000)[1] is False
    assert acks.timeout(0.0) is None


def test_the_first_ack_is_waited_for_once() -> None:
    clock = ManualClock()
    acks = AckTracker(clock, waits=True)
    for number in range(FIRST_WINDOW):
        assert acks.first_wait() is None
        send(acks, number)
    assert acks.first_wait() == pytest.approx(FIRST_ACK_TIMEOUT)
    assert acks.acknowledged(ROW_BEFORE, column(0)) is not None
    assert acks.first_wait() is None
    clock.now += 100
    acks.expire(0.0)
    send(acks, FIRST_WINDOW)
    assert acks.first_wait() is None, "it has come before"


def test_an_overdue_ack_is_given_up_and_still_counts_when_it_comes() -> None:
    clock = ManualClock()
    acks = AckTracker(clock)
    send(acks, 1)
    assert acks.acknowledged(ROW_BEFORE, column(1)) is not None
    assert acks.timeout(0.5) == pytest.approx(TIMEOUT + 1.0)
    clock.now += TIMEOUT + 1.0
    acks.expire(0.5)
    assert not acks.answering
    assert acks.in_flight == ()
    assert acks.acknowledged(ROW_AFTER, column(1)) is not None
    assert acks.answering
