"""Ctrl-C while the program starts: it ends at once, with the exit code of an interrupt and without a word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.harness.ptyharness import PtySession

INTERRUPTED_AT = """
import importlib.abc, os, runpy, signal, sys

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv[0] = "vaevis-tui"
runpy.run_module("vaevis_tui", run_name="__main__", alter_sys=True)
"""


def program(module: str) -> list[str | Path]:
    return [sys.executable, "-c", INTERRUPTED_AT.format(module=module)]


@pytest.mark.parametrize(
    "module",
    ["vaevis_tui.cli", "vaevis_tui.commands.explore", "vaevis_tui.explorer.decoding", "textual.app"],
)
def test_an_interrupt_while_the_explorer_is_imported(module: str) -> None:
    with PtySession([*program(module), "--model", "mnist"]) as session:
        assert session.wait_exit() == 130
        assert session.text.strip() in ("", "^C")
        assert session.left_behind() == []


def test_an_interrupt_while_a_command_works(tmp_path: Path) -> None:
    out = tmp_path / "x.png"
    command = [*program("onnxruntime"), "decode", "--model", "mnist", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert list(tmp_path.iterdir()) == []
