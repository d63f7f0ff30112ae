"""Images by kitty's protocol inside tmux, which keeps the text around them but not what it hands through."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.ptyharness import PtySession
from tests.models.make import write_bundle
from tests.support import require

SENT = b"\x1b_Ga=t,"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("models") / "noise")


def test_a_terminal_that_is_attached_later_gets_the_image(bundle: Path, tmp_path: Path) -> None:
    require(shutil.which("tmux"), "tmux (Debian: tmux)")
    configuration = tmp_path / "tmux.conf"
    configuration.write_text("set -g allow-passthrough on\n")
    tmux: list[str | Path] = ["tmux", "-S", tmp_path / "socket", "-f", configuration]
    program: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle, "--graphics", "kitty"]
    try:
        with PtySession([*tmux, "new-session", *program], 100, 30) as session:
            session.wait_for(lambda: SENT in session.raw, "the image")
            session.wait_for_text("idle")
            subprocess.run([*tmux, "detach-client"], check=True, capture_output=True)
            assert session.wait_exit() == 0
        with PtySession([*tmux, "attach"], 100, 30) as session:
            session.wait_for(lambda: SENT in session.raw, "the image again")
            session.press("q")
            assert session.wait_exit() == 0
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
