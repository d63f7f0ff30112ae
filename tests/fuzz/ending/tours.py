"""Tours through the explorer, which come to nearly all of its callbacks, and which tour comes to which."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.e2e.harness.keys import mouse
from tests.e2e.harness.terminal import Traits
from tests.fuzz.ending.far import FarSession
from tests.fuzz.ending.mistakes import callbacks, counted
from tests.fuzz.terminal import DRAWN, STARTING, Patience

WINDOW = 200, 60
"""Columns and rows: image, strip, rows, map and filmstrip are there at once."""

LONGEST = 1.5
"""Seconds for the program to come to rest after a step; a walk never does."""

PICTURE = "picture.png"

_LISTS = ("down", "up", "pagedown", "pageup", "home", "end", "up")

_KEPT = ("b", "pause", "r", "b", "pause", "r", "b", "pause")

TOURS: Mapping[str, Sequence[str]] = {
    "rows": (
        *("down", "up", "pagedown", "pageup", "end", "home", "right", "shift+left", ".", "backspace", "tab"),
        *("/", "type 9", "down", "up", "enter", "/", "type x", "escape", "type \x1b[Z", "type \x1b[Z"),
        *("enter", "type 1.5", "enter", "enter", "type x", "enter", "escape"),
    ),
    "points": (
        *("c", "r", "R", "t", "u", "u", "U", "y", "paste 0.5", "9", "4", "n", "N", "h", "H"),
        f"paste {PICTURE}",
    ),
    "directions": (
        *("[", "r", "]", "D", "type mine", "enter", "pause", "backspace", "delete", "D", "escape", "enter"),
        *("click 30 100", "escape"),
    ),
    "panels": (
        *("i", "i", "v", "v", "f", "r", "r", "r", "left", "right", "home", "end", "enter", "escape", "f"),
        *("x", "r", "X", "X", "X", "x", "p", "up", "left", "pagedown", "pageup", "home", "end", "enter"),
        *("escape", "resize 80 24", "resize 30 8", "resize 200 60", "p"),
    ),
    "menus": (
        *("?", "down", "pagedown", "wheel 20 50", "resize 80 24", "escape", "resize 200 60", "ctrl+p"),
        *("type walk", "down", "escape", "escape", "ctrl+p", "type theme", "enter", "type nord", "enter"),
        *("ctrl+p", "type terminal", "down", "enter", "escape", "ctrl+p", "type half", "down", "enter"),
    ),
    "prompts": (
        *("o", "click 59 30", "click 2 100", "type \x1b[O", "type \x1b[I", "escape", "enter", "click 2 2"),
        *("type \x1b[O", "type \x1b[I", "escape", "click 58 9", "double 5 110"),
    ),
    "map": ("p", "up", "left", "pagedown", "pageup", "home", "P", "P", "escape", "p", "g", "g", "g"),
    "models": (
        *("m", "down", "up", "escape", "m", "down", "down", "enter", "pause", "pause", "tab", "up", "left"),
        *("shift+right", "pagedown", "pageup", "home", "end"),
    ),
    "examples": (
        *("e", "pause", *_LISTS, "type 3", "down", "[", "]", "tab", "h", "H", "e", "pause", "down", "enter"),
        *("e", "pause", "click 10 100", "escape"),
    ),
    "bookmarks": (*_KEPT, "B", "pause", *_LISTS, "r", "type name", "enter", "pause", "r", "escape"),
    "bookmarks deleted": (*_KEPT, "B", "pause", "d", "pause", "u", "pause", "enter", "escape"),
    "bookmarks marked": (*_KEPT, "B", "pause", "a", "down", "b", "down", "=", "c", "A", "escape"),
    "filmstrip": (*_KEPT, "f", "left", "home", "end", "enter", "escape", "clicks 42", "clicks 50"),
    "journey": (
        *(*_KEPT, "J", "pause", "down", "up", "l", "e", "enter", "pause", "space", "left", "right", "space"),
        *("drags 59", "clicks 59", "click 59 1", "space", "r", "escape"),
    ),
    "exports": (
        *(*_KEPT, "S", "pause", *_LISTS, "enter", "tab", "type a.gif", "enter", "pause", "pause", "escape"),
    ),
    "exports given up": ("S", "pause", "enter", "enter", "escape", "s", "clicks 58", "clicks 59", "escape"),
    "pictures": (
        *("o", "type pic", "tab", "enter", "pause", "pause", "O", "left", "down", "+", "-", "pagedown"),
        *("enter", "pause", "O", "escape", "x", "X", "X", f"paste {PICTURE}", "pause", "escape", "o"),
        *("escape", "o", "type .", "enter", "pause", "escape"),
    ),
    "walk": ("w", "pause", "+", "-", "w", "w", "?", "escape", "r", "right", "s", "Y", "pause", "w"),
    "mouse": ("i", "drag", "wheels", "sweep", "b", "x", "f", "sweep"),
    "stops": ("w", "suspend", "pause", "w", "ctrl+p", "suspend", "escape", "s", "pause"),
}
"""Steps, one after the other: keys by their names, and what `_STEPS` has a word for."""

OPTIONS: Mapping[str, Sequence[str]] = {
    "walk": ("--walk", "--watch"),
    "mouse": ("--from", PICTURE),
    "menus": ("--theme", "nowhere"),
}
"""The program's, of a tour."""

TRAITS: Mapping[str, Traits] = {"walk": Traits(kitty=True, clipboard="DONE")}
"""The terminal's, of a tour."""


def _paste(session: FarSession, text: str) -> None:
    session.send(f"\x1b[200~{text}\x1b[201~")


def _click(session: FarSession, place: str) -> None:
    row, column = map(int, place.split())
    session.send(mouse(row, column) + mouse(row, column, pressed=False))


def _pause(session: FarSession, _: str) -> None:
    session.pump_for(1.0)


def _double(session: FarSession, place: str) -> None:
    for _ in range(2):
        _click(session, place)


def _resize(session: FarSession, size: str) -> None:
    session.resize(*map(int, size.split()))


def _wheel(session: FarSession, place: str) -> None:
    row, column = map(int, place.split())
    for button in (64, 65):
        session.send(mouse(row, column, button=button))
        session.pump_for(0.02)


def _drag(session: FarSession, place: str) -> None:
    row, column = map(int, place.split())
    for report in (mouse(row, column), *(mouse(row, column + n, moving=True) for n in (3, 6))):
        session.send(report)
        session.pump_for(0.02)  # else the last one is taken for all
    session.send(mouse(row, column + 6, pressed=False))


def _along(session: FarSession, row: str, do: Callable[[FarSession, str], None]) -> None:
    for column in range(4, WINDOW[0], 14):
        do(session, f"{row} {column}")
    session.pump_for(0.03)


def _everywhere(session: FarSession, do: Callable[[FarSession, str], None]) -> None:
    for row in range(1, WINDOW[1] - 1, 5):
        _along(session, str(row), do)


def _suspend(session: FarSession, _: str) -> None:
    session.press("ctrl+z")
    for _pause in range(40):
        session.pump_for(0.05)
        if session.state == "T":
            break
    session.terminate(signal.SIGCONT)


_STEPS: Mapping[str, Callable[[FarSession, str], None]] = {
    "type": lambda session, text: session.send(text),
    "paste": _paste,
    "click": _click,
    "wheel": _wheel,
    "wheels": lambda session, _: _everywhere(session, _wheel),
    "sweep": lambda session, _: _everywhere(session, _click),
    "double": _double,
    "drag": lambda session, _: _everywhere(session, _drag),
    "clicks": lambda session, row: _along(session, row, _click),
    "drags": lambda session, row: _along(session, row, _drag),
    "pause": _pause,
    "suspend": _suspend,
    "resize": _resize,
}


def take(session: FarSession, tour: str) -> None:
    """Take a tour, as far as the program lives."""
    for step in TOURS[tour]:
        if session.process.poll() is not None:
            return
        word, _, rest = step.partition(" ")
        if word in _STEPS:
            _STEPS[word](session, rest)
        else:
            session.press(step)
        _wait_for_rest(session)


def _wait_for_rest(session: FarSession) -> None:
    until, rests = time.monotonic() + LONGEST, 0
    while rests < 4 and time.monotonic() < until and session.process.poll() is None:
        rests = rests + 1 if not session.pump(0.02) and session.state in "ST" else 0


def arguments(tour: str, folder: Path) -> list[str]:
    """The program's on a tour; its picture is put into the folder."""
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(folder / PICTURE)
    return ["--model", "mnist", "--backend", "onnxruntime", *OPTIONS.get(tour, ())]


def session_on(tour: str, command: Sequence[str], folder: Path, round_trip: float = 0.0) -> FarSession:
    """The program in the terminal of a tour."""
    homes = {f"XDG_{each}_HOME": str(folder) for each in ("CACHE", "CONFIG", "DATA", "STATE")}
    return FarSession(
        [*command, *arguments(tour, folder)],
        *WINDOW,
        homes,
        cwd=folder,
        emulate=False,
        traits=TRAITS.get(tour),
        round_trip=round_trip,
    )


def reached() -> dict[str, str]:
    """Of every callback that a tour comes to, the first such tour."""
    found: dict[str, str] = {}
    for tour in TOURS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with session_on(tour, counted(folder / "called"), folder) as session:
                session.wait_for(lambda: session.terminal.received > DRAWN, "the first screen", STARTING)
                session.pump_for(1.0)
                take(session, tour)
                session.pump_for(1.0)
                patience = Patience(session)
                while session.process.poll() is None and patience.lasts:
                    for key in ("escape", "q"):  # in one they would be Alt+q
                        session.press(key)
                        session.pump_for(0.3)
            for callback in (folder / "called").read_text().split():
                found.setdefault(callback, tour)
    return {callback: found[callback] for callback in callbacks() if callback in found}
