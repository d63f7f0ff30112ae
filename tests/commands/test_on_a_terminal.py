"""What commands do on a real pseudo-terminal, by NO_COLOR, FORCE_COLOR and PAGER."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.harness.ptyharness import PtySession
from tests.support import require

PROGRAM = [sys.executable, "-m", "vaevis_tui"]
SHOW = [*PROGRAM, "show", "--model", "dog", "--seed", "3"]


@pytest.mark.parametrize("colours", [True, False])
def test_no_color_shows_greys_on_a_terminal(colours: bool) -> None:
    with PtySession(SHOW, 80, 24, env={} if colours else {"NO_COLOR": "1"}) as session:
        assert session.wait_exit() == 0
        assert {"▀", "▄"} & set(session.text)
        pixels = session.pixels(2, 10, 16, 20).astype(int)
        assert np.ptp(pixels) > 50, "no solid rectangle"
        assert bool((np.ptp(pixels, axis=-1) > 8).any()) is colours


@pytest.mark.slow
@pytest.mark.parametrize("graphics", ["half", "quadrant", "ascii"])
def test_no_color_is_greys_with_every_named_kind(graphics: str) -> None:
    with PtySession([*SHOW, "--graphics", graphics], 80, 24, env={"NO_COLOR": "1"}) as session:
        assert session.wait_exit() == 0
        named = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", session.raw)
        assert all(len(set(channels)) == 1 for channels in named)
        assert len(set(session.text)) > 1


@pytest.mark.slow
def test_force_color_shows_colours_in_a_pipe() -> None:
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    plain, forced = (
        subprocess.run(SHOW, env={**environ, **more}, capture_output=True, check=True, timeout=60).stdout
        for more in ({}, {"FORCE_COLOR": "1"})
    )
    assert b"\x1b" not in plain
    assert b"38;2;" in forced
    assert {"▀", "▄"} & set(forced.decode())


def paged(tmp_path: Path, *arguments: str, rows: int = 10, pager: str | None = None) -> tuple[str, str]:
    """What the pager was given, empty if it was not called, and what the terminal shows at the end."""
    seen, script = tmp_path / "seen", tmp_path / "pager"
    script.write_text(f"#!/bin/sh\ncat > {seen}\necho the pager was here\n")
    script.chmod(0o755)
    env = {"PAGER": pager or str(script), "MANPAGER": None}
    with PtySession([*PROGRAM, *arguments], 100, rows, env=env) as session:
        assert session.wait_exit() == 0
        return (seen.read_text() if seen.exists() else ""), session.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["decode", "--help"], ["--seed", "examples:"]),
        (["config", "keys"], ["walk.toggle", "program.quit"]),
        (["man"], ["SYNOPSIS"]),
        pytest.param(["doctor", "--model", "mnist"], ["GPU adapters"], marks=pytest.mark.slow),
    ],
)
def test_long_texts_go_through_the_pager(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    if arguments == ["man"]:
        require(shutil.which("man"), "man (Debian: man-db)")
    given, shown = paged(tmp_path, *arguments)
    text = re.sub(r"\x1b\[[\d;]*m|.\x08", "", given)
    for word in words:
        assert word in text
    assert "the pager was here" in shown


def test_short_texts_and_pipes_need_no_pager(tmp_path: Path) -> None:
    given, shown = paged(tmp_path, "config", "--help", rows=60)
    assert given == ""
    assert "unset KEY" in shown
    environ = {**os.environ, "PAGER": f"cat > {tmp_path / 'seen'}"}
    done = subprocess.run([*PROGRAM, "--help"], env=environ, capture_output=True, check=True, timeout=60)
    assert b"--model" in done.stdout
    assert not (tmp_path / "seen").exists()


def test_a_pager_that_is_not_there_costs_no_text(tmp_path: Path) -> None:
    _, shown = paged(tmp_path, "config", "--help", pager="no-such-pager-here")
    assert "print JSON (show, keys)" in shown
