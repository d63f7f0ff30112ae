"""The explorer on a pseudo-terminal: started, its image read back, its sessions found, its keys timed."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from textual.geometry import Spacing

import vaevis_tui
from tests.e2e.harness.ptyharness import PtySession
from tests.e2e.harness.terminal import Traits
from vaevis_tui.explorer.storage.session import Session, SessionFolder, read_session
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.terminal.placement import fit
from vaevis_tui.tui.layout import Panels, arrange

SIDE = 28


FIRST_BAR = 2
"""Row of the screen: below the frame and the scale."""


DIMENSIONS = 8


@contextmanager
def explorer(
    bundle: Path, *point: str, snapshots: Path | None = None, traits: Traits | None = None
) -> Iterator[PtySession]:
    """The program with its first picture on the screen, at the mean if it is not told another point."""
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle]
    command += ["--backend", "onnxruntime"]
    command += point or ["--z", ",".join(map(repr, open_bundle(bundle).space.mean.tolist()))]
    if snapshots is not None:
        command += ["--snapshot-dir", snapshots]
    with PtySession(command, traits=traits) as session:
        wait_for_the_start(session)
        yield session


def shown(session: PtySession) -> NDArray[np.uint8] | None:
    """The picture on the screen, uint8 (28, 28, 3); None while there is none."""
    lines = session.terminal.screen.lines()
    columns, rows = len(lines[0]), len(lines)
    layout = arrange(columns, rows, (SIDE, SIDE), Panels(rows=DIMENSIONS))
    region = layout.image.shrink(Spacing.all(1)) if layout.framed else layout.image
    placement = fit(SIDE, SIDE, *region.size)
    top, left = region.y + placement.top, region.x + placement.left
    try:
        pixels = session.pixels(top, left, placement.rows, placement.columns)
    except ValueError:
        return None
    scale = placement.height // SIDE
    small = pixels[::scale, ::scale]
    return small if np.array_equal(small.repeat(scale, 0).repeat(scale, 1), pixels) else None


def changed(session: PtySession, picture: NDArray[np.uint8] | None) -> bool:
    return shown(session) is not None and not shows(session, picture)


def wait_for_the_start(session: PtySession) -> None:
    """Until the image is there, and the rows are in the order in which they stay."""
    wait_for_a_picture(session)
    session.wait_for_text("effect")


def wait_for_a_picture(session: PtySession) -> None:
    session.wait_for(lambda: (picture := shown(session)) is not None and picture.std() > 1, "a picture")


def shows(session: PtySession, picture: NDArray[np.uint8] | None) -> bool:
    now = shown(session)
    return now is not None and picture is not None and np.array_equal(now, picture)


def wait_for_the_picture_of(session: PtySession, bundle: Path, z: NDArray[np.float32]) -> None:
    with vaevis_tui.load(bundle, backend="onnxruntime") as model:
        expected = model.decode(z[None])[0]
    session.wait_for(lambda: shows(session, expected), "the decode of the point")


BROKEN = """
import sys
from vaevis_tui.cli import main
from vaevis_tui.explorer.exploration import Exploration

def fail(*_):
    raise RuntimeError("a mistake in the program")

Exploration.random = fail
sys.exit(main(sys.argv[1:]))
"""


PROGRAM = [sys.executable, "-m", "vaevis_tui"]


class Kept:
    """The folder for state and data of one user."""

    def __init__(self, path: Path) -> None:
        self.environment = {"XDG_STATE_HOME": str(path), "XDG_DATA_HOME": str(path / "data")}
        self.models = path / "data" / "vaevis-tui" / "models"
        self.folder = SessionFolder(path / "vaevis-tui" / "sessions")

    def start(self, *arguments: str | Path, program: Sequence[str] = PROGRAM) -> PtySession:
        return PtySession([*program, *arguments], env=self.environment)

    def session(self) -> Session:
        newest = self.folder.newest()
        assert newest is not None
        return read_session(newest)


def at_the_mean(bundle: Path) -> str:
    return ",".join(map(repr, open_bundle(bundle).space.mean.tolist()))


ROUND_TRIP = 0.05


BUSY = 0.3
"""Seconds that a busy machine may add, which runs program, relay and emulator on two cores."""


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
