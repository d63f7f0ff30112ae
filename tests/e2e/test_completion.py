"""Completions in real shells, by a real Tab."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
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
    ("vaevis-tui decode --backe", "--backend"),
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
    ("vaevis-tui encode some-file.png some-fi", "some-file.png"),
    (r"vaevis-tui bundle my\ de", r"my\ decoder.onnx"),
    ("vaevis-tui --model=mnist-", "--model=mnist-2d"),
    ("vaevis-tui decode --model=some-fo", "--model=some-folder/"),
    ("vaevis-tui show --backend=on", "--backend=onnxruntime"),
    ("vaevis-tui dog --graphics=bra", "--graphics=braille"),
    ("vaevis-tui --theme=nor", "--theme=nord"),
    ("vaevis-tui --snapshot-dir=some-fo", "--snapshot-dir=some-folder/"),
    ("vaevis-tui grid --background=da", "--background=dark"),
    ("vaevis-tui walk --resample=nea", "--resample=nearest"),
    ("vaevis-tui interpolate --backend=wgpu --ease=sto", "--ease=stops"),
    ("vaevis-tui export-web --weights=int1", "--weights=int12"),
    ("vaevis-tui decode --range=auto-", "--range=auto-stretch"),
    ("vaevis-tui decode --layout=CH", "--layout=CHW"),
    ("vaevis-tui decode --prior uni", "uniform"),
    ("vaevis-tui decode --out=some-fi", "--out=some-file.png"),
    ("vaevis-tui traverse --axes dire", "directions"),
    ("vaevis-tui traverse --model mnist --axes=slant,thi", "--axes=slant,thickness"),
    ("vaevis-tui map --model=mnist --axes slant,wid", "slant,width"),
    (r"vaevis-tui traverse --axes coat\ c", r"coat\ colour"),
]
"""What is typed, and how its last word is completed."""


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Scripts of all shells, two files and a folder to complete."""
    for shell, name in (("bash", "vaevis.bash"), ("zsh", "_vaevis-tui"), ("fish", "vaevis.fish")):
        assert main(["completion", shell]) == 0
        (tmp_path / name).write_text(capsys.readouterr().out)
    (tmp_path / "some-file.png").write_text("")
    (tmp_path / "my decoder.onnx").write_text("")
    (tmp_path / "some-folder").mkdir()
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
            terminal.send(typed + "\t")
            stem = re.sub(r"(\\.|\S)*$", "", typed)
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
    script = "source vaevis.fish; for typed in $argv; complete -C $typed; echo END; end"
    asked = subprocess.run(
        [str(program), "--no-config", "-c", script, *(typed for typed, _ in CASES)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    answers = asked.stdout.split("END\n")[:-1]
    for (typed, completed), answer in zip(CASES, answers, strict=True):
        words = [line.split("\t")[0].strip() for line in answer.splitlines()]
        assert completed.strip().replace("\\", "") in words, typed


def test_every_command_is_completed_with_its_options(folder: Path) -> None:
    script = (folder / "vaevis.bash").read_text()
    assert set(COMMANDS) <= set(script.partition("_subparsers=(")[2].partition(")")[0].split())
    for name in ("--lossless", "--walk-seed", "--resume", "--coordinates", "--in-sigma"):
        assert name in script
