"""Real terminals on a screen of their own, started with a program and looked at."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support import require

Screenshot = Callable[[], NDArray[np.uint8]]

OPTIONS = ["-nolisten", "tcp", "-noreset"]
"""Reset when the last client has gone, it would refuse a terminal that comes right after a screenshot."""

PROGRAMS = {"Xvfb": "xvfb", "import": "imagemagick"}


_SHOW = """
import pathlib, sys, time
sys.stdout.buffer.write(pathlib.Path(sys.argv[1]).read_bytes())
sys.stdout.flush()
time.sleep(60)
"""


_NOT_INHERITED = (
    *(
        "COLUMNS",
        "LINES",
        "COLORTERM",
        "NO_COLOR",
        "TERM_PROGRAM",
        "TMUX",
        "STY",
        "SSH_CONNECTION",
        "SSH_TTY",
    ),
)


@contextmanager
def screen(width: int = 800, height: int = 600) -> Iterator[tuple[str, Screenshot]]:
    """An X server without a display: its name, and what takes a picture of it, uint8 (height, width, 3)."""
    for program, package in PROGRAMS.items():
        require(shutil.which(program), f"{program} (Debian: {package})")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", *OPTIONS],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            display = f":{pipe.readline().strip()}"  # comes once the server is ready

        def screenshot() -> NDArray[np.uint8]:
            command = ["import", "-display", display, "-window", "root", "-depth", "8", "png:-"]
            data = subprocess.run(command, check=True, capture_output=True, timeout=30).stdout
            return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

        yield display, screenshot
    finally:
        server.terminate()
        server.wait(timeout=10)


@contextmanager
def terminal(command: list[str], display: str, output: str, folder: Path) -> Iterator[None]:
    """A terminal that shows some output and waits.

    Args:
        command: The terminal, and what stands before the program it is to run.
        display: The X server.
        output: What the program writes.
        folder: Where files may lie.
    """
    (folder / "output").write_text(output, encoding="utf-8", newline="")
    with running([*command, sys.executable, "-c", _SHOW, str(folder / "output")], display, folder):
        yield


@contextmanager
def running(command: list[str], display: str, folder: Path) -> Iterator[None]:
    """A terminal that runs a program.

    Args:
        command: The terminal, the program in it and its arguments.
        display: The X server.
        folder: Where files may lie.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    environ = inherited | {
        "DISPLAY": display,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "XDG_RUNTIME_DIR": str(folder),
        "KITTY_CONFIG_DIRECTORY": str(folder),
        "XDG_STATE_HOME": str(folder),
        "PYTHONUTF8": "1",
    }
    shown = subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        shown.terminate()
        shown.wait(timeout=10)


def becomes(
    condition: Callable[[NDArray[np.uint8]], bool], screenshot: Screenshot, seconds: float = 20
) -> bool:
    """Whether a condition holds for what is on the screen before the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition(screenshot()):
            return True
    return False


def is_in(picture: NDArray[np.uint8], scene: NDArray[np.uint8], tolerance: int) -> bool:
    """Whether a picture is somewhere in another one, each channel being off by the tolerance at most."""
    height, width, _ = picture.shape
    wanted, there = picture.astype(np.int16), scene.astype(np.int16)
    probes = [(0, 0), (height - 1, width - 1), (height // 2, width // 3), (height // 3, width // 2)]
    rows, columns = len(scene) - height + 1, scene.shape[1] - width + 1
    places = np.ones((rows, columns), bool)
    for y, x in probes:
        off = np.abs(there[y : y + rows, x : x + columns] - wanted[y, x])
        places &= (off <= tolerance).all(axis=-1)
    return any(
        bool((np.abs(there[y : y + height, x : x + width] - wanted) <= tolerance).all())
        for y, x in np.argwhere(places)[:100]
    )
