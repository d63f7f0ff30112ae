from __future__ import annotations

from tests.tui.support import Clock
from vaevis_tui.explorer.motion.walk_pacer import WalkPacer


def test_a_step_needs_a_tick_the_last_picture_and_room_on_the_screen() -> None:
    clock, room = Clock(), [True]
    pace = WalkPacer(clock, lambda: room[0])
    assert not pace.due
    pace.tick()
    assert pace.due
    pace.step()
    pace.tick()
    assert not pace.due  # the picture has not come
    pace.frame_came()
    assert pace.due
    room[0] = False
    assert not pace.due
    room[0] = True
    assert pace.due
    pace.step()
    pace.frame_came()
    assert not pace.due  # no tick since


def test_a_step_is_as_long_as_the_time_since_the_last_one() -> None:
    clock = Clock()
    pace = WalkPacer(clock, lambda: True)
    clock.now += 5
    pace.restart()
    clock.now += 0.02
    assert abs(pace.step() - 0.02) < 1e-9
    clock.now += 0.04
    assert abs(pace.step() - 0.04) < 1e-9
