"""What the terminal is asked and what becomes of its answers: the whole program on a pseudo-terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.harness.explorer import wait_for_the_picture_of
from tests.e2e.harness.ptyharness import PtySession
from tests.e2e.harness.start import start
from tests.e2e.harness.terminal import Traits
from tests.support import require
from tests.terminal.detect.replies import FOOT, KITTY_26, KITTY_45, XTERM
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.terminal.detect.fence import SILENT_AFTER
from vaevis_tui.terminal.detect.queries import QUERIES
from vaevis_tui.terminal.detect.replies import ReplyKind

FENCE = QUERIES[ReplyKind.ATTRIBUTES]
DELETED = b"\x1b_Ga=d,d=I,"
SENT = b"\x1b_Ga=t,"
REPLACED = b"\x1b_Ga=f,"
SIXELS = b'\x1bP0;1;0q"1;1;'


@contextmanager
def explorer(
    bundle: Path, *options: str, env: Mapping[str, str | None] | None = None
) -> Iterator[PtySession]:
    """The program at the mean, in a terminal that answers nothing by itself; all questions are asked."""
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle]
    command += [
        "--backend",
        "onnxruntime",
        "--z",
        ",".join(map(repr, open_bundle(bundle).space.mean.tolist())),
    ]
    with PtySession([*command, *options], 120, env=env, traits=Traits(answers=False)) as session:
        session.wait_for(lambda: FENCE in session.raw, "the questions")
        yield session


def end(session: PtySession, asked: int = 1) -> None:
    """Leave; whoever has answered is asked a last time."""
    session.press("q")
    session.wait_for(lambda: session.raw.count(FENCE) > asked, "the last question")
    session.send(b"\x1b[?62c")
    assert session.wait_exit() == 0
    assert session.left_behind() == []


def assert_no_key_was_heard(session: PtySession, bundle: Path) -> None:
    """The point is the mean, and the next key counts from there."""
    space = open_bundle(bundle).space
    wait_for_the_picture_of(session, bundle, space.mean)
    session.press("right")
    session.wait_for_text("+0.10")
    state = start(bundle)
    wait_for_the_picture_of(session, bundle, state.move(state.selected, 0.1).z)


@pytest.mark.parametrize(
    ("replies", "size"), [(KITTY_26, 1), (FOOT, 5), (XTERM, 1000)], ids=["kitty", "foot", "xterm"]
)
def test_no_answer_is_a_key(bundle: Path, replies: bytes, size: int) -> None:
    with explorer(bundle, "--graphics", "half") as session:
        for start in range(0, len(replies), size):
            session.send(replies[start : start + size])
            session.pump(0.001)
        assert_no_key_was_heard(session, bundle)
        end(session)


def test_an_answer_that_comes_too_late_is_no_key_and_is_still_heard(bundle: Path) -> None:
    with explorer(bundle, "--graphics", "kitty") as session:
        session.wait_for_text("Whether this terminal")  # the time is over
        session.wait_for(lambda: SENT in session.raw, "the picture")
        session.send(XTERM)
        session.wait_for(lambda: DELETED in session.raw, "the end of the pictures")
        session.wait_for_text("No kitty's graphics")
        assert_no_key_was_heard(session, bundle)
        end(session)


def test_half_blocks_come_first_and_a_better_picture_once_the_terminal_has_answered(bundle: Path) -> None:
    with explorer(bundle) as session:
        wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.mean)
        assert SENT not in session.raw
        session.send(KITTY_26)
        session.wait_for(lambda: SENT in session.raw, "the picture")
        session.wait_for_text("g kitty")
        session.press("right")
        session.wait_for(lambda: REPLACED in session.raw, "the next one")
        assert DELETED not in session.raw
        end(session)
        assert DELETED in session.raw
        assert session.raw.index(DELETED) < session.raw.rindex(b"\x1b[?1049l")


@pytest.mark.parametrize("truecolor", [True, False])
def test_colours_are_those_that_the_terminal_says_it_draws(bundle: Path, truecolor: bool) -> None:
    environ = {"TERM": "xterm-256color", "COLORTERM": None, "TEXTUAL_COLOR_SYSTEM": None}
    with explorer(bundle, "--graphics", "half", env=environ) as session:
        session.wait_for_text("? help")
        assert b"[38;5;" in session.raw
        before = len(session.raw)
        session.send(
            b"\x1bP1$r0;48:2::1:2:3m\x1b\\\x1b[?62c" if truecolor else b"\x1bP1$r0;48:5:16m\x1b\\\x1b[?62c"
        )
        if truecolor:
            wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.mean)
            session.press("right")
            session.wait_for_text("+0.10")
            assert b"38;2;" in session.raw[before:]
            since = session.raw[session.raw.rindex(b"[38;5;") :]
            assert b"quit" in since, "text that was there is drawn again"
            assert "256 colours" not in session.text
        else:
            session.wait_for_text("Drawn in 256 colours")
            assert b"8;2;" not in session.raw[before:]
        end(session)


@pytest.mark.parametrize(
    ("graphics", "variable", "said"),
    [
        ("auto", "COLORTERM", False),
        ("half", "COLORTERM", True),
        ("auto", "NO_COLOR", True),
    ],
    ids=["kitty", "cells", "greys"],
)
def test_few_colours_are_told_where_pictures_have_them(
    bundle: Path, graphics: str, variable: str, said: bool
) -> None:
    """Images of kitty have all colours, whatever COLORTERM says of text; where none are wanted, greys."""
    env = {"COLORTERM": None, "NO_COLOR": None} | ({"NO_COLOR": "1"} if variable == "NO_COLOR" else {})
    with explorer(bundle, "--graphics", graphics, env=env) as session:
        session.send(KITTY_26 if graphics == "auto" else XTERM)
        if said:
            session.wait_for_text("Drawn in")
        session.wait_for_text("g kitty" if graphics == "auto" else "g half")
        session.press("y")  # what is told at the start is told before this
        session.wait_for_text("copied z")
        assert (b"Drawn in" in session.raw) == said
        end(session)


def test_sixels_need_the_size_of_a_cell_which_the_system_knows(bundle: Path) -> None:
    with explorer(bundle) as session:
        session.send(FOOT.replace(b"\x1b[6;19;10t", b""))
        session.wait_for(lambda: SIXELS in session.raw, "sixels")
        end(session)


def test_the_key_goes_through_what_the_terminal_has(bundle: Path) -> None:
    with explorer(bundle) as session:
        session.send(KITTY_26)
        session.wait_for(lambda: SENT in session.raw, "the picture")
        for name in ("octant", "sextant", "quadrant", "half"):
            session.press("g")
            session.wait_for_text(f"g {name}")
        wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.mean)
        for name in ("braille", "ascii", "kitty"):
            session.press("g")
            session.wait_for_text(f"g {name}")
        session.wait_for(lambda: session.raw.count(SENT) >= 2, "the picture again")
        end(session)


def test_help_takes_the_picture_away_and_gives_it_back(bundle: Path) -> None:
    with explorer(bundle) as session:
        session.send(KITTY_26)
        session.wait_for(lambda: SENT in session.raw, "the picture")
        session.press("?")
        session.wait_for_text("Choose what to move")
        session.wait_for(lambda: DELETED in session.raw, "its end")
        session.press("escape")
        session.wait_for(lambda: session.raw.count(SENT) >= 2, "the picture again")
        end(session)


def walks_on(session: PtySession, seen: int) -> bool:
    """Whether ten pictures more have come than were seen."""
    return session.raw.count(REPLACED) > seen + 10


@pytest.mark.parametrize("name", ["kitty(0.26.5)", "kitty(0.41.1)"])
def test_a_walk_goes_on_after_help(bundle: Path, name: str) -> None:
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle, "--walk"]
    with PtySession(command, 120, traits=Traits(name=name, kitty=True)) as session:
        for _ in range(3):
            seen = session.raw.count(REPLACED)
            session.wait_for(partial(walks_on, session, seen), "a walk")
            session.press("?")
            session.wait_for_text("Choose what to move")
            session.press("escape")
            session.wait_for(lambda: "Choose what to move" not in session.text, "the end of help")
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_stopped_it_takes_its_picture_along(bundle: Path) -> None:
    import signal

    with explorer(bundle) as session:
        session.send(KITTY_45)
        session.wait_for(lambda: SENT in session.raw, "the picture")
        session.press("ctrl+z")
        session.wait_for(lambda: session.raw.count(FENCE) >= 2, "the last question")
        session.send(b"\x1b[?62c")
        stat = Path(f"/proc/{session.process.pid}/stat")
        require(stat.exists(), "/proc, which tells whether a process is stopped")
        session.wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the stop")
        while session.pump(0.1):
            pass
        assert session.raw.count(DELETED) == 1
        session.terminate(signal.SIGCONT)
        session.wait_for(lambda: session.raw.count(SENT) >= 2, "the picture again")
        end(session, 2)


def test_no_answer_comes_after_the_end(bundle: Path) -> None:
    with explorer(bundle) as session:
        session.send(XTERM)
        wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.mean)
        session.press("q")
        session.wait_for(lambda: session.raw.count(FENCE) >= 2, "the last question")
        assert b"\x1b[?1049l" not in session.raw, "the terminal was given back while an answer was on its way"
        session.send(b"\x1b[?62c")
        assert session.wait_exit() == 0
        assert b"62c" not in session.raw, "an answer was echoed"


def test_a_terminal_that_never_answered_is_not_asked_again(bundle: Path) -> None:
    with explorer(bundle) as session:
        wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.mean)
        session.pump_for(SILENT_AFTER)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.raw.count(FENCE) == 1
