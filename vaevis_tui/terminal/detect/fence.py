"""Whether answers are on their way from the terminal: DA1 is asked last, and answered in its turn."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

LONGEST_TRIP = 5.0
"""Seconds after which an answer is taken for lost: as by a multiplexer that was detached meanwhile."""

SILENT_AFTER = 2.0
"""Seconds at least without any answer after which a terminal is taken for one that gives none: on a machine
that does much else the program may not have come to read it before."""


class Fence:
    """Counts the DA1 that were asked and not answered; safe in threads and signal handlers.

    An answer says that all that was asked before its question has been answered, too, and nothing of what
    was asked after it: so each is counted. Whoever took the first for the last would leave the last one's
    answer to whoever reads the terminal next.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()  # reentrant: a signal handler may come in between
        self._asked: deque[float] = deque()
        self._deadline = 0.0
        self._answers: bool | None = None
        """Whether the terminal has ever answered; None until it was asked."""

    @property
    def silent(self) -> bool:
        """Whether the terminal was asked and has answered nothing in time: it is no use to ask again."""
        return self._answers is False and self._clock() > self._deadline

    def asked(self, timeout: float) -> None:
        """DA1 is being written; an answer is hoped for within so many seconds."""
        with self._changed:
            now = self._clock()
            while self._asked and now - self._asked[0] > LONGEST_TRIP:
                self._asked.popleft()
            self._asked.append(now)
            self._deadline = now + max(timeout, SILENT_AFTER)
            self._answers = self._answers or False

    def answered(self) -> None:
        """An answer to DA1 has come."""
        with self._changed:
            self._answers = True
            if self._asked:
                self._asked.popleft()
            self._changed.notify_all()

    def gone(self) -> None:
        """The terminal has gone: no answer will come."""
        with self._changed:
            self._answers, self._deadline = False, 0.0
            self._asked.clear()
            self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until no answer is on its way, for so many seconds at most; tells whether none is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._asked, timeout)
