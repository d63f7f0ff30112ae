"""Signals while the program starts: it ends at once, with their exit code and without a word."""

from __future__ import annotations

import signal
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


SIGNALLED_WHEN_MOUNTED = """
import asyncio, importlib.abc, os, signal, sys, threading

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "textual.app":
            sys.meta_path.remove(self)
            if early:
                os.kill(os.getpid(), early)

early, late, calls = map(int, sys.argv[1:4])
sys.argv[1:4] = []
if early:
    signal.signal(early, signal.SIG_IGN)
    signal.signal(late, signal.SIG_IGN)
sys.meta_path.insert(0, Interrupt())
from vaevis_tui.__main__ import main
from vaevis_tui.tui.app import ExplorerApp
mount = ExplorerApp.on_mount

def on_mount(app):
    loop = asyncio.get_running_loop()
    thread = threading.Thread(target=lambda: [loop.call_soon_threadsafe(int) for _ in range(calls)])
    thread.start()
    thread.join()
    os.kill(os.getpid(), late)
    mount(app)

ExplorerApp.on_mount = on_mount
sys.exit(main())
"""


def signalled(*, early: int, late: int, calls: int) -> list[str]:
    """The explorer, which gets one signal while it is imported, and one when it is mounted.

    Args:
        early: The first, which is ignored from outside, as is the second then; 0 for none.
        late: The second.
        calls: What other threads have told the loop and it has not heard yet.
    """
    numbers = [str(int(number)) for number in (early, late, calls)]
    return [sys.executable, "-c", SIGNALLED_WHEN_MOUNTED, *numbers, "--model", "mnist", "--no-tune"]


def test_what_was_ignored_when_it_started_is_ignored_from_first_to_last() -> None:
    with PtySession(signalled(early=signal.SIGINT, late=signal.SIGQUIT, calls=0)) as session:
        session.wait_for_text("q quit")
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_a_signal_counts_however_much_the_event_loop_has_not_heard_yet() -> None:
    with PtySession(signalled(early=0, late=signal.SIGTERM, calls=1000)) as session:
        assert session.wait_exit() == 128 + signal.SIGTERM
        assert session.left_behind() == []
        assert "Exception" not in session.text
