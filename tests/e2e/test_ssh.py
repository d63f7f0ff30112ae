"""The explorer on the far side of a real sshd."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from tests.benchmarks.ssh import far_environment, measure
from tests.e2e.harness.explorer import (
    BUSY,
    ROUND_TRIP,
    key_delays,
    wait_for_the_picture_of,
    wait_for_the_start,
)
from tests.e2e.harness.ptyharness import PtySession
from tests.e2e.harness.ssh_server import SshServer, ssh_server
from tests.e2e.harness.start import start
from tests.support import require
from vaevis_tui.explorer.storage.session import SessionFolder, read_session

LATER = 2.0
"""Seconds that a connection may add on a busy machine: key exchange, login, the far side's shell."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


class FarSide:
    """A user's account beyond the connection."""

    def __init__(self, server: SshServer, state: Path) -> None:
        self.server = server
        self.sessions = SessionFolder(state / "vaevis-tui" / "sessions")
        self._environment = far_environment(state)

    def start(
        self, *arguments: str | Path, network: tuple[float, float] | None = None, columns: int = 80
    ) -> PtySession:
        program = [sys.executable, "-m", "vaevis_tui", *arguments]
        return PtySession(self.server.command(program, self._environment, network), columns)


@pytest.fixture
def far_side(server: SshServer, tmp_path: Path) -> FarSide:
    return FarSide(server, tmp_path / "state")


def wait_until_gone(pid: int) -> None:
    """Wait until a process that is nobody's child here has ended."""
    require(hasattr(os, "pidfd_open"), "pidfd_open (Linux)")
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], 10)[0], f"process {pid} goes on"
    finally:
        os.close(descriptor)


def test_keys_move_the_picture_and_leaving_is_clean(far_side: FarSide, bundle: Path) -> None:
    with far_side.start("--model", bundle) as session:
        wait_for_the_start(session)
        session.press("c", "down", "shift+right")
        state = start(bundle).select_by(1)
        wait_for_the_picture_of(session, bundle, state.move(state.selected, 1.0).z)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []
    wait_until_gone(far_side.server.pid)


def test_it_starts_and_answers_as_it_does_locally(far_side: FarSide, bundle: Path) -> None:
    near = measure(PtySession([sys.executable, "-m", "vaevis_tui", "--model", bundle]))
    far = measure(far_side.start("--model", bundle))
    assert far.start < near.start + LATER
    assert median(far.delays) < median(near.delays) + 0.1


def test_the_terminal_acknowledges_pictures_through_the_connection(far_side: FarSide, bundle: Path) -> None:
    with far_side.start("--model", bundle, "--walk") as session:
        session.wait_for_text(" fps")
        session.press("i")
        session.wait_for_text("RTT")
        session.press("i")
        session.wait_for_frames(60)


@pytest.mark.parametrize(("megabits", "late"), [(10, 0.1), (1, 0.4)])
def test_keys_are_answered_in_the_middle_of_a_walk_over_a_slow_network(
    far_side: FarSide, bundle: Path, megabits: float, late: float
) -> None:
    with far_side.start("--model", bundle, "--walk", network=(megabits, ROUND_TRIP)) as session:
        session.press("i")
        session.wait_for_text("RTT")
        session.press("i")
        delays = key_delays(session)
        assert median(delays) < ROUND_TRIP + late + BUSY, delays
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


@pytest.mark.parametrize("cut", ["the client is killed", "the server's end is killed"])
def test_a_dropped_connection_saves_the_session_and_leaves_no_process(
    far_side: FarSide, bundle: Path, cut: str
) -> None:
    with far_side.start("--model", bundle) as session:
        wait_for_the_start(session)
        session.press("c", "shift+right")
        session.wait_for_text("+1.00")
        session.press("w")
        session.wait_for_frames(30)
        pid = far_side.server.pid
        if cut == "the client is killed":
            session.terminate(signal.SIGKILL)
        else:
            os.kill(int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]), signal.SIGKILL)
        wait_until_gone(pid)
    newest = far_side.sessions.newest()
    assert newest is not None
    assert far_side.sessions.was_cut_off()
    kept = read_session(newest)
    assert kept.walking
    state = start(bundle)
    np.testing.assert_array_equal(kept.past[-1], state.move(state.selected, 1.0).z)
    with far_side.start("--resume") as session:
        wait_for_the_start(session)
        session.wait_for_frames(30)  # the walk goes on, which is one step to undo
        session.press("u")
        wait_for_the_picture_of(session, bundle, kept.z)
        session.press("u")
        wait_for_the_picture_of(session, bundle, state.move(state.selected, 1.0).z)
