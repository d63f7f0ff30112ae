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

from tests.e2e.ptyharness import PtySession
from tests.e2e.ssh_server import ssh_server
from tests.e2e.test_explorer_pty import changed, shown, wait_for_a_picture

ROOT = Path(__file__).parents[2]
REPEATS = 3


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
        rate: Updates of the screen a second in a walk.
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
            before = shown(session)
            begun = time.perf_counter()
            session.press("shift+right" if press % 6 < 3 else "shift+left")
            session.wait_for(lambda before=before: changed(session, before), "another picture")  # type: ignore[misc]
            delays.append(time.perf_counter() - begun)
            session.pump_for(0.1)
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
        far = server.command(program, far_environment(Path(folder)))
        results: dict[str, list[Felt]] = {"local": [], "ssh": []}
        for _ in range(REPEATS):
            results["local"].append(measure(PtySession(program)))
            results["ssh"].append(measure(PtySession(far)))
    print("        first picture s  key to picture ms     updates/s")
    print("                           median     99 %")
    for name, all_felt in results.items():
        delays = [1e3 * delay for felt in all_felt for delay in felt.delays]
        start, rate = (median(getattr(felt, each) for felt in all_felt) for each in ("start", "rate"))
        print(f"{name:<6}{start:17.2f}{median(delays):18.0f}{np.percentile(delays, 99):9.0f}{rate:14.1f}")


if __name__ == "__main__":
    main()
