from __future__ import annotations

import pytest

from vaevis_tui.terminal.link.profile import FIRST_BUDGET, LinkProfile


def clock() -> float:
    return 0.0


@pytest.mark.parametrize(
    ("environ", "multiplexer", "asks", "capacity"),
    [
        ({}, None, True, None),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, None, True, FIRST_BUDGET),
        ({"SSH_TTY": "/dev/pts/1"}, None, True, FIRST_BUDGET),
        ({"TMUX": "x"}, "tmux", False, 4e6),
        ({"TMUX": "x", "SSH_TTY": "/dev/pts/1"}, "tmux", False, 5e5),
    ],
)
def test_the_environment_tells_how_to_begin(
    environ: dict[str, str], multiplexer: str | None, asks: bool, capacity: float | None
) -> None:
    link = LinkProfile.of(environ, multiplexer).link(clock)
    assert link.asks == asks
    assert link.capacity == capacity


def test_the_users_ceiling_is_the_least_of_all() -> None:
    assert LinkProfile.of({}, None, 1e4).link(clock).capacity == 1e4
    assert LinkProfile.of({"SSH_TTY": "x"}, None, 1e9).link(clock).capacity == FIRST_BUDGET
