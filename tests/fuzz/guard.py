"""What an input may cost, and what it may end in: the rules that every fuzzer of files holds to."""

from __future__ import annotations

import os
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from vaevis_tui.errors import EngineError, UserError

SECONDS = 2.0
"""Of the processor, for one input."""

MEMORY = 192 << 20
"""Bytes that one input may add to what the process holds at its peak; limits are turned down to fit it."""

LONGEST_MESSAGE = 700

_HARD_LIMIT = 4 << 30
"""Bytes of address space beyond what there is: an input that asks for more ends in MemoryError."""


class HangError(BaseException):
    """An input took longer than it may; no `except Exception` keeps it."""


@contextmanager
def limited() -> Iterator[None]:
    """Bound the memory of the process, and end inputs that take too long, as far as Python is in between."""

    def hang(number: int, frame: FrameType | None) -> None:
        raise HangError

    before, handler = resource.getrlimit(resource.RLIMIT_AS), signal.signal(signal.SIGPROF, hang)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + _HARD_LIMIT, before[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def fault_of(read: Callable[[], object], seconds: float = SECONDS) -> str | None:
    """What is wrong with how an input was read; None where it was read, or refused in one line.

    To be called within `limited`.
    """
    _forget_peak()
    held, began = _status("VmRSS"), time.process_time()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            read()
    except (UserError, EngineError) as error:
        fault = _unfit(str(error))
    except HangError:
        fault = f"hangs: more than {seconds} s"
    except Exception as error:
        fault = _place(error)
    else:
        fault = None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if fault is None and said:  # several lines on standard error that no person can use
        fault = f"warns in {Path(said[0].filename).name}:{said[0].lineno}: {said[0].message}"
    took, grown = time.process_time() - began, _status("VmHWM") - held
    if fault is None and took > seconds:
        fault = f"hangs: {took:.1f} s"
    if fault is None and grown > MEMORY:
        fault = f"takes {grown >> 20} MiB"
    return fault


def _unfit(message: str) -> str | None:
    """What keeps a message from being one line for a person."""
    if not message.isprintable():
        return f"says what is no line: {message[:80]!r}"
    return f"says {len(message)} characters" if len(message) > LONGEST_MESSAGE else None


def _place(error: Exception) -> str:
    """An exception by its kind and the line of the program that let it through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/vaevis_tui/" in frame.filename] or frames
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}"
    return f"{type(error).__name__} in {where}: {str(error)[:120]!r}"


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew


def _status(name: str) -> int:
    """Bytes, by a line of /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise AssertionError(f"{name} is not told")
