"""A terminal that is far away, and what a program leaves there and among the processes. Linux only: /proc."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.e2e.harness.ptyharness import PtySession

_ANSWER = re.compile(rb"\x1b(\[[?>]?[\d;:]*\$?[Rcnyut]|[\]P_])")
"""The beginning of what terminals answer; no key that is pressed here sends such."""


class FarSession(PtySession):
    """A terminal whose answers, and what is typed there, come a round trip late.

    Args:
        round_trip: Seconds.
    """

    round_trip = 0.0

    def __init__(self, *arguments: Any, round_trip: float, **options: Any) -> None:
        self.round_trip = round_trip
        self._on_the_way: deque[tuple[float, bytes]] = deque()
        super().__init__(*arguments, **options)

    @property
    def unheard_answers(self) -> bytes:
        """From the first answer on that nobody has read, of those that have not arrived; empty if none."""
        data = b"".join(data for _, data in self._on_the_way)
        answer = _ANSWER.search(data)
        return data[answer.start() :] if answer else b""

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

    @property
    def state(self) -> str:
        """Of the program, as /proc has it; empty where it has ended."""
        with suppress(OSError):
            return _stat(Path(f"/proc/{self.process.pid}/stat"))[0]
        return ""

    def processes_left(self, timeout: float) -> list[str]:
        """Command lines of processes of the session that have not ended in so many seconds."""
        until = time.monotonic() + timeout
        while (left := _processes(self.process.pid)) and time.monotonic() < until:
            time.sleep(0.05)
        return left


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
