from __future__ import annotations

from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support import ManualClock
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.link.scheduler import MAIN, REST, STARVED, FrameScheduler, FrameSlot, Turn


class Images:
    """A link, and slots of images of which nothing is drawn."""

    def __init__(self, *priorities: int, **options: float) -> None:
        self.clock = ManualClock()
        self.link = Link(self.clock, **options)  # type: ignore[arg-type]
        self.scheduler = FrameScheduler(self.link, self.clock)
        self.slots = [FrameSlot(priority) for priority in priorities]
        for slot in self.slots:
            self.scheduler.add(slot)
        self.number = 0

    def offer(self, *slots: FrameSlot) -> None:
        for slot in slots:
            self.scheduler.offer(slot)

    def turn(self) -> Turn | None:
        """Who may send now."""
        upcoming = self.scheduler.next()
        return upcoming[0] if upcoming and upcoming[1] <= 0 else None

    def send(self, size: int = 1000) -> FrameSlot | None:
        """Let who may send now do so."""
        turn = self.turn()
        if turn is None:
            return None
        self.number += 1
        self.link.sent(self.number, size, background=turn.slot.priority > MAIN)
        self.scheduler.sent(turn)
        return turn.slot


def test_nobody_has_anything_to_send_at_first() -> None:
    assert Images(MAIN, 1).scheduler.next() is None


def test_the_main_image_goes_first_and_the_others_after_it() -> None:
    images = Images(1, MAIN, 1)
    first, main, last = images.slots
    images.offer(first, last, main)
    assert images.send() is main
    images.link.presented(images.number)
    assert images.send() is first
    images.link.presented(images.number)
    assert images.send() is last
    assert images.send() is None


def test_the_newest_frame_takes_the_place_of_the_one_that_waits() -> None:
    images = Images(MAIN)
    (slot,) = images.slots
    assert not images.scheduler.offer(slot)
    assert images.scheduler.offer(slot)
    assert images.scheduler.offer(slot)
    assert slot.dropped == 2
    assert images.send() is slot
    assert images.send() is None, "only the newest is sent"


def test_an_image_in_the_background_takes_no_frame_from_the_main_one() -> None:
    images = Images(MAIN, 1)
    main, other = images.slots
    sent = []
    for tick in range(600):  # of a millisecond; the main image is offered 60 a second, the other always more
        images.clock.now = 100 + tick / 1000
        if tick % 16 == 0:
            images.offer(main)
        images.offer(other)
        while (slot := images.send()) is not None:
            sent.append(slot)
            images.link.presented(images.number)
    assert sum(slot is main for slot in sent) >= 36
    assert sum(slot is other for slot in sent) >= 36


def test_a_busy_main_image_starves_nobody() -> None:
    images = Images(MAIN, 1, ceiling=10_000.0)
    main, other = images.slots
    parts, frames, now = [], 0, images.clock.now
    while images.clock.now < now + 10:
        images.clock.now += 0.005
        images.offer(main, other)
        while (turn := images.turn()) is not None:
            slot = images.send(2000 if turn.slot is main else 500)
            frames += slot is main
            if slot is other:
                parts.append(images.clock.now)
            images.link.presented(images.number)
    assert max(b - a for a, b in pairwise(parts)) < STARVED + 0.3
    assert 2000 * frames + 500 * len(parts) <= 10_000 * 10 + 2500, "together they keep to what is allowed"
    assert frames >= 40


def test_what_was_cut_short_is_gone_on_with_before_a_newer_frame() -> None:
    images = Images(1)
    (slot,) = images.slots
    whole = [False]
    slot.is_whole = lambda: whole[0]
    slot.is_exact = lambda: whole[0]
    images.offer(slot)
    whole[0] = True
    assert images.turn() == Turn(slot, refines=False)
    images.send()
    images.link.presented(images.number)
    whole[0] = False
    images.offer(slot)
    assert images.turn() == Turn(slot, refines=True)
    images.send()
    images.link.presented(images.number)
    whole[0] = True
    assert images.turn() == Turn(slot, refines=False)


def test_the_exact_image_follows_at_rest_and_what_has_no_place_is_tried_later() -> None:
    images = Images(MAIN)
    (slot,) = images.slots
    slot.is_exact = lambda: False
    images.offer(slot)
    images.send()
    images.link.presented(images.number)
    assert images.turn() is None
    images.clock.now += REST
    turn = images.turn()
    assert turn == Turn(slot, refines=True)
    images.scheduler.postpone(turn)
    assert images.turn() is None
    images.clock.now += REST
    assert images.turn() == turn


def test_what_is_out_of_sight_sends_nothing() -> None:
    images = Images(MAIN, 1)
    main, other = images.slots
    main.can_send = lambda: False
    images.offer(main, other)
    assert images.send() is other
    images.scheduler.remove(other)
    images.offer(other)
    assert images.scheduler.next() is None


class SchedulerMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order, every frame is accounted for and the newest is not lost."""

    def __init__(self) -> None:
        super().__init__()
        self.images = Images(MAIN, 1, 2, window=3)
        self.offered = dict.fromkeys(self.images.slots, 0)
        self.sent = dict.fromkeys(self.images.slots, 0)

    @rule(index=st.integers(0, 2))
    def offer(self, index: int) -> None:
        slot = self.images.slots[index]
        self.offered[slot] += 1
        self.images.offer(slot)

    @precondition(lambda self: self.images.turn())
    @rule()
    def send(self) -> None:
        slot = self.images.send()
        assert slot is not None
        self.sent[slot] += 1

    @precondition(lambda self: self.images.link.in_flight)
    @rule(data=st.data())
    def present(self, data: st.DataObject) -> None:
        frame = data.draw(st.sampled_from(self.images.link.in_flight))
        assert self.images.link.presented(frame.number) is not None

    @rule(seconds=st.floats(0, 0.1))
    def wait(self, seconds: float) -> None:
        self.images.clock.now += seconds

    @invariant()
    def nothing_is_lost(self) -> None:
        link = self.images.link
        for slot in self.images.slots:
            assert self.offered[slot] == self.sent[slot] + slot.dropped + slot.waiting
        assert sum(not frame.background for frame in link.in_flight) <= 3
        assert sum(frame.background for frame in link.in_flight) <= 1
        if any(slot.waiting for slot in self.images.slots) and not link.in_flight:
            upcoming = self.images.scheduler.next()
            assert upcoming is not None
            assert upcoming[1] <= 1 / 60 + 1e-9, "what waits can go soon once nothing is in flight"


SchedulerMachine.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
test_scheduler_machine = SchedulerMachine.TestCase
