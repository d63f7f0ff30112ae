"""Takes the pictures of README and docs/: ``python -m tests.screenshots [NAME ...]``, all of them by default.

Real terminals draw them on a display of their own: Xvfb, xterm, kitty, xdotool and ImageMagick's
``import``. ``scripts`` are those that the ten commands of docs/scripts.md write.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FONT = "DejaVu Sans Mono"
SCREEN = "1800x1100x24"
REGISTERS = ("-xrm", "XTerm*numColorRegisters: 256")
"""Colours of sixels as today's terminals have them; a VT340 has sixteen."""
POLL = 0.7
"""Seconds between looks at the screen."""
STILL = 3
"""Looks in a row that have to be equal."""
TIMEOUT = 90.0
QUALITY = 90
LARGEST = 400_000
"""Bytes of a picture of docs/scripts.md."""
COLORS = 256
"""A screen with fewer than these shows no image yet."""


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        name: Of the file in docs/.
        terminal: ``"xterm"``, which draws half-blocks, ``"sixel"``, an xterm with sixels, or ``"kitty"``.
        size: Columns and rows.
        arguments: Of the program.
        keys: What is pressed, by the names of xdotool.
    """

    name: str
    terminal: str
    size: tuple[int, int]
    arguments: str
    keys: tuple[str, ...] = ()


SHOTS = (
    Shot("pixels", "kitty", (150, 45), "--model dog --seed 3 --theme vaevis-dark", ("Tab",)),
    Shot("cells", "xterm", (120, 36), "--model dog --seed 3 --theme vaevis-dark"),
    Shot("map", "kitty", (120, 36), "--model mnist-2d --seed 4 --theme vaevis-dark"),
    Shot("map-cells", "xterm", (120, 36), "--model mnist-2d --seed 4 --theme vaevis-dark"),
    Shot("light", "sixel", (120, 36), "--model dog --seed 3 --theme vaevis-light", ("v", "i")),
    Shot("small", "xterm", (80, 24), "--model dog --seed 3 --theme vaevis-dark"),
    Shot("help", "xterm", (120, 36), "--model dog --seed 3 --theme vaevis-dark", ("question",)),
    Shot("explorer", "xterm", (200, 60), "--model dog --seed 3 --theme vaevis-dark"),
)


def command(shot: Shot) -> list[str]:
    """The terminal with the program in it."""
    columns, rows = shot.size
    program = [sys.executable, "-m", "vaevis_tui", *shlex.split(shot.arguments)]
    if shot.terminal == "kitty":
        options = {
            "font_family": FONT,
            "font_size": "10",
            "initial_window_width": f"{columns}c",
            "initial_window_height": f"{rows}c",
            "remember_window_size": "no",
            "window_padding_width": "0",
            "confirm_os_window_close": "0",
            "cursor_blink_interval": "0",
            "enable_audio_bell": "no",
        }
        flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        return ["kitty", "--config", "NONE", *flags, *program]
    kind = (
        ["-ti", "vt340", "-xrm", "XTerm*decGraphicsID: vt340", *REGISTERS] if shot.terminal == "sixel" else []
    )
    look = ["-fa", FONT, "-fs", "10", "-b", "0", "+sb", "-geometry", f"{columns}x{rows}"]
    return ["xterm", *kind, *look, "-e", "env", "COLORTERM=truecolor", *program]


@contextmanager
def display() -> Iterator[str]:
    """A display of our own; gives its name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def take(shot: Shot, environ: dict[str, str]) -> Image.Image:
    """Draw one picture.

    Raises:
        TimeoutError: the screen has not come to rest.
    """
    terminal = subprocess.Popen(command(shot), env=environ, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        image = still(environ)
        for key in shot.keys:
            subprocess.run(["xdotool", "key", key], env=environ, check=True)
            image = still(environ)
        return image
    finally:
        terminal.terminate()
        terminal.wait()


def still(environ: dict[str, str]) -> Image.Image:
    """The screen once it shows something that stays, cut to what is on it."""
    end = time.monotonic() + TIMEOUT
    last, equal = b"", 0
    while time.monotonic() < end:
        time.sleep(POLL)
        shown = subprocess.run(
            ["import", "-window", "root", "ppm:-"], env=environ, capture_output=True, check=True
        )
        equal = equal + 1 if shown.stdout == last else 0
        last = shown.stdout
        image = Image.open(io.BytesIO(last)).convert("RGB")
        if equal >= STILL and (box := image.getbbox()) and image.getcolors(COLORS) is None:
            return image.crop(box)
    raise TimeoutError("the screen does not come to rest")


def scripts() -> None:
    """Run the commands of docs/scripts.md, and keep of what they write what the page shows."""
    page = (DOCS / "scripts.md").read_text()
    match = re.search(r"```sh\n(.*?)```", page, re.DOTALL)
    assert match is not None
    program = f'vaevis-tui() {{ {shlex.quote(sys.executable)} -m vaevis_tui "$@"; }}\n'
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        script = program + match[1].replace(".pdf", ".png")
        subprocess.run(["bash", "-e"], input=script, cwd=folder, env=environ, text=True, check=True)
        for name in re.findall(r"\(scripts/([a-z.]+)\)", page):
            target, written = DOCS / "scripts" / name, Path(folder, name)
            if written.exists():
                target.write_bytes(written.read_bytes())
            else:  # photographs are smaller so
                with Image.open(written.with_suffix(".png")) as sheet:
                    sheet.convert("RGB").save(target, quality=QUALITY, method=6)
            assert target.stat().st_size < LARGEST, target
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")


def main(names: list[str]) -> None:
    """Take those that are named, or all."""
    if not names or "scripts" in names:
        scripts()
    if names == ["scripts"]:
        return
    with display() as screen, tempfile.TemporaryDirectory() as home:
        environ = {
            **os.environ,
            "DISPLAY": screen,
            "HOME": home,
            **{f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CONFIG", "STATE", "CACHE", "DATA")},
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "COLORTERM": "truecolor",
            "PYTHONPATH": str(ROOT),
        }
        for shot in SHOTS:
            if not names or shot.name in names:
                path = DOCS / f"{shot.name}.png"
                image = take(shot, environ)
                image.save(path, optimize=True)
                print(f"{path.relative_to(ROOT)}: {image.width}x{image.height}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
