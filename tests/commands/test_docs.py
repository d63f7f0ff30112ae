"""docs/scripts.md does what it says: its commands and its Python run, its keys and settings are there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaevis_tui.api.animations import Animation
from vaevis_tui.cli import main
from vaevis_tui.commands.man import escaped
from vaevis_tui.commands.registry import COMMANDS
from vaevis_tui.explorer.storage.config import SETTINGS
from vaevis_tui.export.animation import ENDINGS
from vaevis_tui.tui.keys.keymap import keymap_problems
from vaevis_tui.tui.menus.help_text import TERMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scripts.md").read_text()


def test_the_man_page_has_all_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["man"]) == 0
    page = capsys.readouterr().out
    rendered = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww"], input=page, capture_output=True, text=True, check=True
    )
    assert not rendered.stderr
    assert all(f".SS vaevis-tui {escaped(name)}" in page for name in COMMANDS)
    assert all(setting.variable in page for setting in SETTINGS)
    assert all(escaped(term) in page for term, _ in TERMS)
    assert "\\fBS\\fR\nan animation or a sheet" in page
    shared = f"\\fB{escaped('--range LOW..HIGH')}\\fR"
    assert page.count(shared) == 1, "what the explorer has too is named by commands, and not explained again"
    assert escaped("--backend, --adapter, --range, --layout") in page


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def environment(folder: Path) -> dict[str, str]:
    """With the program on the path, as a person has it."""
    program = folder / "bin" / "vaevis-tui"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m vaevis_tui "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def test_the_ten_commands_and_the_python_run(tmp_path: Path) -> None:
    script = blocks("sh")[0]
    assert sum(line.startswith("vaevis-tui ") for line in script.splitlines()) == 10
    environ = environment(tmp_path)
    done = subprocess.run(
        ["bash", "-e"], input=script, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "images.npz") as archive:
        assert archive["images"].shape == (8, 128, 128, 3)
    for name, frames in (("walk.webp", 72), ("tour.gif", 60)):
        with Image.open(tmp_path / name) as image:
            assert image.n_frames == frames  # type: ignore[attr-defined]
    (python,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", python],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_keymaps_have_no_clash() -> None:
    vim, emacs = (tomllib.loads(block)["keymap"] for block in blocks("toml"))
    for keymap in (vim, emacs):
        assert len(keymap) >= 5
        flat = {action: keys if isinstance(keys, str) else ",".join(keys) for action, keys in keymap.items()}
        assert keymap_problems(flat) == []


def test_every_setting_is_on_the_page() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \|.*\| `(.*)` \|$", PAGE, re.MULTILINE))
    assert set(documented) == {setting.key for setting in SETTINGS}, "each has a row in docs/scripts.md"
    for setting in SETTINGS:
        setting.read(tomllib.loads(f"value = {documented[setting.key]}")["value"])


def test_every_format_of_animations_is_on_the_page() -> None:
    (row,) = re.findall(r"^\| an animation .*$", PAGE, re.MULTILINE)
    assert [ending for ending in ENDINGS if f"`{ending}`" not in row] == [], "name it in docs/scripts.md"
    told = Animation.save.__doc__ or ""
    assert [ending for ending in ENDINGS if f"``{ending}``" not in told] == [], "name it in `Animation.save`"
