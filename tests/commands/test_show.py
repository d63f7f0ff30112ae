"""`vaevis-tui show`: an image as the terminal, a pipe or an encoding can show it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from vaevis_tui.cli import main


def test_show_draws_in_half_blocks() -> None:
    """On a real console of its own, since Rich looks at the environment."""
    environment = os.environ | {"COLUMNS": "40", "LINES": "24", "COLORTERM": "truecolor", "FORCE_COLOR": "1"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "vaevis_tui", "show", "--model", "mnist", "--seed", "3"]
    drawn = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    lines = drawn.rstrip("\n").split("\n")
    assert len(lines) == 14
    assert "▀" in drawn or "▄" in drawn


@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_what_is_shown_without_colours_is_characters(
    term: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe, or a terminal that draws nothing else: never a rectangle of one colour."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert main(["show", "--model", "mnist", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "█" not in out
    assert {"@", "."} <= set(out)


def test_an_encoding_without_blocks_gets_characters() -> None:
    options = ["--model", "mnist", "--seed", "3", "--graphics", "half"]
    program = [sys.executable, "-m", "vaevis_tui", "show", *options]
    environment = {**os.environ, "PYTHONIOENCODING": "iso-8859-1", "TERM": "xterm-256color"}
    done = subprocess.run(program, env=environment, capture_output=True, check=True, timeout=60)
    assert b"@" in done.stdout
