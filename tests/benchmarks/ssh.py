"""The explorer beyond a real sshd on the loopback, beside a local one: python -m tests.benchmarks.ssh

Both in turns, on a pseudo-terminal that answers at once, mnist in a window of 80x24. Times include the
terminal emulator, which is slow: what counts is the difference.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from tests.e2e.harness.explorer import changed, shown, wait_for_a_picture
from tests.e2e.harness.ptyharness import PtySession
from tests.e2e.harness.ssh_server import ssh_server

ROOT = Path(__file__).parents[2]
REPEATS = 3
QUIET = 0.5
"""Seconds without output after which nothing is on its way any more."""
NETWORKS = ((10, 0.05), (1, 0.05), (1, 0.2))
"""Between the client and the server: Mbit/s and round trip in seconds."""


def far_environment(state: Path) -> dict[str, str]:
    """What the far side's shell is told: SSH passes on TERM alone, and the source need not be installed."""
    return {
        "XDG_STATE_HOME": str(state),
        "PYTHONPATH": str(ROOT),
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }


@dataclass(frozen=True, slots=True)
class Felt:
    """What a person feels.

    Attributes:
        start: Seconds from the command to the first picture.
        delays: Seconds from each press of a key to another picture.
        rate: Updates of the screen a second in a walk, those of bars and statistics included.
    """

    start: float
    delays: list[float]
    rate: float


def measure(session: PtySession, presses: int = 12) -> Felt:
    """Start, press a key some times, then walk for two seconds; the program has ended afterwards."""
    with session:
        wait_for_a_picture(session)
        start = time.perf_counter() - session.started
        delays = []
        for press in range(presses):
            while session.pump(QUIET):
                pass
            before = shown(session)
            begun = time.perf_counter()
            session.press("shift+right" if press % 6 < 3 else "shift+left")
            session.wait_for(lambda before=before: changed(session, before), "another picture")  # type: ignore[misc]
            delays.append(time.perf_counter() - begun)
        session.press("w")
        session.wait_for_frames(10)
        rate = len(session.pump_for(2.0)) / 2.0
        session.press("q")
        session.wait_exit()
    return Felt(start, delays, rate)


def main() -> None:
    """Print the table."""
    program = [sys.executable, "-m", "vaevis_tui", "--model", "mnist"]
    with tempfile.TemporaryDirectory() as folder, ssh_server(Path(folder)) as server:
        environment = far_environment(Path(folder))
        commands: dict[str, list[str]] = {"local": program, "ssh": server.command(program, environment)}
        for megabits, round_trip in NETWORKS:
            name = f"ssh, {megabits:g} Mbit/s, {1e3 * round_trip:.0f} ms"
            commands[name] = server.command(program, environment, (megabits, round_trip))
        results: dict[str, list[Felt]] = {name: [] for name in commands}
        for _ in range(REPEATS):
            for name, command in commands.items():
                results[name].append(measure(PtySession(command)))
    print(f"{'':<24}first picture s  key to picture ms    updates/s")
    print(f"{'':<24}                   median     99 %")
    for name, all_felt in results.items():
        delays = [1e3 * delay for felt in all_felt for delay in felt.delays]
        start, rate = (median(getattr(felt, each) for felt in all_felt) for each in ("start", "rate"))
        print(f"{name:<24}{start:15.2f}{median(delays):10.0f}{np.percentile(delays, 99):9.0f}{rate:13.0f}")


if __name__ == "__main__":
    main()
