from __future__ import annotations

import pytest

from tests.support import ManualClock
from vaevis_tui.terminal.link.acks import FIRST_ACK_TIMEOUT, TIMEOUT
from vaevis_tui.terminal.link.link import Link


def send(link: Link, number: int) -> None:
    assert link.pause() == 0
    link.sent(number, 1000)


def test_a_picture_goes_at_once() -> None:
    assert Link(ManualClock()).pause() == 0


def test_the_window_closes_and_presenting_opens_it() -> None:
    clock = ManualClock()
    link = Link(clock, window=2)
    send(link, 1)
    clock.now += 1
    send(link, 2)
    clock.now += 1
    assert link.pause() is None
    assert [(picture.number, picture.size) for picture in link.in_flight] == [(1, 1000), (2, 1000)]

    assert link.presented(1) == 2.0

    assert link.pause() == 0
    assert len(link.in_flight) == 1


def test_presenting_one_presents_all_before_it() -> None:
    clock = ManualClock()
    link = Link(clock, window=3)
    for number in (1, 2, 3):
        send(link, number)
        clock.now += 1
    assert link.presented(2) == 2.0
    assert [picture.number for picture in link.in_flight] == [3]
    assert link.presented(1) is None


def test_no_more_than_the_maximum_rate() -> None:
    clock = ManualClock()
    link = Link(clock, max_rate=50)
    sent = 0
    for tick in range(1, 1001):  # a second, offered a thousand pictures
        clock.now = 100 + tick / 1000
        if link.pause() == 0:
            link.sent(tick, 1)
            link.presented(tick)
            sent += 1
    assert 49 <= sent <= 51


def test_pictures_made_unevenly_at_the_maximum_rate_all_go_in_time() -> None:
    clock = ManualClock()
    link = Link(clock, max_rate=50)
    waits = []
    for number in range(200):
        clock.now = 100 + number / 50 + (0.008 if number % 3 else 0.0)
        delay = link.pause()
        assert delay is not None
        waits.append(delay)
        clock.now += delay
        link.sent(number, 1)
        link.presented(number)
    assert max(waits) < 0.009


def test_a_pause_earns_no_burst() -> None:
    clock = ManualClock()
    link = Link(clock, max_rate=50, window=100)
    send(link, 1)
    clock.now += 60
    for number in range(2, 100):
        if link.pause() != 0:
            break
        link.sent(number, 1)
    assert number <= 4


def test_what_is_forgotten_makes_room() -> None:
    link = Link(ManualClock(), window=1)
    send(link, 1)
    link.forget()
    assert link.presented(1) is None
    assert len(link.in_flight) == 0


@pytest.mark.parametrize(("window", "rate"), [(0, 60.0), (1, 0.0), (1, -1.0), (1, float("nan"))])
def test_nonsense_is_refused(window: int, rate: float) -> None:
    with pytest.raises(ValueError, match="window must be at least 1"):
        Link(ManualClock(), window=window, max_rate=rate)


class TestAnswers:
    """A terminal that says what it has taken."""

    def answering(self) -> tuple[ManualClock, Link]:
        """A link over which a picture of 10 kB has come in 0.1 s, at a round trip of 0.05 s."""
        clock = ManualClock()
        link = Link(clock)
        link.sent(1, 10_000)
        clock.now += 0.05
        assert link.acknowledged(3, 2) is None
        clock.now += 0.1
        assert link.acknowledged(2, 2) == 1
        link.presented(1)
        clock.now += 1
        return clock, link

    def test_the_round_trip_and_the_rate_are_measured(self) -> None:
        _, link = self.answering()
        stats = link.stats()
        assert stats.answering
        assert stats.round_trip == pytest.approx(0.05)
        assert stats.capacity == pytest.approx(100_000)

    def test_the_questions_carry_the_number(self) -> None:
        link = Link(ManualClock())
        assert link.ack_request(1, before=True) == "\x1b[3;2H\x1b[6n"
        assert link.ack_request(31, before=False) == "\x1b[2;32H\x1b[6n"
        assert link.ack_request(32, before=False) == "\x1b[2;1H\x1b[6n"
        assert Link(ManualClock(), asks=False).ack_request(1, before=True) == ""

    def test_a_picture_that_is_written_is_not_presented_yet(self) -> None:
        clock, link = self.answering()
        send(link, 2)
        assert link.written(2, 10_000) is None
        assert len(link.in_flight) == 1
        assert link.acknowledged(2, 3) == 2
        assert link.presented(2) == 0.0
        send_at = clock.now + 1
        clock.now = send_at
        link.sent(3, 0, asked=False)
        assert link.written(3, 0) == 0.0, "nobody was asked"

    def test_pictures_are_sent_no_faster_than_they_arrive(self) -> None:
        _, link = self.answering()
        link.sent(2, 10_000)
        delay = link.pause()
        assert delay is not None
        assert 0 < delay <= 0.1

    def test_what_else_is_reported_is_no_answer(self) -> None:
        _, link = self.answering()
        send(link, 2)
        for row, column in ((1, 3), (2, 9), (24, 3), (2, 80)):
            assert link.acknowledged(row, column) is None
        assert len(link.in_flight) == 1

    def test_a_slow_answer_lowers_the_rate_before_it_comes(self) -> None:
        clock, link = self.answering()
        send(link, 2)
        clock.now += 0.55
        assert link.capacity == pytest.approx(2000, rel=0.1)

    def test_an_answer_that_never_comes_is_not_waited_for(self) -> None:
        clock, link = self.answering()
        for number in range(2, 9):
            if link.pause() is not None:
                link.sent(number, 10_000)
        assert link.pause() is None
        timeout = link.timeout
        assert timeout is not None
        assert TIMEOUT <= timeout < TIMEOUT + 1
        clock.now += timeout
        assert link.pause() == 0.0
        assert not link.answering

    def test_few_pictures_go_before_the_first_answer_is_given_up(self) -> None:
        clock = ManualClock()
        link = Link(clock, budget=1e6)
        number = 0
        while link.timeout is None:
            number += 1
            clock.now += 0.02
            send(link, number)
            link.written(number, 1000)
        assert number == 3
        assert link.pause() is None
        clock.now += FIRST_ACK_TIMEOUT
        assert link.pause() == 0.0

    def test_answers_that_come_too_late_to_be_waited_for_still_count(self) -> None:
        clock, link = self.answering()
        send(link, 2)
        clock.now += 10
        assert link.pause() is not None
        assert not link.answering
        assert link.acknowledged(2, 3) == 2
        assert link.answering
        assert (link.capacity or 0) < 1000

    @pytest.mark.parametrize("rates", [{"budget": 0.0}, {"ceiling": -1.0}])
    def test_nonsense_is_refused(self, rates: dict[str, float]) -> None:
        with pytest.raises(ValueError, match="must be positive"):
            Link(ManualClock(), budget=rates.get("budget"), ceiling=rates.get("ceiling"))


@pytest.mark.parametrize("known", [0, 3000])
def test_what_is_written_beside_a_frame_takes_its_share_of_the_cap(known: int) -> None:
    """Whether it was told as it was written, as menus are, or only with the frame after it."""
    clock = ManualClock()
    link = Link(clock, ceiling=10_000, asks=False)
    written = 0
    for number in range(1, 2000):
        if link.pause() == 0:
            link.charge(known)
            link.sent(number, 1000)
            link.written(number, 4000)
            written += 4000
        clock.now += 1 / 60
    seconds = clock.now - 100.0
    assert 0.9 * 10_000 * seconds < written <= 10_000 * seconds + 4000


def test_an_empty_link_takes_more_at_once_however_slow_an_answer_was() -> None:
    clock = ManualClock()
    link = Link(clock)
    for number in range(1, 6):  # a busy terminal: each part is acknowledged two seconds later
        link.ack_request(number, before=True)
        link.sent(number, 1_000 if number == 1 else 50_000, background=True)
        link.ack_request(number, before=False)
        column = 1 + number
        link.acknowledged(3, column)
        clock.now += 2 if number == 1 else 0.01
        assert link.acknowledged(2, column) == number
        link.presented(number)
        for pause in (link.background_pause(), link.pause()):
            assert pause is not None
            assert pause <= 0.25
        clock.now += 0.25


def test_a_ceiling_holds_also_for_an_empty_link() -> None:
    clock = ManualClock()
    link = Link(clock, ceiling=10_000)
    link.ack_request(1, before=True)
    link.sent(1, 20_000, background=True)
    link.acknowledged(3, 2)
    assert link.acknowledged(2, 2) == 1
    link.presented(1)
    assert link.background_pause() == pytest.approx(2.0)
