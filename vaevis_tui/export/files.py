"""Writing files whole or not at all, and over others only where that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vaevis_tui.errors import UserError

if sys.platform != "win32":
    import fcntl

STANDARD = "-"
"""Names standard input, or standard output."""


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
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
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


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made where there is none; whoever else wants it waits.

    Raises:
        OSError: it cannot be made or locked.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def reason(error: OSError) -> str:
    """Why, as part of a sentence."""
    return (error.strerror or str(error)).lower()


def write_bytes(target: str | Path, data: bytes, *, force: bool = False) -> None:
    """Write a file whole or not at all, or to standard output where the target is ``"-"``.

    Raises:
        UserError: It is there already and `force` is not set, or it cannot be written.
    """
    if str(target) == STANDARD:
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UserError(f"standard output was not written: {reason(error)}") from None
        return
    path = Path(target)
    check_free(path, force=force)
    try:
        replace_whole(path, data)
    except OSError as error:
        raise unwritable(path, error) from None


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files into a folder that is made if it is missing; if one cannot be written, nothing new is left.

    Args:
        folder: Where to.
        files: Names, with folders before them or without, and what each holds.

    Raises:
        UserError: Something cannot be written.
    """
    folders: list[Path] = []
    written: list[Path] = []
    try:
        for name, data in files:
            path = folder / name
            for parent in reversed(path.parents):
                if not parent.exists():
                    folders.append(parent)  # before it is there: an interrupt may come in between
                    parent.mkdir(exist_ok=True)
            if not path.exists():
                written.append(path)
            replace_whole(path, data)
    except BaseException as error:
        for path in written:
            with suppress(OSError):
                path.unlink()
        for path in reversed(folders):
            with suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            raise unwritable(folder, error) from None
        raise


def check_folder(folder: Path) -> None:
    """See that a folder is one, or can become one.

    Raises:
        UserError: Something else is there, or nothing can be written there.
    """
    for place in (folder, *folder.parents):
        if place.exists():
            if not place.is_dir():
                raise UserError(f"{place} is not a folder; name one that is, or that does not exist yet")
            _check_writable(place)
            return


def check_free(path: Path, *, force: bool) -> None:
    """See that a file may be written before anything is computed for it.

    Raises:
        UserError: Something else is there, or the folder is not, or nothing can be written there.
    """
    if path.exists() or path.is_symlink():
        if not path.is_file():
            raise UserError(f"{path} is not a regular file; name one that is, or that does not exist yet")
        if not force:
            raise UserError(f"{path} exists; name another file, or replace it with --force")
    elif not path.parent.is_dir():
        what = "is not a folder" if path.parent.exists() else "does not exist"
        raise UserError(f"the folder {path.parent} {what}; create it or name another")
    _check_writable(path.parent)


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"the folder {folder} is not writable; name another")


def unwritable(path: Path, error: OSError) -> UserError:
    """Why a file was not written, and that nothing is left of it."""
    return UserError(f"{path} was not written: {reason(error)}; name another place")
