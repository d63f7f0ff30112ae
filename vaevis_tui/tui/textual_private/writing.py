"""The file that Textual's driver writes to, which tells what has been written, and how long that took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO


class WriteReport(NamedTuple):
    """What was written to the terminal since the report before.

    Attributes:
        seconds: Time in write and flush.
        size: Bytes written.
    """

    seconds: float
    size: int


class WriteMark(str):
    """An empty piece of output that stands in the queue behind a frame; whoever gets to it reports."""

    __slots__ = ("report",)
    report: Callable[[WriteReport], None]

    def __new__(cls, report: Callable[[WriteReport], None]) -> WriteMark:
        """A mark for whoever is to be told."""
        mark = super().__new__(cls)
        mark.report = report
        return mark


class TimedFile:
    """A driver's file that measures writing and answers marks; used by the driver's writer thread alone.

    A terminal that has gone (closed window, dropped connection) takes no output any more, and Textual's
    writer thread would die of it; then its queue fills, and the app hangs on its way out. So a write that
    fails is the last one that is tried: what follows is thrown away.

    Args:
        file: What is written to. Output is encoded here, which counts its bytes on the way.
        gone: Called when the terminal turns out to have gone.
    """

    def __init__(self, file: TextIO, gone: Callable[[], object]) -> None:
        self._file = file
        self._tell_gone = gone
        self._seconds = 0.0
        self._size = 0
        self._gone = False
        self.writing = False
        """Whether the terminal is being written to just now."""

    def throw_away(self) -> None:
        """Write nothing any more, and report nothing."""
        self._gone = True

    def write(self, text: str) -> int:
        """Write text, or flush and report if it is a mark."""
        if isinstance(text, WriteMark):
            self.flush()
            if not self._gone:
                text.report(WriteReport(self._seconds, self._size))
            self._seconds, self._size = 0.0, 0
        else:
            data = text.encode(self._file.encoding, "backslashreplace")
            self._timed(self._file.buffer.write, data)
            self._size += len(data)
        return len(text)

    def flush(self) -> None:
        """Flush the file."""
        self._timed(self._file.buffer.flush)

    def _timed(self, operation: Callable[..., object], *arguments: bytes) -> None:
        if self._gone:
            return
        started = time.perf_counter()
        self.writing = True
        try:
            operation(*arguments)
        except OSError:
            if not self._gone:
                self._gone = True
                self._tell_gone()
        self.writing = False
        self._seconds += time.perf_counter() - started

    def __getattr__(self, name: str) -> Any:
        """Whatever else the file can do."""
        return getattr(self._file, name)
