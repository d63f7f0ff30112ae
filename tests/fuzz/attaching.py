"""The explorer walks in tmux while terminals come and go each second: nothing grows, and it goes on.

    python -m tests.fuzz.attaching [--minutes 20] [--graphics half]

It has failed where the image does not come to a terminal, where memory grows by more than 5 MiB between the
first minute and the last, where descriptors or threads become more, or where it does not end: then the exit
code is 1. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.memory import descriptors, resident, threads
from tests.e2e.harness.ptyharness import PtySession

MOST = 5.0
"""MiB that may be more in the end: caches fill."""

SIZES = ((100, 30), (80, 24), (140, 45))
"""Of the terminals that come, in turn."""

SENT = {"half": "\N{UPPER HALF BLOCK}".encode(), "kitty": b"\x1b_Ga=t,"}
"""What an image is known by."""


def attach_and_detach(
    tmux: list[str], minutes: float, sent: bytes
) -> tuple[int, list[tuple[float, int, int]]]:
    """Let terminals come and go.

    Returns:
        How many came, and memory in MiB, descriptors and threads of the program after each minute.
    """
    told = subprocess.run(
        [*tmux, "list-panes", "-F", "#{pane_pid}"], check=True, capture_output=True, text=True
    )
    program = told.stdout.strip()
    came, looks = 0, []
    end, next_look = time.monotonic() + 60 * minutes, time.monotonic() + 60
    while time.monotonic() < end:
        columns, rows = SIZES[came % len(SIZES)]
        with PtySession([*tmux, "attach"], columns, rows, emulate=False) as terminal:
            terminal.wait_for(lambda seen=terminal: sent in seen.raw, "the image")  # type: ignore[misc]
            terminal.pump_for(0.5)
            subprocess.run([*tmux, "detach-client"], check=True, capture_output=True)
            terminal.wait_exit()
        came += 1
        if time.monotonic() >= next_look or time.monotonic() >= end:
            looks.append((resident(program), descriptors(program), threads(program)))
            next_look += 60
    return came, looks


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--graphics", choices=SENT, default="half")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "tmux.conf")
        configuration.write_text("set -g allow-passthrough on\nset -ga terminal-features ',*:RGB'\n")
        tmux = ["tmux", "-S", f"{folder}/socket", "-f", str(configuration)]
        explorer = [
            sys.executable,
            "-m",
            "vaevis_tui",
            "--model",
            "mnist",
            "--backend",
            "onnxruntime",
            "--walk",
        ]
        program = [
            *tmux,
            "new-session",
            "-d",
            "-x",
            "100",
            "-y",
            "30",
            *explorer,
            "--graphics",
            options.graphics,
        ]
        subprocess.run(program, check=True)
        try:
            came, looks = attach_and_detach(tmux, options.minutes, SENT[options.graphics])
            with PtySession([*tmux, "attach"], 100, 30, emulate=False) as terminal:
                terminal.wait_for(lambda: SENT[options.graphics] in terminal.raw, "the image")
                terminal.press("q")
                terminal.wait_exit()
        finally:
            subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
    first, last = looks[0], looks[-1]
    grown = last[0] - first[0]
    print(f"attaching: {came:,} terminals in {options.minutes:g} minutes, {options.graphics}")
    print(f"grown by {grown:.1f} MiB, {last[1] - first[1]} descriptors and {last[2] - first[2]} threads more")
    return 0 if grown <= MOST and last[1] <= first[1] and last[2] <= first[2] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
