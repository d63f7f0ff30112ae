"""The explorer ended in every way, at any moment, by a terminal that is near or far.

    python -m tests.fuzz.ends [--count 100 | --minutes 10] [--seed 0] [--run NUMBER] [--keep FOLDER]

A run is one of `MOMENTS`, ended by one of `ENDS`, over a round trip of 0 to 600 ms. It has failed where the
program does not end in time, ends with another exit code than it should, prints a traceback that nobody
asked for, leaves the terminal otherwise than it was, leaves an answer for the shell's prompt or a process, or
does not keep the session. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.e2e.harness.ptyharness import PtySession, PtyTimeoutError
from tests.fuzz.terminal import DRAWN, STARTING, Patience
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.session import SessionFolder, read_session

ROUND_TRIPS = (0.0, 0.02, 0.15, 0.6)
"""Seconds."""

FAULT = "a mistake in the program"

CALLBACKS = (
    "vaevis_tui.explorer.exploration:Exploration.nudge",
    "vaevis_tui.explorer.session_store:SessionKeeper.note",
    "vaevis_tui.tui.panels.status_line:StatusLine.render",
    "vaevis_tui.tui.panels.latent_bars:LatentBars.show_point",
    "vaevis_tui.tui.images.live_image:LiveImage.render_lines",
    "vaevis_tui.tui.images.terminal_port:TerminalPort.advance",
    "vaevis_tui.tui.explorer:ExplorerScreen.on_resize",
    "vaevis_tui.explorer.decoding:Decoding.submit",
)
"""That a mistake is put into: handlers of keys, timers, drawing, and what other threads have to tell."""

BROKEN = f"""
import importlib, sys
name, _, method = sys.argv.pop(1).partition(":")
kind, _, method = method.partition(".")
owner = getattr(importlib.import_module(name), kind)
kept, left = getattr(owner, method), [int(sys.argv.pop(1))]

def fail(*arguments, **options):
    left[0] -= 1
    if left[0] < 0:
        raise RuntimeError({FAULT!r})
    return kept(*arguments, **options)

setattr(owner, method, fail)
from vaevis_tui.cli import main
sys.exit(main(sys.argv[1:]))
"""


class FarSession(PtySession):
    """A terminal whose answers, and what is typed there, come a round trip late."""

    round_trip = 0.0

    def __init__(self, *arguments: Any, round_trip: float, **options: Any) -> None:
        self.round_trip = round_trip
        self._on_the_way: deque[tuple[float, bytes]] = deque()
        super().__init__(*arguments, **options)

    @property
    def unheard(self) -> bytes:
        """Answers and keys that nobody has read: those that have not arrived, and those that wait."""
        return b"".join(data for _, data in self._on_the_way)

    def _flush(self) -> None:
        now = time.monotonic()
        if self._outgoing:
            self._on_the_way.append((now + self.round_trip, bytes(self._outgoing)))
            self._outgoing.clear()
        while self._on_the_way and self._on_the_way[0][0] <= now and self._open:
            data = self._on_the_way[0][1]
            try:
                written = os.write(self._master, data)
            except BlockingIOError:
                return
            self._on_the_way[0] = (0.0, data[written:])
            if written == len(data):
                self._on_the_way.popleft()

    def pump(self, timeout: float) -> bool:
        """As any session's, and what is on its way arrives."""
        self._flush()
        return super().pump(min(timeout, 0.01))


@dataclass
class Run:
    """One run.

    Attributes:
        session: The program.
        rng: All that is left to chance.
        folder: Its own.
        code: Exit codes that may follow.
        moved: Whether there is a session to keep.
        breaks: Whether a traceback is asked for.
        full: Whether no file can be written.
    """

    session: FarSession
    rng: random.Random
    folder: Path
    code: tuple[int, ...] = (0,)
    moved: bool = False
    breaks: bool = False
    full: bool = False

    @property
    def sessions(self) -> SessionFolder:
        """Where they are kept."""
        return SessionFolder(self.folder / "vaevis-tui" / "sessions")

    @property
    def state(self) -> str:
        """Of the program, as /proc has it; empty where it has ended."""
        with suppress(OSError):
            return _stat(Path(f"/proc/{self.session.process.pid}/stat"))[0]
        return ""

    def pause(self, most: float) -> None:
        """Let some time pass."""
        self.session.pump_for(self.rng.uniform(0.0, most))

    def drawn(self) -> None:
        """Wait for the first screen."""
        self.session.wait_for(lambda: self.session.terminal.received > DRAWN, "the first screen", STARTING)

    def move(self) -> None:
        """Go somewhere, so that there is a session to keep: it has been noted when this returns."""
        self.drawn()
        if self.full:
            self.session.press("shift+right")
            self.session.pump_for(self.session.round_trip + 1.0)
            return
        until = time.monotonic() + STARTING
        while not any(self.sessions.path.glob("*.running.json")):
            if time.monotonic() > until or self.session.process.poll() is not None:
                raise PtyTimeoutError("the note never came")
            self.session.press("shift+right")  # before a model is open it moves nothing
            self.session.pump_for(1.0)
        self.moved = True


# Moments


def starting(run: Run) -> None:
    """Before, while and just after the first bytes are written."""
    if run.rng.random() < 0.5:
        run.pause(1.5)
    else:
        least = run.rng.choice((1, 1, 50, 400, DRAWN))
        run.session.wait_for(lambda: run.session.terminal.received >= least, "the start", STARTING)


def first_image(run: Run) -> None:
    """When the first screen has come."""
    run.drawn()
    run.pause(0.3)


def exploring(run: Run) -> None:
    """At rest, or in the middle of a walk."""
    run.move()
    if run.rng.random() < 0.5:
        run.session.press("w")
    run.pause(0.5)


def in_a_menu(run: Run) -> None:
    """With a menu or a prompt open, or two."""
    run.move()
    for _ in range(run.rng.choice((1, 1, 2))):
        run.session.press(run.rng.choice(("?", "ctrl+p", "m", "S", "=", "/", "e")))
        run.pause(0.4)


def exporting(run: Run) -> None:
    """While an animation is written."""
    run.move()
    run.session.press("S")
    run.session.pump_for(run.session.round_trip + 0.4)
    for _ in range(run.rng.randrange(4)):
        run.session.press("down")
    for _ in range(2):
        run.session.press("enter")
        run.session.pump_for(run.session.round_trip + 0.3)
    run.pause(0.6)


def searching(run: Run) -> None:
    """While the point nearest to a picture is searched for; see `_arguments`."""
    run.drawn()
    run.pause(1.5)


def quitting(run: Run) -> None:
    """A moment after q."""
    run.move()
    run.session.press("q")
    run.pause(0.5 + run.session.round_trip)


MOMENTS: tuple[Callable[[Run], None], ...] = (
    *(starting, starting, first_image, exploring, in_a_menu, exporting, searching, quitting),
)


# Ends


def by_q(run: Run) -> None:
    """As a person does; what is open is left first."""
    patience = Patience(run.session)
    while run.session.process.poll() is None and patience.lasts:
        if run.state == "T":  # it has come to Ctrl-Z only now
            run.session.terminate(signal.SIGCONT)
        for _ in range(3):
            run.session.press("escape")
            run.session.pump_for(0.15)
        run.session.press("q")
        run.session.pump_for(0.5 + run.session.round_trip)


def by_control_c(run: Run) -> None:
    """The key, which is a signal as long as the terminal is nobody's."""
    run.code += (0, 130, -signal.SIGINT)
    patience = Patience(run.session)
    while run.session.process.poll() is None and patience.lasts:
        run.session.press("ctrl+c")
        run.session.pump_for(0.5 + run.session.round_trip)


def by_signal(run: Run) -> None:
    """Such as end a program that does not look at it."""
    number = run.rng.choice((signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGUSR1))
    run.code += (128 + number, -number)  # which a shell calls 128 and the number, too
    run.session.terminate(number)


def by_two_signals(run: Run) -> None:
    """As of one that loses patience."""
    by_signal(run)
    run.pause(0.3)
    if run.session.process.poll() is None:
        by_signal(run)


def by_a_broken_pipe(run: Run) -> None:
    """SIGPIPE ends no program in Python; then q."""
    run.code += (-signal.SIGPIPE,)
    run.session.terminate(signal.SIGPIPE)
    run.pause(0.3)
    by_q(run)


def stopped_and_continued(run: Run) -> None:
    """Then by q, or a signal that came meanwhile."""
    for _ in range(run.rng.choice((1, 1, 3))):
        run.session.terminate(signal.SIGSTOP)
        run.pause(0.3)
        run.session.terminate(signal.SIGCONT)
        run.pause(0.3)
    if run.session.process.poll() is None:
        run.rng.choice((by_q, by_signal))(run)


def suspended(run: Run) -> None:
    """By Ctrl-Z, and continued; then by q."""
    run.session.press("ctrl+z")
    run.session.pump_for(run.session.round_trip)
    patience = Patience(run.session)
    while run.state not in "T" and patience.lasts:
        run.session.pump(0.05)
    run.session.terminate(signal.SIGCONT)
    run.pause(0.5)
    if run.session.process.poll() is None:
        by_q(run)


def by_a_lost_terminal(run: Run) -> None:
    """The window is closed, or the connection drops."""
    run.code += (128 + signal.SIGHUP, -signal.SIGHUP)
    run.session.hang_up()


def by_a_mistake(run: Run) -> None:
    """An exception in a callback, which comes by what is done now, if it has not come yet; see `_program`."""
    run.code, run.breaks = (1, 0), True
    for _ in range(20):
        if run.session.process.poll() is not None:
            return
        run.session.press(run.rng.choice(("escape", "shift+left", "down", "r")))
        run.session.pump_for(0.2)
    by_q(run)


ENDS: tuple[Callable[[Run], None], ...] = (
    *(by_q, by_control_c, by_signal, by_signal, by_two_signals, by_a_broken_pipe, stopped_and_continued),
    *(suspended, by_a_lost_terminal, by_a_mistake),
)


def run_once(seed: int, number: int, keep: Path | None = None) -> str | None:
    """What went wrong in one run; None where nothing did. Then what the program wrote goes to the folder."""
    rng = random.Random(f"ends {seed} {number}")
    moment, end, round_trip = rng.choice(MOMENTS), rng.choice(ENDS), rng.choice(ROUND_TRIPS)
    full = end is not by_a_mistake and rng.random() < 0.15
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [*_program(rng, end, full), *_arguments(rng, moment, folder)]
        homes = {f"XDG_{each}_HOME": name for each in ("CACHE", "CONFIG", "DATA", "STATE")}
        with FarSession(command, 80, 24, homes, cwd=folder, emulate=False, round_trip=round_trip) as session:
            run = Run(session, rng, folder, full=full)
            fault = _drive(run, moment, end)
            if fault is None:
                return None
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"ends-{seed}-{number}").write_bytes(session.raw)
            disk = ", full disk" if full else ""
            return f"{fault} ({moment.__name__}, {end.__name__}, {1000 * round_trip:.0f} ms{disk})"


def _program(rng: random.Random, end: Callable[[Run], None], full: bool) -> list[str]:
    if end is by_a_mistake:
        times = rng.choice((0, 1, 5, 30))
        return [sys.executable, "-c", BROKEN, rng.choice(CALLBACKS), str(times)]
    program = [sys.executable, "-m", "vaevis_tui"]
    if full:  # no file may be longer than nothing
        return ["sh", "-c", 'ulimit -f 0; exec "$0" "$@"', *program]
    return program


def _arguments(rng: random.Random, moment: Callable[[Run], None], folder: Path) -> list[str]:
    arguments = ["--model", "mnist", "--backend", "wgpu" if rng.random() < 0.15 else "onnxruntime"]
    if moment is searching:
        pixels = np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)
        Image.fromarray(pixels).save(folder / "picture.png")
        return [*arguments, "--from", str(folder / "picture.png")]
    return arguments


def _drive(run: Run, moment: Callable[[Run], None], end: Callable[[Run], None]) -> str | None:
    session = run.session
    try:
        moment(run)
        ended = session.process.poll() is not None
        end(run)
        patience = Patience(session)
        while session.process.poll() is None and patience.lasts:
            if not session.pump(0.05) and not session._open:
                time.sleep(0.01)  # its terminal has gone; there is nothing to wait for but its end
        code = session.wait_exit(0)
    except PtyTimeoutError as error:
        if session.process.poll() is not None and end is by_a_mistake:  # before its moment came
            run.code, run.breaks, ended = (1,), True, True
            code = session.wait_exit(0)
        else:
            return str(error).splitlines()[0]
    raw = session.raw
    if b"Could not import runpy module" in raw:  # Python was interrupted before it came to the program
        return None
    if run.full and b"the session was not saved" in raw:
        run.code += (1,)
    if code not in run.code:
        return f"exit code {code}, expected {sorted(set(run.code))}"
    if b"Traceback" in raw and not (run.breaks and FAULT.encode() in raw):
        return f"traceback: {raw[raw.rindex(b'Traceback') :][-200:]!r}"
    return _left(run, end, ended) or _unkept(run, code)


def _left(run: Run, end: Callable[[Run], None], ended: bool) -> str | None:
    """What is left in the terminal, on the way there, and of processes."""
    session = run.session
    if end is not by_a_lost_terminal or ended:
        if left := session.left_behind():
            return f"left behind: {', '.join(left)}"
        if b"\x1b[?" in session.unheard:
            return f"an answer comes to the shell: {session.unheard[:60]!r}"
    until = time.monotonic() + 5.0  # a driver may write what it compiled
    while processes := _processes(session.process.pid):
        if time.monotonic() > until:
            return f"processes are left: {processes}"
        time.sleep(0.05)
    return None


def _stat(path: Path) -> list[str]:
    """What /proc tells of a process after its name."""
    return path.read_text().rpartition(")")[2].split()


def _processes(session: int) -> list[str]:
    """Command lines of the processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = _stat(stat)
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(stat.with_name("cmdline").read_bytes().replace(b"\0", b" ")[:80].decode())
    return found


def _unkept(run: Run, code: int) -> str | None:
    """What is wrong with the session that should have been kept."""
    if not run.moved or code < 0:
        return None
    sessions = run.sessions
    newest = sessions.newest()
    if newest is None:
        return "no session was kept"
    try:
        read_session(newest)
    except UserError as error:
        return f"the session is damaged: {error}"
    others = [path.name for path in sessions.path.iterdir() if path != newest]
    return f"beside the session lie {others}" if others else None


def main(arguments: list[str]) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--minutes", type=float, help="as many as that gives")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=int, help="only the one of this number")
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzz"), help="where failures go"
    )
    options = parser.parse_args(arguments)
    began, end = time.perf_counter(), math.inf
    numbers = range(options.count) if options.run is None else range(options.run, options.run + 1)
    if options.minutes is not None:
        numbers, end = range(sys.maxsize), began + 60 * options.minutes
    tried = failed = 0
    for number in numbers:
        if time.perf_counter() > end:
            break
        tried += 1
        fault = run_once(options.seed, number, keep=options.keep)
        if fault is not None:
            failed += 1
            print(f"  {number}: {fault}", flush=True)
    print(f"ends: {tried:,} tried, {failed:,} failed, {time.perf_counter() - began:.0f} seconds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
