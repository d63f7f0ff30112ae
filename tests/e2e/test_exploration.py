"""A whole exploration in a terminal: what is on the screen is the decode of the point, all the way."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import vaevis_tui
from tests.e2e.harness.explorer import (
    Kept,
    at_the_mean,
    changed,
    shown,
    shows,
    wait_for_the_picture_of,
    wait_for_the_start,
)
from tests.e2e.harness.ptyharness import PtySession
from vaevis_tui.errors import UserError
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.bundle import open_bundle

ACKNOWLEDGED = 5
"""Snapshots until which what is on the screen is acknowledged, too."""


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    kept = Kept(tmp_path)
    kept.environment["XDG_DATA_HOME"] = str(tmp_path / "data")
    return kept


def snapshot(session: PtySession, snapshots: Path) -> NDArray[np.float32]:
    """The z of a snapshot of what the terminal has acknowledged, float32 (d,)."""
    before = set(snapshots.iterdir())
    read: list[SnapshotInfo] = []

    def saved() -> bool:
        """Whether it is there as a whole."""
        with suppress(UserError):
            read.extend(
                SnapshotInfo.from_metadata(read_metadata(path)) for path in set(snapshots.iterdir()) - before
            )
        return bool(read)

    session.press("s")
    session.wait_for(saved, "a snapshot")
    return read[0].latent


def place(session: PtySession, bundle: Path, snapshots: Path) -> NDArray[np.float32]:
    """Where one is, float32 (d,): the screen shows its decode."""
    for _ in range(ACKNOWLEDGED):
        z = snapshot(session, snapshots)
        with vaevis_tui.load(bundle, backend="onnxruntime") as model:
            image = np.asarray(model.decode(z[None])[0])
        if shows(session, image):
            break
    wait_for_the_picture_of(session, bundle, z)
    return z


def bookmarks(folder: Path) -> int:
    """How many are on disk."""
    files = list(folder.rglob("bookmarks.json"))
    return len(json.loads(files[0].read_text())["names"]) if files else 0


def go(session: PtySession, *keys: str) -> None:
    """Press keys that lead elsewhere, and wait until the image is another one."""
    before = shown(session)
    session.press(*keys)
    session.wait_for(partial(changed, session, before), "another image")


def test_from_a_photo_to_a_direction_a_tour_and_back(kept: Kept, bundle: Path, tmp_path: Path) -> None:
    space = open_bundle(bundle).space
    snapshots = tmp_path / "snapshots"
    snapshots.mkdir()
    with vaevis_tui.load(bundle, backend="onnxruntime") as model:
        photo = np.asarray(model.decode(model.sample(5))[0])
        Image.fromarray(photo).save(tmp_path / "photo.png")

    with kept.start("--model", bundle, "--z", at_the_mean(bundle), "--snapshot-dir", snapshots) as session:
        wait_for_the_start(session)
        # a photo, and its reconstruction
        session.send(b"\x1b[200~" + str(tmp_path / "photo.png").encode() + b"\x1b[201~")
        session.wait_for_text("Closest match")
        session.press("x")
        session.wait_for(lambda: shown(session) is not None, "the image alone")
        found = place(session, bundle, snapshots)
        with vaevis_tui.load(bundle, backend="onnxruntime") as model:
            near, far = (np.asarray(model.decode(z[None])[0], float) for z in (found, space.mean))
        assert np.abs(near - photo).mean() < 0.25 * np.abs(far - photo).mean()
        # a direction of one's own, from the mean to the photo
        session.press("[")
        session.wait_for_text("1 in A, 0 in B")
        go(session, "c")
        session.press("]")
        session.wait_for_text("1 in A, 1 in B")
        session.press("D")
        session.wait_for_text("name, B")
        session.press(*"mine", "enter")
        session.wait_for_text("▌mine")
        go(session, "shift+right")
        moved = place(session, bundle, snapshots)
        along = (moved - space.mean) @ (found - space.mean)
        assert along > 0.999 * np.linalg.norm(moved - space.mean) * np.linalg.norm(found - space.mean)
        # bookmarks, and a tour through them
        session.press("b")
        session.wait_for(lambda: bookmarks(tmp_path) == 1, "the bookmark")
        go(session, "r")
        elsewhere = place(session, bundle, snapshots)
        session.press("b")
        session.wait_for(lambda: bookmarks(tmp_path) == 2, "the bookmark")
        go(session, "c")
        session.press("J")
        session.wait_for_text("All 2 bookmarks")
        session.press("enter")
        wait_for_the_picture_of(session, bundle, elsewhere)
        np.testing.assert_array_equal(place(session, bundle, snapshots), elsewhere)
        # the tour is one step to undo
        session.press("u")
        wait_for_the_picture_of(session, bundle, space.mean)
        np.testing.assert_array_equal(place(session, bundle, snapshots), space.mean)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []

    with kept.start("--resume") as session:
        wait_for_the_picture_of(session, bundle, space.mean)
        session.wait_for_text("▌mine")  # the row that was selected
        session.press("u")
        wait_for_the_picture_of(session, bundle, elsewhere)
        session.press("u")
        wait_for_the_picture_of(session, bundle, moved)
        session.wait_for_text("▌mine")
        session.press("q")
        assert session.wait_exit() == 0
