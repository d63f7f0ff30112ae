"""The explorer on a pseudo-terminal that says and does anything at any time, and is left in any way.

    python -m tests.fuzz.terminal [--count 100] [--seed 0] [--run NUMBER] [--keep FOLDER]

Each run follows from the seed and its number, but for the moments at which things arrive. It has failed
where the program prints a traceback, does not end in time, ends with another exit code than it should, or
leaves the terminal otherwise than it was. The exit code is 1 if any has. All that the program wrote in such a
run is kept in the folder.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.harness.keys import key, mouse
from tests.e2e.harness.ptyharness import PtySession, PtyTimeoutError
from tests.e2e.harness.terminal import Traits
from tests.terminal.detect.replies import FOOT, KITTY_26, WEZTERM, XTERM

STARTING = 60.0
"""Seconds for the first screen, on a machine that is busy."""

ENDING = 8.0
"""Seconds that leaving may take: a last answer and three seconds of patience. Where the machine does much
else, seconds of the processor."""

BUSIEST = 10.0
"""How many times as long that may take then."""

DRAWN = 1_500
"""Bytes after which the explorer has drawn something."""

REPLIES = (
    *(XTERM, KITTY_26, WEZTERM, FOOT),
    *(b"\x1b]10;rgb:ffff/0000/ffff\x1b\\", b"\x1b]11;rgb:0/0/0\x07", b"\x1b]4;7;rgb:aa/bb/cc\x1b\\"),
    *(b"\x1b[?1;2c", b"\x1b[?62;4c", b"\x1b[>1;10;0c", b"\x1b]52;c;cnEgcg==\x07", b"\x1bP1+r544e=78\x1b\\"),
    *(b"\x1bP1$r0;1m\x1b\\", b"\x1b]1337;ReportCellSize=17;8;2\x1b\\", b"\x1b[6;16:2;8t", b"\x1b[4;600;800t"),
    *(b"\x1b[8;24;80t", b"\x1b[48;24;80;600;800t", b"\x1b[?2026;2$y", b"\x1b[I", b"\x1b[O", b"\x1b[?997;1n"),
    *(b"\x1b[1;1R", b"\x1b[2;9R", b"\x1b[99;999R", b"\x1b[1114112u", b"\x1b[97;1;55296u", b"\x1b[?0u"),
    *(b"\x1b_Gi=31;OK\x1b\\", b"\x1b_Gi=31;ENOENT:x\x1b\\", b"\x1b[<0;5;5M", b"\x1b[<0;99999;99999m"),
    *(b"\x1b[M !!", b"\x1b[200~", b"\x1b[201~", b"\xff\xfe", b"\x1b", b"\x1b\x1b\x1b["),
)
"""Of our questions, of other people's, and of none."""

KEYS = (
    *"abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPRSTUVWXYZ0123456789[]/?+-=<>,. ",
    "up", "down", "left", "right", "enter", "escape",
    "tab", "pageup", "pagedown", "home", "end", "backspace", "delete", "ctrl+p", "f1",
)  # fmt: skip
"""All but those that leave or suspend."""


def _keys(session: PtySession, rng: random.Random) -> None:
    session.send("".join(some_key(rng) for _ in range(rng.choice((1, 2, 2, 5, 40)))))


def some_key(rng: random.Random) -> str:
    """What a key sends."""
    name = rng.choice(KEYS)
    return key(name) if len(name) > 1 else name


def _held_key(session: PtySession, rng: random.Random) -> None:
    session.send(some_key(rng) * rng.choice((50, 1_000, 20_000)))


def some_mouse_reports(rng: random.Random) -> str:
    """One, or many."""
    reports = []
    for _ in range(rng.choice((1, 5, 300))):
        where = rng.randrange(60), rng.randrange(200)
        button, pressed = rng.choice((0, 0, 1, 2, 64, 65)), rng.random() < 0.7
        reports.append(mouse(*where, pressed=pressed, moving=rng.random() < 0.6, button=button))
    return "".join(reports)


def _mouse(session: PtySession, rng: random.Random) -> None:
    session.send(some_mouse_reports(rng))


def _reply(session: PtySession, rng: random.Random) -> None:
    data = b"".join(rng.choice(REPLIES) for _ in range(rng.choice((1, 1, 3, 200))))
    if rng.random() < 0.3:  # the rest comes later, after whatever comes in between
        cut = rng.randint(0, len(data))
        session.send(data[:cut])
        session.pump_for(rng.choice((0.0, 0.02, 0.2)))
        data = data[cut:]
    session.send(data)


def _noise(session: PtySession, rng: random.Random) -> None:
    data = bytes(
        byte for byte in rng.randbytes(rng.choice((3, 30, 3_000))) if byte not in b"\x03\x1a\x1c\x11qQ"
    )
    session.send(data)


def _paste(session: PtySession, rng: random.Random) -> None:
    text = rng.choice(("0.1, -2, 0.5", "no vector", "a\nb", "[" * 5_000, "x" * 200_000, "\N{DOG FACE}é\0"))
    session.send(f"\x1b[200~{text}\x1b[201~" if rng.random() < 0.7 else text)


def _resize(session: PtySession, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 20))):
        columns = rng.choice((1, 2, 20, 40, 80, 120, 200, 300))
        session.resize(columns, rng.choice((1, 2, 5, 10, 24, 40, 60, 100)))
        session.pump_for(rng.choice((0.0, 0.01)))


ACTIONS: tuple[Callable[[PtySession, random.Random], None], ...] = (
    *(_keys, _keys, _keys, _held_key, _mouse, _mouse, _reply, _reply, _noise, _paste, _resize),
)

ERROR = re.compile(r"\b\w+(Error|Exception)\b")

PROGRAM = ("-m", "vaevis_tui")

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGINT)


def run_once(seed: int, number: int, most: int = 25, keep: Path | None = None) -> str | None:
    """What went wrong in one run; None where nothing did. Then what the program wrote goes to the folder."""
    rng = random.Random(f"{seed} {number}")
    traits = Traits(answers=rng.random() < 0.7)
    with tempfile.TemporaryDirectory() as folder:
        environment = {f"XDG_{name}_HOME": folder for name in ("CACHE", "CONFIG", "DATA")}
        program = [sys.executable, *PROGRAM, "--model", "mnist", "--backend", "onnxruntime"]
        if rng.random() < 0.3:
            program.append("--walk")
        with PtySession(
            program, 80, 24, environment, cwd=Path(folder), emulate=False, traits=traits
        ) as session:
            fault = _drive(session, rng, rng.randrange(most))
            if fault is not None and keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"terminal-{seed}-{number}").write_bytes(session.raw)
            return fault


def _drive(session: PtySession, rng: random.Random, actions: int) -> str | None:
    done: list[str] = []
    try:
        started = rng.random() < 0.8  # else something arrives while it starts
        if started:
            session.wait_for(lambda: session.terminal.received > DRAWN, "the first screen", STARTING)
        for _ in range(actions):
            action = rng.choice(ACTIONS)
            done.append(action.__name__)
            action(session, rng)
            session.pump_for(rng.choice((0.0, 0.0, 0.01, 0.1)))
            if session.process.poll() is not None:  # a command of the palette, by chance
                break
        expected = _leave(session, rng, started)
        patience = Patience(session)
        while session.process.poll() is None and patience.lasts:
            session.pump(0.1)
        code = session.wait_exit(0)
    except PtyTimeoutError as error:
        return f"{str(error).splitlines()[0]} after {' '.join(done[-6:])}"
    raw = session.raw
    if b"Could not import runpy module" in raw:  # Python was interrupted before it came to the program
        return None
    if b"Traceback" in raw:
        lines = raw[raw.rindex(b"Traceback") :].decode("utf-8", "replace").splitlines()
        errors = [line.strip(" \u2502") for line in lines if ERROR.search(line)]
        return f"traceback: {errors[-1:]} after {' '.join(done[-6:])}"
    if code not in expected:
        return f"exit code {code}, expected {expected} after {' '.join(done[-6:])}"
    left = session.left_behind()
    return f"left behind: {', '.join(left)} after {' '.join(done[-6:])}" if left else None


class Patience:
    """Counts the time that a program takes to end, from now on."""

    def __init__(self, session: PtySession) -> None:
        self._stat = Path(f"/proc/{session.process.pid}/stat")
        self._began, self._used = time.perf_counter(), self._processor()

    def _processor(self) -> float:
        """Seconds of the processor so far; of one that has ended, all that it may take."""
        try:
            user, system = self._stat.read_text().rpartition(")")[2].split()[11:13]
        except OSError:
            return math.inf
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @property
    def lasts(self) -> bool:
        """Whether it may go on."""
        took = time.perf_counter() - self._began
        return took < ENDING or (took < BUSIEST * ENDING and self._processor() - self._used < ENDING)


def _leave(session: PtySession, rng: random.Random, started: bool) -> tuple[int, ...]:
    """Leave in one way; gives the exit codes that may follow.

    A signal that comes before the program has done anything to the terminal, or after, ends it by itself.
    """
    if session.process.poll() is not None:
        return (0,)
    if rng.random() < 0.5:
        number = rng.choice(SIGNALS)
        session.terminate(number)
        return (128 + number, 0, -number)  # which a shell calls 128 and the number, too
    if not started:  # until then the kernel keeps a line, and may throw it away
        session.wait_for(lambda: session.terminal.received > DRAWN, "the first screen", STARTING)
    patience = Patience(session)
    while session.process.poll() is None and patience.lasts:
        session.send("\x1b[201~\x1b\\")  # ends what was begun
        for _ in range(4):
            session.press("escape")
            session.pump_for(0.15)
        session.send("q")
        session.pump_for(0.3)
    return (0,)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=int, help="only the one of this number")
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzz"), help="where failures go"
    )
    options = parser.parse_args(arguments)
    numbers = range(options.count) if options.run is None else [options.run]
    failed, began = 0, time.perf_counter()
    for number in numbers:
        fault = run_once(options.seed, number, keep=options.keep)
        if fault is not None:
            failed += 1
            print(f"  {number}: {fault}", flush=True)
    took = time.perf_counter() - began
    print(f"terminal: {len(numbers):,} tried, {failed:,} failed, {took:.0f} seconds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
