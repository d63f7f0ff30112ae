"""Commands that write, disturbed at any moment: nothing half-made may be left.

    python -m tests.fuzz.exports [--count 50] [--seed 0] [--run NUMBER]

A run is one of `COMMANDS`, disturbed by one of `DISTURBANCES`. It has failed where a file is left that is not
whole, or one that was there is changed, where a temporary file is left anywhere, where a process does not end
in time or with another exit code than docs/scripts.md says, or where it says more than a line. Linux only.
"""

from __future__ import annotations

import argparse
import atexit
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import vaevis_tui
from vaevis_tui.export.png import save_png
from vaevis_tui.resources import weights_dir

ROOT = Path(__file__).parents[2]

MODEL = ["--model", "mnist", "--backend", "onnxruntime"]

MINE = b"mine"
"""What is there already, and stays."""

LONGEST = 60.0
"""Seconds after which a process is taken to hang."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line that writes.

    Attributes:
        words: Of it, without the name of what is written.
        out: What that is called, in an empty folder.
        option: What is said before that name, if anything is.
        piped: Whether ``-`` may be said instead.
    """

    words: tuple[str, ...]
    out: str
    option: str = "--out"
    piped: bool = False

    def __str__(self) -> str:
        return f"{self.words[0]} {self.out}"

    def line(self, out: str) -> list[str]:
        """All that is typed after the program's name."""
        return [*self.words, self.option, out] if self.option else [*self.words, out]


def _commands() -> tuple[Command, ...]:
    few, many = ("--seed", "2"), ("--seed", "2", "--n", "300")
    found = [
        *(
            Command(("sample", "--model", "mnist", "--n", "3000"), f"z.{end}", piped=True)
            for end in ("csv", "npz")
        ),
        *(Command(("sample", "--model", "mnist", "--n", "3000"), f"z.{end}") for end in ("json", "npy")),
        Command(("decode", *MODEL, *few), "one.png", piped=True),
        *(Command(("decode", *MODEL, *many), f"many.{end}") for end in ("pdf", "npz", "npy")),
        Command(("decode", *MODEL, *few, "--n", "60"), "folder/"),
        *(Command(("encode", *MODEL, "PICTURES"), f"z.{end}") for end in ("csv", "json")),
        Command(("encode", *MODEL, "PICTURES"), "sheet.png", "--sheet"),
        Command(("invert", *MODEL, "PICTURES/0000.png"), "z.npz"),
        Command(("grid", *MODEL), "grid.png", piped=True),
        Command(("map", "--model", "mnist-2d", "--backend", "onnxruntime"), "map.pdf"),
        Command(("traverse", *MODEL), "rows.npz"),
        Command(("export-web", *MODEL), "page/"),
        Command(("export-web", *MODEL), "page.html", "--single-file"),
        Command(("bundle", str(weights_dir() / "mnist-2d" / "decoder.onnx")), "bundle/"),
    ]
    frames = ("--frames", "150")
    found += [
        Command(("walk", *MODEL, *frames), f"walk.{end}")
        for end in ("gif", "webp", "png", "mp4", "webm", "cast")
    ]
    found += [
        Command(("traverse", *MODEL, *frames, "--axes", "z3"), "swing.apng"),
        Command(("interpolate", *MODEL, *many, *frames), "tour.mp4"),
    ]
    return tuple(found)


COMMANDS = _commands()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code, and what it said on standard error."""

    code: int
    said: str


class Place:
    """Folders of one run, taken away afterwards.

    Attributes:
        folder: The program's working directory.
        temporary: What it takes for the system's temporary folder.
    """

    def __init__(self) -> None:
        self._holder = tempfile.TemporaryDirectory()
        self.folder, self.temporary = (Path(self._holder.name, name) for name in ("here", "temporary"))
        self.folder.mkdir()
        self.temporary.mkdir()

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *error: object) -> None:
        self._holder.cleanup()

    def start(
        self,
        line: list[str],
        *,
        before: tuple[str, ...] = (),
        most: int | None = None,
        stdout: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start the program by another, if any, and with files of so many bytes at most."""
        words = [word.replace("PICTURES", str(pictures())) for word in line]
        limits = () if most is None else ("prlimit", f"--fsize={most}")
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary)}
        environ["PYTHONDONTWRITEBYTECODE"] = "1"  # half a file of it would stay for every start that follows
        return subprocess.Popen(
            [*before, *limits, sys.executable, "-m", "vaevis_tui", *words],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        """Wait for its end."""
        try:
            _, said = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
            said += "\nit hangs"
        return Ended(process.returncode, said)

    @property
    def files(self) -> dict[str, bytes]:
        """All files and folders below, by name; what folders hold is nothing."""
        found = [*self.folder.rglob("*"), *self.temporary.rglob("*")]
        return {str(path.relative_to(self._holder.name)): _content(path) for path in found}


def _content(path: Path) -> bytes:
    return b"" if path.is_dir() else hashlib.sha256(path.read_bytes()).digest()


@cache
def pictures() -> Path:
    """A folder of pictures to encode."""
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    atexit.register(shutil.rmtree, folder)
    with vaevis_tui.load("mnist", backend="onnxruntime") as model:
        for number, image in enumerate(model.decode(model.sample(3, 40))):
            save_png(folder / f"{number:04}.png", np.asarray(image))
    return folder


@cache
def undisturbed(command: Command) -> tuple[dict[str, bytes], float]:
    """What it writes where nothing comes in between, and in how many seconds."""
    with Place() as place:
        began = time.perf_counter()
        ended = place.finish(place.start(command.line(command.out)))
        assert ended.code == 0, f"{command}: {ended.said}"
        return place.files, time.perf_counter() - began


Disturbance = Callable[[Command, random.Random, Place], "tuple[Ended, tuple[int, ...]]"]
"""Runs the command, disturbed; returns how it ended, and what exit codes are right."""


def by_a_signal(command: Command, rng: random.Random, place: Place) -> tuple[Ended, tuple[int, ...]]:
    """Ctrl-C, the end of the session, or a closed window, at any time; where a file is replaced, too."""
    number = rng.choice((signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    _, seconds = undisturbed(command)
    process = place.start([*command.line(command.out), *_perhaps_forced(command, rng, place)])
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds * rng.uniform(0, 1.1))
    process.send_signal(number)
    return place.finish(process), (0, 128 + number, -number)


def _perhaps_forced(command: Command, rng: random.Random, place: Place) -> list[str]:
    """``--force``, and what is there already, in some runs."""
    if command.out.endswith("/") or rng.random() < 0.5:
        return []
    (place.folder / command.out).write_bytes(MINE)
    return ["--force"]


def by_a_full_disk(command: Command, rng: random.Random, place: Place) -> tuple[Ended, tuple[int, ...]]:
    """The largest size of a file stands for that of the disk."""
    process = place.start(command.line(command.out), most=rng.randint(1, 30_000))
    return place.finish(process), (0, 2)


def by_a_read_only_folder(
    command: Command, rng: random.Random, place: Place
) -> tuple[Ended, tuple[int, ...]]:
    """root, too, is kept from writing there."""
    place.folder.chmod(0o555)
    powers = "-dac_override,-dac_read_search,-fowner"
    before = ("setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}") if os.geteuid() == 0 else ()
    try:
        return place.finish(place.start(command.line(command.out), before=before)), (2,)
    finally:
        place.folder.chmod(0o755)


def by_a_taken_name(command: Command, rng: random.Random, place: Place) -> tuple[Ended, tuple[int, ...]]:
    """A file of that name, which nobody asked to replace."""
    (place.folder / command.out.rstrip("/")).write_bytes(MINE)
    return place.finish(place.start(command.line(command.out))), (2,)


def by_a_closed_pipe(command: Command, rng: random.Random, place: Place) -> tuple[Ended, tuple[int, ...]]:
    """Whoever reads standard output goes after a byte, as ``head`` does."""
    process = place.start(command.line("-" if command.piped else command.out), stdout=subprocess.PIPE)
    assert process.stdout is not None
    os.read(process.stdout.fileno(), rng.choice((1, 100)))
    process.stdout.close()
    process.stdout = None
    return place.finish(process), (0, 1)


DISTURBANCES: tuple[Disturbance, ...] = (
    by_a_signal,
    by_a_signal,
    by_a_full_disk,
    by_a_read_only_folder,
    by_a_taken_name,
    by_a_closed_pipe,
)


def fault_of(command: Command, disturbance: Disturbance, rng: random.Random) -> str | None:
    """What is wrong with how a command ended; None where all is well."""
    whole, _ = undisturbed(command)
    with Place() as place:
        ended, codes = disturbance(command, rng, place)
        files = place.files
    name = f"here/{command.out.rstrip('/')}"
    mine = hashlib.sha256(MINE).digest()
    if ended.code not in codes:
        return f"exit code {ended.code}: {ended.said}"
    if "Traceback" in ended.said or "hangs" in ended.said:
        return ended.said
    if ended.code == 2 and not _one_line(ended.said):
        return f"says {ended.said!r}"
    if ended.code not in (0, 2) and "error" in ended.said:
        return f"says {ended.said!r}"
    if files == whole or (files.get(name) == mine and len(files) == 1):
        return None
    if files and not (disturbance is by_a_closed_pipe and command.piped):
        return f"exit code {ended.code} and leaves {', '.join(files)}"
    return "exit code 0, and nothing is there" if ended.code == 0 and not command.piped else None


def _one_line(said: str) -> bool:
    """Whether the last line is an error, and those before it only say what is being done."""
    *before, last = said.splitlines() or [""]
    return last.startswith("vaevis-tui: error: ") and not any("error" in line for line in before)


def main(arguments: list[str]) -> int:
    """Try some."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=int, help="only the one of this number")
    options = parser.parse_args(arguments)
    began, failed = time.perf_counter(), 0
    numbers = range(options.count) if options.run is None else range(options.run, options.run + 1)
    for number in numbers:
        rng = random.Random(f"{options.seed} {number}")
        command, disturbance = rng.choice(COMMANDS), rng.choice(DISTURBANCES)
        fault = fault_of(command, disturbance, rng)
        if fault is not None:
            failed += 1
            print(f"  {number}: {command} {disturbance.__name__}: {fault}", flush=True)
    print(f"exports: {len(numbers):,} tried, {failed:,} failed, {time.perf_counter() - began:.0f} seconds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
