"""Images by kitty's protocol inside tmux, which keeps the text around them but not what it hands through."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness.ptyharness import PtySession
from tests.support import require

SENT = b"\x1b_Ga=t,"


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[list[str | Path]]:
    """A server of its own that hands sequences on, as the beginning of a command."""
    require(shutil.which("tmux"), "tmux (Debian: tmux)")
    configuration = tmp_path / "tmux.conf"
    configuration.write_text("set -g allow-passthrough on\n")
    command: list[str | Path] = ["tmux", "-S", tmp_path / "socket", "-f", configuration]
    yield command
    subprocess.run([*command, "kill-server"], check=False, capture_output=True)


def explorer(bundle: Path) -> list[str | Path]:
    return [sys.executable, "-m", "vaevis_tui", "--model", bundle, "--graphics", "kitty"]


def test_a_terminal_that_is_attached_later_gets_the_image(bundle: Path, tmux: list[str | Path]) -> None:
    with PtySession([*tmux, "new-session", *explorer(bundle)], 100, 30) as session:
        session.wait_for(lambda: SENT in session.raw, "the image")
        session.wait_for_text("idle")
        subprocess.run([*tmux, "detach-client"], check=True, capture_output=True)
        assert session.wait_exit() == 0
    with PtySession([*tmux, "attach"], 100, 30) as session:
        session.wait_for(lambda: SENT in session.raw, "the image again")
        session.press("q")
        assert session.wait_exit() == 0


def test_a_terminal_that_was_behind_gets_the_image_again(bundle: Path, tmux: list[str | Path]) -> None:
    """tmux throws away what a terminal does not take, and with it images that it hands through."""

    def discarded() -> int:
        told = subprocess.run(
            [*tmux, "list-clients", "-F", "#{client_discarded}"], check=True, capture_output=True
        )
        return int(told.stdout)

    with PtySession([*tmux, "new-session", *explorer(bundle)], 100, 30) as session:
        session.wait_for(lambda: SENT in session.raw, "the image")
        subprocess.run([*tmux, "split-window", "-d", "-l", "3", "cat"], check=True)
        session.wait_for_text("idle")
        session.pump_for(1.0)  # the image is sent for the smaller window
        subprocess.run([*tmux, "respawn-pane", "-k", "-t", ".1", "seq 1 100000000"], check=True)
        end = time.monotonic() + 20
        while not discarded():
            assert time.monotonic() < end, "tmux threw nothing away"
            time.sleep(0.5)  # in which nobody reads what comes
            session.pump(0.0)
        subprocess.run([*tmux, "respawn-pane", "-k", "-t", ".1", "cat"], check=True)
        rests = len(session.raw)
        session.wait_for(lambda: SENT in session.raw[rests:], "the image again")
