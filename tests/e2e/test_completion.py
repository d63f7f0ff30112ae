"""Completions in real shells, by a real Tab."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pexpect
import pytest

from tests.support import require
from vaevis_tui.cli import main
from vaevis_tui.commands.registry import COMMANDS

CASES = [
    ("vaevis-tui trav", "traverse "),
    ("vaevis-tui mnist-", "mnist-2d "),
    ("vaevis-tui mnist-2d --wal", "--walk "),
    ("vaevis-tui decode --model do", "dog"),
    ("vaevis-tui decode --backe", "--backend "),
    ("vaevis-tui decode --backend wg", "wgpu "),
    ("vaevis-tui decode --out some-fi", "some-file.png"),
    ("vaevis-tui completion fi", "fish "),
    ("vaevis-tui grid --background da", "dark "),
    ("vaevis-tui --graphics kit", "kitty "),
    ("vaevis-tui config uns", "unset "),
    ("vaevis-tui config set max_r", "max_rate"),
    ("vaevis-tui config unset keymap.row.ab", "keymap.row.above"),
    ("vaevis-tui config set backend on", "onnxruntime"),
    ("vaevis-tui config set model mnist-", "mnist-2d"),
    ("vaevis-tui config set caption fa", "false"),
    ("vaevis-tui --theme nor", "nord"),
    ("vaevis-tui bundle some-fi", "some-file.png"),
]
"""What is typed, and how its last word is completed."""


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Scripts of all shells, and one file to complete."""
    for shell, name in (("bash", "vaevis.bash"), ("zsh", "_vaevis-tui"), ("fish", "vaevis.fish")):
        assert main(["completion", shell]) == 0
        (tmp_path / name).write_text(capsys.readouterr().out)
    (tmp_path / "some-file.png").write_text("")
    return tmp_path


START = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        "PS1='READY> '; bind 'set enable-bracketed-paste off'; source vaevis.bash",
    ),
    "zsh": (
        ["-f", "-i"],
        "PS1='READY> '; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D",
    ),
}


@pytest.mark.parametrize("shell", list(START))
def test_tab_completes_in_an_interactive_shell(shell: str, folder: Path) -> None:
    program = shutil.which(shell)
    require(program, f"{shell} on the path (Debian: {shell})")
    arguments, start = START[shell]
    environment = {**os.environ, "TERM": "dumb", "HOME": str(folder), "ZDOTDIR": str(folder)}
    terminal = pexpect.spawn(
        str(program),
        arguments,
        cwd=folder,
        env=environment,
        encoding="utf-8",
        dimensions=(40, 200),
        timeout=20,
    )
    try:
        terminal.sendline(start)
        terminal.expect_exact("READY> ")
        terminal.sendline("echo $((40 + 2))")
        terminal.expect(r"\n42\r")
        terminal.expect_exact("READY> ")
        for typed, completed in CASES:
            last = typed.rpartition(" ")[2]
            terminal.send(typed + "\t")
            stem = typed[: len(typed) - len(last)]
            terminal.expect(re.escape(stem + completed))
            terminal.send("\x15")  # Ctrl-U: the line is thrown away
            terminal.sendline("echo $((40 + 3))")
            terminal.expect(r"\n43\r")
            terminal.expect_exact("READY> ")
    finally:
        terminal.close(force=True)


def test_fish_completes(folder: Path) -> None:
    program = shutil.which("fish")
    require(program, "fish on the path (Debian: fish)")
    for typed, completed in CASES:
        asked = pexpect.run(
            f"{program} --no-config -c 'source vaevis.fish; complete -C \"{typed}\"'",
            cwd=str(folder),
            encoding="utf-8",
        )
        words = [line.split("\t")[0].strip() for line in str(asked).splitlines()]
        assert completed.strip() in words, typed


def test_every_command_is_completed_with_its_options(folder: Path) -> None:
    script = (folder / "vaevis.bash").read_text()
    assert set(COMMANDS) <= set(script.partition("_subparsers=(")[2].partition(")")[0].split())
    for name in ("--lossless", "--walk-seed", "--resume", "--coordinates", "--in-sigma"):
        assert name in script
