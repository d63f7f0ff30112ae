"""What a person keeps beside a model: files in a folder of its own in the user's data, named by its hash.

A model is known by the bytes of its decoder, so that what belongs to it is found again wherever the file
lies, and never mixed up with what belongs to a newer version of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import locked, reason, replace_whole
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.reading import read_at_most

LARGEST_FILE = 64 << 20
"""Bytes that are read of a file at most."""


def model_hash(bundle: Bundle) -> str:
    """A model's hash: 32 hexadecimal digits of SHA-256 of its decoder's file.

    It takes 10 ms for 16 MB, and no time when asked again while the file is the same. A model without a file
    is known by its name.
    """
    try:
        status = bundle.decoder_path.stat()
        return _file_hash(bundle.decoder_path, status.st_size, status.st_mtime_ns)
    except OSError:
        return hashlib.sha256(f"{bundle.name} {bundle.latent_dim}".encode()).hexdigest()[:32]


@lru_cache(maxsize=32)
def _file_hash(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


class ModelData:
    """The folder of one model in the user's data.

    Args:
        model: Its hash, as `model_hash` gives it.
        root: Where the folders of all models lie; None is ``models`` in the user's folder for the program's
            data.
    """

    def __init__(self, model: str, root: Path | None = None) -> None:
        self._model = model
        self._root = root

    @cached_property
    def path(self) -> Path:
        """The folder, which is made when something is kept."""
        if self._root is not None:
            return self._root / self._model
        import platformdirs  # 4 ms that the first image need not wait for

        return platformdirs.user_data_path("vaevis-tui") / "models" / self._model

    def read(self, name: str) -> str | None:
        """A file's text; None where there is none.

        Raises:
            UserError: it cannot be read, or is larger than `LARGEST_FILE`.
        """
        path = self.path / name
        try:
            data = read_at_most(path, LARGEST_FILE, "move it away to start over")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UserError(f"{path}: {reason(error)}") from None
        return data.decode("ascii", "replace")

    def update(self, name: str, change: Callable[[str | None], str]) -> None:
        """Replace a file by what ``change`` makes of it, whole or not at all.

        Two programs that do so at once do it one after the other, so that neither undoes the other's work.

        Raises:
            UserError: it cannot be read or written; also what ``change`` raises, and then nothing is written.
        """
        path = self.path / name
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self.path / ".lock"):
                replace_whole(path, change(self.read(name)).encode("ascii"), 0o600)
        except OSError as error:
            raise UserError(f"{path} was not saved: {reason(error)}") from None
