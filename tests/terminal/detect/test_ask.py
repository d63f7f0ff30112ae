from __future__ import annotations

import os
import pty
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaevis_tui.terminal.detect import terminal_probe
from vaevis_tui.terminal.detect.ask import ask
from vaevis_tui.terminal.detect.capabilities import detect
from vaevis_tui.terminal.detect.queries import QUERIES
from vaevis_tui.terminal.detect.replies import ReplyKind
from vaevis_tui.terminal.detect.terminal_probe import TerminalProbe
from vaevis_tui.terminal.detect.tmux import ask_tmux, has_lost

REPLIES = b"\x1bP>|kitty(0.26.5)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?62;c"


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a pseudo-terminal: the emulator's, the program's."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


def answer(end: int, *pieces: bytes) -> threading.Thread:
    """Answer once DA1 has come."""

    def run() -> None:
        heard = b""
        while not heard.endswith(QUERIES[ReplyKind.ATTRIBUTES]):
            heard += os.read(end, 1000)
        for piece in pieces:
            os.write(end, piece)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_answers_are_read_and_not_shown(terminal: tuple[int, int]) -> None:
    emulator, program = terminal
    modes = termios.tcgetattr(program)
    thread = answer(emulator, REPLIES[:7], b"key", REPLIES[7:])
    replies = ask(b"".join(QUERIES.values()), 10, source=program, sink=program)
    thread.join()
    assert [reply.kind for reply in replies] == [
        ReplyKind.VERSION,
        ReplyKind.KITTY,
        ReplyKind.ATTRIBUTES,
    ]
    assert termios.tcgetattr(program) == modes
    os.write(program, b"end")
    assert os.read(emulator, 1000) == b"end", "an answer was echoed"


def test_a_silent_terminal_is_not_waited_for_long(terminal: tuple[int, int]) -> None:
    _, program = terminal
    assert ask(b"\x1b[c", 0.05, source=program, sink=program) == ()


def test_what_is_no_terminal_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+b") as file, pytest.raises(OSError, match=r"Inappropriate|not"):
        ask(b"\x1b[c", 1, source=file.fileno(), sink=file.fileno())


def test_the_environment_says_what_to_ask() -> None:
    def of(**environ: str) -> TerminalProbe:
        return TerminalProbe.of(environ, detect(environ, stdin_isatty=True, stdout_isatty=True))

    assert of(TERM="xterm-kitty").brand == "kitty"
    assert of(TERM="screen", STY="1").multiplexer == "screen"
    assert ReplyKind.KITTY not in of(TERM="screen", STY="1").queries
    assert of(TERM="xterm", SSH_TTY="/dev/pts/1").timeout > of(TERM="xterm").timeout
    assert list(of(TERM="xterm").size_queries)[-1] is ReplyKind.ATTRIBUTES


def test_without_tmux_nothing_is_known_of_what_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert ask_tmux() == (False, "")
    monkeypatch.setattr(terminal_probe, "ask_tmux", lambda: (True, "kitty(0.45.0)"))
    concluded = TerminalProbe("unknown", "tmux", 1.0).infer_support([], None)
    assert concluded.kitty is not None
    assert concluded.kitty.placeholders


@pytest.mark.parametrize(
    ("before", "now", "lost"),
    [
        ({"1 a": 0}, {"1 a": 0}, False),
        ({"1 a": 0, "2 b": 5}, {"1 a": 0}, False),
        ({"1 a": 0}, {}, False),
        ({}, {"1 a": 0}, True),
        ({"1 a": 0}, {"1 a": 7}, True),
        ({"1 a": 7}, {"2 a": 0}, True),
    ],
)
def test_a_terminal_that_came_or_was_behind_lacks_something(
    before: dict[str, int], now: dict[str, int], lost: bool
) -> None:
    assert has_lost(before, now) == lost
