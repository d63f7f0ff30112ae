"""What menus over an image cost: the program with the dogs on a pseudo-terminal of 200x70, at rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.harness.ptyharness import PtySession

COLUMNS, ROWS = 200, 70
QUIET = 0.6
"""Seconds that output is looked at; statistics come five times a second."""
LOOKS = 12
"""Times within them that the program is looked at."""
BLINKS = 2500
"""Bytes within that time that are no news: a cursor blinks."""
IDLE = 0.12
"""Share of a core that statistics and a cursor take at most."""
MENUS = (
    ("help", ("?",), ("escape",), "Esc closes"),
    ("palette", ("ctrl+p",), ("escape",), "Search for commands"),
    ("list of models", ("m",), ("escape",), "Enter explores"),
    ("value prompt", ("enter",), ("escape",), "Enter sets"),
)
"""Name, keys that open and close it, and what it says once it is there."""
CELL = 39
"""Bytes that a half-block takes at most."""


@dataclass(frozen=True)
class MenuCost:
    """Bytes that a menu takes.

    Attributes:
        name: Of the menu.
        opening: Bytes from the key to rest.
        closing: The same when it closes.
        covered: Cells of the image that it lay on.
    """

    name: str
    opening: int
    closing: int
    covered: int


def at_rest(session: PtySession) -> int:
    """Wait until nothing more is written or computed; gives the bytes that were written, since the start.

    On a busy machine nothing may come for a while although tiles are still being decoded, or although the
    program has been waiting for a processor all the while.
    """
    pid = session.process.pid
    while True:
        size, used, waited = len(session.raw), _processor_seconds(pid), 0
        for _ in range(LOOKS):
            session.pump_for(QUIET / LOOKS)
            waited += _wants_to_run(pid)
        idles = _processor_seconds(pid) - used <= IDLE * QUIET and waited <= LOOKS // 2
        if idles and len(session.raw) <= size + BLINKS:
            return size


def _wants_to_run(pid: int) -> bool:
    """Whether one of its threads runs or waits for a processor."""
    states = (
        stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")
    )
    return "R" in states


def _processor_seconds(pid: int) -> float:
    """That a process has used, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def menu_costs(model: str = "dog", graphics: str = "half") -> Iterator[MenuCost]:
    """Open and close each menu."""
    command = [sys.executable, "-m", "vaevis_tui", "--model", model, "--graphics", graphics, "--seed", "1"]
    with PtySession([*command, "--backend", "onnxruntime"], COLUMNS, ROWS) as session:
        session.wait_for_text("walk")
        before = at_rest(session)
        cells = sum(map(_is_image, session.text))
        for name, opens, closes, says in MENUS:
            shown = cells
            session.press(*opens)
            session.wait_for_text(says)
            opened = at_rest(session)
            covered = shown - sum(map(_is_image, session.text))
            session.press(*closes)
            session.wait_for(lambda says=says: says not in session.text, "the menu to close")  # type: ignore[misc]
            closed = at_rest(session)
            yield MenuCost(name, opened - before, closed - opened, covered)
            before = closed
        session.press("q")
        session.wait_exit()


def _is_image(character: str) -> bool:
    return character in "▀▄"
