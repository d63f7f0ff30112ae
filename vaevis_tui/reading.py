"""Paths as people type them, and files read whole, up to a size: what is larger is something else."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from vaevis_tui.errors import UserError


def typed_path(text: str | Path) -> Path:
    """A path in which ``~`` and ``~name`` stand for home folders; as it was typed where there is none."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  (Path's own raises where there is none)


def must_be_file(path: Path) -> None:
    """See that a path leads to a file: whoever opens a pipe may wait for ever, and a device may never end.

    Raises:
        OSError: It does not.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a file", str(path))


def read_at_most(source: Path | BinaryIO, most: int, advice: str, name: str = "") -> bytes:
    """All bytes of a file.

    Args:
        source: The file, or one that is open.
        most: Bytes that it may have, a multiple of 1 MiB.
        advice: What to do where it has more, or what would be right.
        name: What to call it; its path unless given.

    Raises:
        OSError: It cannot be read.
        UserError: It has more.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_at_most(file, most, advice, name or str(source))
    data = source.read(most + 1)
    if len(data) > most:
        raise UserError(f"{name} is larger than {most >> 20} MiB; {advice}")
    return data
