"""No home, no folder for temporary files, a disk that takes nothing: images come, and losses are said."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.harness.explorer import PROGRAM, at_the_mean, wait_for_the_picture_of
from tests.e2e.harness.ptyharness import PtySession
from vaevis_tui.models.bundle import open_bundle

NOWHERE = {
    "HOME": "/proc/nowhere",
    "TMPDIR": "/proc/nowhere",
    **dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), None),
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits are set by a shell")


def writing_nothing(*command: str | Path) -> list[str]:
    """A command for which every file stays empty, and so no folder is good for temporary files."""
    return ["sh", "-c", 'ulimit -f 0; exec "$0" "$@"', *map(str, command)]


@pytest.mark.parametrize("backend", ["onnxruntime", "wgpu"])
def test_an_image_is_decoded(backend: str, bundle: Path) -> None:
    """wgpu needs a temporary folder; then onnxruntime decodes."""
    environment = {**os.environ, **{name: value for name, value in NOWHERE.items() if value}}
    for name, value in NOWHERE.items():
        if value is None:
            environment.pop(name, None)
    decode = shlex.join(
        writing_nothing(
            *PROGRAM, "decode", "--model", bundle, "--seed", "1", "--backend", backend, "--out", "-"
        )
    )
    done = subprocess.run(
        ["sh", "-c", f"{decode} | head -c 8"], env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.stdout == b"\x89PNG\r\n\x1a\n"
    assert b"Traceback" not in done.stderr


def test_one_explores_and_is_told_that_no_session_is_saved(bundle: Path) -> None:
    command = writing_nothing(*PROGRAM, "--model", bundle, "--z", at_the_mean(bundle))
    with PtySession(command, 160, 30, env=NOWHERE) as session:
        wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.mean)
        session.press("shift+right")
        session.wait_for_text("+1.00")
        session.press("q")
        assert session.wait_exit() == 1
        assert "the session was not saved" in session.text
        assert "Traceback" not in session.text
        assert session.left_behind() == []
