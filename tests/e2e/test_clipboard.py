"""The latent vector, copied by a key and brought back in every way there is."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from tests.e2e.harness.explorer import changed, explorer, shown, shows
from tests.e2e.harness.ptyharness import PtySession
from tests.e2e.harness.terminal import Traits
from tests.support import require
from vaevis_tui.export.snapshot import SnapshotInfo

SET_CLIPBOARD = re.compile(rb"\x1b\]52;c?;([A-Za-z0-9+/=]+)(?:\a|\x1b\\)")


def clipboard(session: PtySession) -> str | None:
    """What the terminal was told to put on it."""
    found = SET_CLIPBOARD.search(session.raw)
    return base64.b64decode(found[1]).decode() if found else None


def copy(session: PtySession) -> str:
    session.press("y")
    session.wait_for(lambda: clipboard(session), "a copy")
    text = clipboard(session)
    assert text is not None
    return text


def test_what_was_copied_brings_the_very_picture_back(bundle: Path, tmp_path: Path) -> None:
    with explorer(bundle, "--seed", "7") as session:
        before = shown(session)
        session.press("r", "shift+left", "ctrl+right")
        session.wait_for(lambda: changed(session, before), "another picture")
        while session.pump(0.3):
            pass
        picture, z = shown(session), copy(session)
        session.wait_for_text("copied z, 8 raw numbers")
        session.press("c")
        session.wait_for(lambda: changed(session, picture), "the mean")
        session.send(f"\x1b[200~{z}\x1b[201~")
        session.wait_for(lambda: shows(session, picture), "the picture of what was pasted")
        session.send("\x1b[200~rm -rf, 2\x1b[201~")
        session.wait_for_text("The clipboard holds")
    with explorer(bundle, "--z", z) as session:
        session.wait_for(lambda: shows(session, picture), "the picture of --z")
    out = tmp_path / "out.png"
    decode: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "decode", "--model", bundle, "--out", out]
    subprocess.run([*decode, "--z", z, "--backend", "onnxruntime"], check=True, capture_output=True)
    with Image.open(out) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)


def snapshot(data: bytes) -> tuple[np.ndarray, SnapshotInfo]:
    """What a PNG shows, uint8 (h, w, 3), and what it says."""
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, PngImageFile)
        return np.asarray(image), SnapshotInfo.from_metadata(image.text)


def test_an_image_is_copied_where_the_terminal_takes_one(bundle: Path, tmp_path: Path) -> None:
    with explorer(bundle, snapshots=tmp_path, traits=Traits(clipboard="DONE")) as session:
        session.press("r")
        session.wait_for(lambda: changed(session, None), "a picture")
        while session.pump(0.3):
            pass
        session.press("Y")
        session.wait_for_text("copied the image")
        picture, info = snapshot(session.terminal.clipboard["image/png"])
        shows_it = shown(session)
        assert shows_it is not None
        np.testing.assert_array_equal(picture, shows_it)
        z = copy(session)
        np.testing.assert_allclose(info.z, [float(part) for part in z.split(",")], rtol=1e-6)
        assert list(tmp_path.iterdir()) == []


def test_a_terminal_that_refuses_an_image_is_believed(bundle: Path, tmp_path: Path) -> None:
    with explorer(bundle, snapshots=tmp_path, traits=Traits(clipboard="EPERM")) as session:
        session.press("Y")
        session.wait_for_text("did not take the image")
        assert session.terminal.clipboard == {}


def path_of_copied(session: PtySession) -> Path:
    session.wait_for(lambda: clipboard(session), "a copy")
    return Path(clipboard(session) or "")


def test_a_path_is_copied_where_the_terminal_takes_no_image(bundle: Path, tmp_path: Path) -> None:
    with explorer(bundle, snapshots=tmp_path) as session:
        session.press("Y")
        session.wait_for_text("saved")
        picture, _ = snapshot(path_of_copied(session).read_bytes())
        assert list(tmp_path.iterdir()) == [path_of_copied(session)]
        np.testing.assert_array_equal(picture, shown(session))
        assert b"]5522;" not in session.raw


@contextmanager
def inside_tmux(bundle: Path, folder: Path, *settings: str) -> Iterator[PtySession]:
    require(shutil.which("tmux"), "tmux (Debian: tmux)")
    configuration = folder / "tmux.conf"
    configuration.write_text("".join(f"set -g {setting}\n" for setting in settings))
    tmux: list[str | Path] = ["tmux", "-S", folder / "socket", "-f", configuration]
    program: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle]
    program += ["--snapshot-dir", folder]
    with PtySession([*tmux, "new-session", *program], 100, 30) as session:
        try:
            session.wait_for_text("quit")
            yield session
        finally:
            subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


@pytest.mark.parametrize(
    "settings",
    [("set-clipboard on", "allow-passthrough off"), ("set-clipboard off", "allow-passthrough on")],
)
def test_tmux_hands_it_on(bundle: Path, tmp_path: Path, settings: tuple[str, ...]) -> None:
    with inside_tmux(bundle, tmp_path, *settings) as session:
        numbers = [float(part) for part in copy(session).split(",")]
        assert len(numbers) == 8
        session.wait_for_text("set-clipboard on")


def test_in_tmux_a_path_is_copied_whatever_the_terminal_outside_takes(bundle: Path, tmp_path: Path) -> None:
    """Its answer would come as keys."""
    with inside_tmux(bundle, tmp_path, "set-clipboard on", "allow-passthrough on") as session:
        session.press("Y")
        assert path_of_copied(session).suffix == ".png"
        assert b"]5522;" not in session.raw
        assert b"?5522" not in session.raw
