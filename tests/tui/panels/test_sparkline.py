from __future__ import annotations

from vaevis_tui.tui.panels.details import CEILING, sparkline


def test_heights_are_shares_of_the_ceiling() -> None:
    assert sparkline([CEILING / 8 * i for i in range(1, 9)], 8, 1) == ["▁▂▃▄▅▆▇█"]
    assert sparkline([CEILING / 4, CEILING / 2, CEILING * 3 / 4, 2 * CEILING], 4, 2) == ["  ▄█", "▄███"]


def test_the_fastest_frame_is_seen_and_the_latest_is_at_the_right() -> None:
    assert sparkline([CEILING, 0.0], 4, 1) == ["  █▁"]
    assert sparkline([CEILING, 0.0, 0.0], 2, 1) == ["▁▁"]


def test_no_frames_and_no_room() -> None:
    assert sparkline([], 3, 2) == ["   ", "   "]
    assert sparkline([1.0], 0, 1) == [""]
