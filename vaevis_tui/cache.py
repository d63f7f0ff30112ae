"""The user's cache folder: files that are made anew whenever they cannot be trusted or kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """Where things are kept between starts."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("vaevis-tui"))


def read_own(path: Path, most: int = 1 << 24) -> bytes | None:
    """A file's bytes, if it is there, has no more than ``most``, and nobody else could have written it."""
    try:
        status = path.stat()
        foreign = hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022)
        return None if foreign or status.st_size > most else path.read_bytes()
    except OSError:
        return None


def keep(path: Path, content: bytes) -> None:
    """Write a file in one step; without a writable cache it is made anew at the next start."""
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        if name:
            Path(name).unlink(missing_ok=True)
