"""Whether an answer is on its way from the terminal."""

from __future__ import annotations

from vaevis_tui.terminal.detect.fence import LONGEST_TRIP, SILENT_AFTER, Fence


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_answer_is_not_taken_for_the_last() -> None:
    fence = Fence(Clock())
    assert fence.wait(0)
    fence.asked(1.0)
    fence.asked(1.0)
    fence.answered()
    assert not fence.wait(0)
    fence.answered()
    assert fence.wait(0)
    fence.answered()  # of somebody else's
    fence.asked(1.0)
    assert not fence.wait(0)


def test_an_answer_that_was_lost_is_not_waited_for_again() -> None:
    clock = Clock()
    fence = Fence(clock)
    fence.asked(1.0)
    clock.now += LONGEST_TRIP + 0.1
    fence.asked(1.0)
    fence.answered()
    assert fence.wait(0)


def test_a_terminal_is_silent_that_was_asked_and_gave_no_answer() -> None:
    clock = Clock()
    fence = Fence(clock)
    assert not fence.silent, "nobody has asked it yet"
    fence.asked(1.0)
    assert not fence.silent
    clock.now += SILENT_AFTER + 0.1
    assert fence.silent
    fence.answered()
    clock.now += 100.0
    assert not fence.silent
    fence.gone()
    assert fence.silent
    assert fence.wait(0)
