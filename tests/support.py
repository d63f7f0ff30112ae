"""What tests share: skipping honestly, where the real data lies, a clock and a full disk."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

REQUIRE_ALL = os.environ.get("VAEVIS_TUI_REQUIRE_ALL") == "1"
"""Set in CI: a missing adapter or program is then a failure, since nobody would notice a skip there."""


def require(condition: object, missing: str) -> None:
    """Skip the running test, or fail it where everything must be there, unless the condition holds.

    Args:
        condition: Truthy if what the test needs is there.
        missing: What is missing, for the report, e.g. ``"a Vulkan adapter (Debian: mesa-vulkan-drivers)"``.
    """
    if condition:
        return
    if REQUIRE_ALL:
        pytest.fail(f"VAEVIS_TUI_REQUIRE_ALL=1, but there is no {missing}")
    pytest.skip(f"no {missing}")


def data_root() -> Path:
    """The folder of the real data sets, named by VAEVIS_TUI_DATA; skips the test where it is not set."""
    root = os.environ.get("VAEVIS_TUI_DATA")
    if not root:
        pytest.skip("no data set: VAEVIS_TUI_DATA names no folder")
    if not Path(root).is_dir():
        pytest.fail(f"VAEVIS_TUI_DATA={root} is no folder")
    return Path(root)


class ManualClock:
    """Seconds that go on only when a test sets ``now``."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process grows beyond ``room`` bytes.

    Python writes no bytecode meanwhile: it would leave half a file for every start that follows.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = before
