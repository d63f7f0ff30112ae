"""Long texts on a terminal go through PAGER, as those of git and man do."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_CANNOT_RUN = {126, 127}
"""Exit codes of a shell that has not found a program, or may not run it."""


def print_paged(text: str) -> None:
    """Print a text, through PAGER where it is longer than the terminal at both ends.

    Colours stay; less, which is taken where PAGER is not set, leaves the text on the screen when it ends.
    """
    sys.stdout.flush()
    if not (_is_long(text) and _through_pager(text)):
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def paged() -> Iterator[Console]:
    """What is printed on this console is shown at the end, as by `print_paged`."""
    from rich.console import Console

    console = Console()
    with console.capture() as captured:
        yield console
    print_paged(captured.get())


def _is_long(text: str) -> bool:
    both = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return both and text.count("\n") >= shutil.get_terminal_size().lines


def _through_pager(text: str) -> bool:
    """Whether there was a pager that took it."""
    pager = os.environ.get("PAGER") or shutil.which("less") or shutil.which("more")
    if not pager:
        return False
    # An interrupt is the pager's, which would be left behind with the terminal in its hands.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        done = subprocess.run(
            pager, shell=True, input=text.encode(), env={"LESS": "FRX", **os.environ}, check=False
        )
    finally:
        signal.signal(signal.SIGINT, before)
    return done.returncode not in _CANNOT_RUN
