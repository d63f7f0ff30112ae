"""Writing files whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def replace_whole(
    path: Path, data: bytes, mode: int = 0o666, prepare: Callable[[int], None] = lambda _: None
) -> None:
    """Write a file beside its place under another name, flush it to the disk and rename it.

    Whoever looks sees the old file or the new one, and a full disk leaves the old one.

    Args:
        path: Where to.
        data: All of it.
        mode: Permissions, less the umask.
        prepare: Called with the file's descriptor when all is written, before anybody can see the file.

    Raises:
        OSError: it cannot be written; nothing is left of it then.
    """
    partial = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a full disk may first be noticed here
            prepare(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def reason(error: OSError) -> str:
    """Why, as part of a sentence."""
    return (error.strerror or str(error)).lower()
