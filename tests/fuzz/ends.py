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
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from tests.e2e.harness.ptyharness import PtyTimeoutError
from tests.fuzz.ending.far import FarSession
from tests.fuzz.ending.mistakes import FAULT, callbacks, with_a_mistake
from tests.fuzz.ending.moments import MOMENTS, Run, first_image, searching
from tests.fuzz.ending.tours import reached, session_on, take
from tests.fuzz.terminal import Patience, some_key, some_mouse_reports
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.session import read_session

ROUND_TRIPS = (0.0, 0.02, 0.15, 0.6)
"""Seconds."""

CALLS = (0, 0, 1, 5, 30)
"""After how many calls a callback fails."""


def by_q(run: Run) -> None:
    """As a person does; what is open is left first."""
    patience = Patience(run.session)
    while run.session.process.poll() is None and patience.lasts:
        if run.session.state == "T":  # it has come to Ctrl-Z only now
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
    while run.session.state not in "T" and patience.lasts:
        run.session.pump(0.05)
    run.session.terminate(signal.SIGCONT)
    run.pause(0.5)
    if run.session.process.poll() is None:
        by_q(run)


def by_a_lost_terminal(run: Run) -> None:
    """The window is closed, or the connection drops."""
    run.code += (128 + signal.SIGHUP, -signal.SIGHUP)
    if run.session.process.poll() is None:
        run.session.hang_up()


def with_a_stalled_terminal(run: Run) -> None:
    """It takes no output any more, as where a connection hangs; then a signal, or q. Or it goes on first."""
    run.session.stall()
    run.pause(1.0)
    if run.rng.random() < 0.3:
        run.session.go_on()
    if run.session.process.poll() is None:
        run.rng.choice((by_q, by_signal))(run)


def by_a_mistake(run: Run) -> None:
    """An exception in a callback, which comes by what is done now, if it has not come yet; see `Case`."""
    run.code = (1, 0, 2)  # 2 where no model can be opened, as far as the program can tell
    if run.tour:
        take(run.session, run.tour)
    for _ in range(0 if run.tour else 60):
        if run.session.process.poll() is not None:
            return
        if run.rng.random() < 0.2:
            run.session.send(some_mouse_reports(run.rng))
        run.session.send("".join(some_key(run.rng) for _ in range(4)))
        run.session.pump_for(0.1)
    by_q(run)


ENDS: tuple[Callable[[Run], None], ...] = (
    *(by_q, by_control_c, by_signal, by_signal, by_two_signals, by_a_broken_pipe, stopped_and_continued),
    *(suspended, by_a_lost_terminal, with_a_stalled_terminal, by_a_mistake, by_a_mistake),
)


@dataclass(frozen=True)
class Case:
    """What is tried in a run.

    Attributes:
        moment: When it ends.
        end: How.
        round_trip: Seconds.
        full: Whether no file can be written.
        mistake: A callback that fails (see `mistakes`), and after how many calls.
        tour: Of `tours`, one that comes to it; any keys if empty.
        seed: All that is left to chance follows from it.
    """

    moment: Callable[[Run], None]
    end: Callable[[Run], None]
    round_trip: float = 0.0
    full: bool = False
    mistake: tuple[str, int] | None = None
    tour: str = ""
    seed: str = ""

    def __str__(self) -> str:
        parts = [self.moment.__name__, self.end.__name__, f"{1000 * self.round_trip:.0f} ms"]
        if self.mistake:
            parts.append(f"{self.mistake[0]} after {self.mistake[1]} calls")
        return ", ".join([*parts, "full disk"] if self.full else parts)


def some_case(seed: int, number: int) -> Case:
    """Any case."""
    rng = random.Random(f"ends {seed} {number}")
    moment, end, round_trip = rng.choice(MOMENTS), rng.choice(ENDS), rng.choice(ROUND_TRIPS)
    full = end is not by_a_mistake and rng.random() < 0.15
    mistake = (rng.choice(callbacks()), rng.choice(CALLS)) if end is by_a_mistake else None
    return Case(moment, end, round_trip, full, mistake, seed=f"{seed} {number}")


def cases_of_callbacks(seed: int) -> Callable[[int], Case]:
    """A mistake in each callback that a tour comes to, by a number; says first how many these are."""
    tours = list(reached().items())
    missed = [name for name in callbacks() if name not in dict(tours)]
    print(
        f"tours come to {len(tours)} of {len(callbacks())} callbacks; not to {', '.join(missed)}", flush=True
    )

    def case(number: int) -> Case:
        rng = random.Random(f"callback {seed} {number}")
        name, tour = tours[number % len(tours)]
        times = 0 if rng.random() < 0.8 else 1
        return Case(
            first_image, by_a_mistake, rng.choice(ROUND_TRIPS), False, (name, times), tour, f"{seed} {number}"
        )

    return case


@dataclass(frozen=True)
class Outcome:
    """Of a run.

    Attributes:
        fault: What went wrong; None where nothing did.
        mistaken: Whether the mistake was come to.
    """

    fault: str | None
    mistaken: bool


def run_case(case: Case, keep: Path | None = None) -> Outcome:
    """Run one. Where it fails, what the program wrote goes to the folder."""
    rng = random.Random(case.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _session(case, rng, folder) as session:
            run = Run(session, rng, folder, full=case.full, breaks=bool(case.mistake), tour=case.tour)
            fault = _drive(run, case)
            if fault is not None and keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"ends-{case.seed.replace(' ', '-')}").write_bytes(session.raw)
            return Outcome(fault, FAULT.encode() in session.raw)


def _session(case: Case, rng: random.Random, folder: Path) -> FarSession:
    if case.tour:
        return session_on(case.tour, _program(case), folder, case.round_trip)
    command = [*_program(case), *_arguments(rng, case.moment, folder)]
    homes = {f"XDG_{each}_HOME": str(folder) for each in ("CACHE", "CONFIG", "DATA", "STATE")}
    return FarSession(command, 80, 24, homes, cwd=folder, emulate=False, round_trip=case.round_trip)


def _program(case: Case) -> list[str]:
    if case.mistake is not None:
        return with_a_mistake(*case.mistake)
    program = [sys.executable, "-m", "vaevis_tui"]
    if case.full:  # no file may be longer than nothing
        return ["sh", "-c", 'ulimit -f 0; exec "$0" "$@"', *program]
    return program


def _arguments(rng: random.Random, moment: Callable[[Run], None], folder: Path) -> list[str]:
    arguments = ["--model", "mnist", "--backend", "wgpu" if rng.random() < 0.15 else "onnxruntime"]
    if moment is searching:
        pixels = np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)
        Image.fromarray(pixels).save(folder / "picture.png")
        return [*arguments, "--from", str(folder / "picture.png")]
    return arguments


def _drive(run: Run, case: Case) -> str | None:
    session = run.session
    try:
        try:
            case.moment(run)
        except PtyTimeoutError:  # a mistake kept the program from coming there
            if not run.breaks:
                raise
        ended = session.process.poll() is not None
        case.end(run)
        patience = Patience(session)
        while session.process.poll() is None and patience.lasts:
            if not session.pump(0.05) and not session._open:
                time.sleep(0.01)  # its terminal has gone; there is nothing to wait for but its end
        code = session.wait_exit(0)
    except PtyTimeoutError as error:
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
    return _left(
        run,
        has_terminal=ended or case.end is not by_a_lost_terminal,
        stalled=case.end is with_a_stalled_terminal,
    ) or _unkept(run, code)


def _left(run: Run, *, has_terminal: bool, stalled: bool) -> str | None:
    """What is left in the terminal, on the way there, and of processes."""
    session = run.session
    if has_terminal:
        if left := session.left_behind():
            return f"left behind: {', '.join(left)}"
        # A stalled terminal may take a last question when what is queued for it is thrown away.
        if (answers := session.unheard_answers) and not stalled:
            return f"an answer comes to the shell: {answers[:60]!r}"
    processes = session.processes_left(5.0)  # a driver may write what it compiled
    return f"processes are left: {processes}" if processes else None


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
    parser.add_argument("--count", type=int, help="100, or one a callback")
    parser.add_argument("--minutes", type=float, help="as many as that gives")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=int, help="only the one of this number")
    parser.add_argument("--first", type=int, default=0, help="begin with that number")
    parser.add_argument(
        "--callbacks", action="store_true", help="a mistake in each callback of a tour, one a run"
    )
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzz"), help="where failures go"
    )
    options = parser.parse_args(arguments)
    began, end = time.perf_counter(), math.inf
    case_of = cases_of_callbacks(options.seed) if options.callbacks else partial(some_case, options.seed)
    count = options.count or (len(callbacks()) if options.callbacks else 100)
    first, count = (options.first, count) if options.run is None else (options.run, 1)
    if options.minutes is not None:
        count, end = sys.maxsize, began + 60 * options.minutes
    tried = failed = 0
    mistaken = set[str]()
    for number in range(first, first + count):
        if time.perf_counter() > end:
            break
        case = case_of(number)
        outcome = run_case(case, options.keep)
        tried += 1
        if case.mistake and outcome.mistaken:
            mistaken.add(case.mistake[0])
        if outcome.fault is not None:
            failed += 1
            print(f"  {number}: {outcome.fault} ({case})", flush=True)
    print(f"ends: {tried:,} tried, {failed:,} failed, {time.perf_counter() - began:.0f} seconds")
    print(f"mistakes were come to in {len(mistaken)} of {len(callbacks())} callbacks")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
