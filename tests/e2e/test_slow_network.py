"""The explorer as a real process behind a network that is slow in real time."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from tests.e2e.ptyharness import PtySession
from tests.models.make import write_bundle

ROUND_TRIP = 0.05
BUSY = 0.3
"""Seconds that a busy machine may add, which runs program, relay and emulator on two cores."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("models") / "noise")


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


def selected(session: PtySession) -> str | None:
    """Name of the selected dimension; None while the screen is being drawn."""
    found = re.search("▌(z[0-9]+) ", session.text)
    return found[1] if found else None


def key_delays(session: PtySession) -> list[float]:
    """Seconds from each of some keys, pressed in the middle of a walk, until the screen knows of it."""
    delays = []
    for key in ("down", "down", "up", "down", "up", "up"):
        session.pump_for(0.3)
        before = selected(session)
        pressed = time.perf_counter()
        session.press(key)
        session.wait_for(lambda old=before: selected(session) not in (None, old), "the selection")  # type: ignore[misc]
        delays.append(time.perf_counter() - pressed)
    return delays


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


def test_a_window_whose_edge_is_dragged_queues_nothing(bundle: Path) -> None:
    """80 sizes in 2.4 s, of which each is a whole screen: drawn one by one, a key came after 7 s, now 1.7."""
    with over_network(bundle, 1) as session:
        for step in range(80):
            session.resize(200 - step, 60 - step // 4)
            session.pump_for(0.03)
        known = selected(session)
        pressed = time.perf_counter()
        session.press("down")
        session.wait_for(lambda: selected(session) not in (None, known), "the selection")
        assert time.perf_counter() - pressed < 4.0
        session.press("q")
        left = time.perf_counter()
        assert session.wait_exit() == 0
        assert time.perf_counter() - left < 3.0
