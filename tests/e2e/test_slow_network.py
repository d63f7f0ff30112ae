"""The explorer as a real process behind a network that is slow in real time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from tests.e2e.harness.explorer import BUSY, ROUND_TRIP, key_delays, selected
from tests.e2e.harness.ptyharness import PtySession


@contextmanager
def over_network(bundle: Path, megabits: float) -> Iterator[PtySession]:
    """The explorer on its walk, behind a network: noise of 28x28, 20 KB a picture, as bad as it gets."""
    relay = ["-m", "tests.link.relay", "--megabits", str(megabits), "--round-trip", str(ROUND_TRIP), "--"]
    program: list[str | Path] = [
        sys.executable,
        "-m",
        "vaevis_tui",
        "--model",
        bundle,
        "--backend",
        "onnxruntime",
        "--walk",
    ]
    environment = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
    with PtySession([sys.executable, *relay, *program], 132, 40, env=environment) as session:
        session.wait_for_text("walk 1.5")
        session.press("i")
        session.wait_for_text("RTT")
        session.press("i")
        yield session


@pytest.mark.parametrize(("megabits", "late"), [(10, 0.1), (1, 0.4)])
def test_keys_are_answered_in_the_middle_of_a_walk(bundle: Path, megabits: float, late: float) -> None:
    with over_network(bundle, megabits) as session:
        delays = key_delays(session)
        assert median(delays) < ROUND_TRIP + late + BUSY, delays
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_answers_are_never_taken_for_keys(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    command: list[str | Path] = [sys.executable, "-m", "tests.tui.images.live_image_app", journal]
    with PtySession(command, 40, 12, emulate=False) as session:
        session.wait_for(lambda: session.terminal.queries.count(b"\x1b[6n") > 100, "questions")
        session.press("a", "b", "e")
        session.pump_for(0.5)
        session.wait_exit()
    *keys, _ = journal.read_text().splitlines()
    assert keys == ["a", "b", "e"]


def test_all_that_is_written_keeps_to_the_cap(bundle: Path) -> None:
    """Bars and statistics count as much as the image, whatever the walk does."""
    cap, frame = 50_000, 20_000
    program: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle, "--walk"]
    with PtySession([*program, "--max-rate", f"{cap // 1000}k"], 132, 40) as session:
        session.wait_for_text("walk 1.5")
        session.pump_for(2.0)  # the first frame and the screen around it are larger than a second's share
        started, before = time.monotonic(), len(session.raw)
        session.pump_for(3.0)
        seconds, written = time.monotonic() - started, len(session.raw) - before
    assert frame / 2 < written <= 1.1 * cap * seconds + frame


def hold_a_key(session: PtySession) -> None:
    session.press(*["right"] * 5_000)


def turn_the_wheel(session: PtySession) -> None:
    for _ in range(500):
        session.point(10, 20, button=65)


def paste_ten_megabytes(session: PtySession) -> None:
    session.send("\x1b[200~" + "0.1, " * 2_000_000 + "\x1b[201~")


def drag_the_windows_edge(session: PtySession) -> None:
    for step in range(80):
        session.resize(200 - step, 60 - step // 4)
        session.pump_for(0.03)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("megabits", "burst"),
    [
        *[(1, hold_a_key), (10, hold_a_key), (1, turn_the_wheel)],
        *[(1, paste_ten_megabytes), (1, drag_the_windows_edge), (10, drag_the_windows_edge)],
    ],
)
def test_after_any_burst_a_key_is_answered_and_q_ends(
    bundle: Path, megabits: int, burst: Callable[[PtySession], None]
) -> None:
    """On a machine that does nothing else a key takes half a second, and the end one; here two others run.

    Drawn one by one, the sizes of a window put the key off for 39 s at 10 Mbit/s, and the end for 30 at 1.
    """
    with over_network(bundle, megabits) as session:
        burst(session)
        known = selected(session)
        pressed = time.perf_counter()
        session.press("down")
        session.wait_for(lambda: selected(session) not in (None, known), "the selection")
        assert time.perf_counter() - pressed < 3.0
        burst(session)
        left = time.perf_counter()
        session.press("q")
        assert session.wait_exit() == 0
        assert time.perf_counter() - left < 3.0
        assert session.left_behind() == []
