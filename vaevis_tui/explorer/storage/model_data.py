"""What a person keeps beside a model: files in a folder of its own in the user's data, named by its hash.

A model is known by the bytes of its decoder, so that what belongs to it is found again wherever the file
lies, and never mixed up with what belongs to a newer version of it.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from vaevis_tui.errors import UserError
from vaevis_tui.export.fields import Fields
from vaevis_tui.export.files import locked, reason, replace_whole
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.models.identity import decoder_hash
from vaevis_tui.reading import read_at_most

T = TypeVar("T")

FORMAT = 1
"""Of all files that are kept."""

LARGEST_FILE = 64 << 20
"""Bytes that are read of a file at most."""


def model_hash(bundle: Bundle) -> str:
    """A model's hash: 32 hexadecimal digits of SHA-256 of its decoder's file.

    A model without a file is known by its name.
    """
    known = decoder_hash(bundle) or hashlib.sha256(f"{bundle.name} {bundle.latent_dim}".encode()).hexdigest()
    return known[:32]


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


class KeptFile(ABC, Generic[T]):
    """What is kept of one model in one file of JSON. Every change is on disk when its method returns.

    Args:
        data: The model's folder.
        latent_dim: Length of its latent vectors.

    Raises:
        UserError: What is on disk cannot be read. Nothing of it is lost: nothing is written over it either.
    """

    NAME: ClassVar[str]
    """Of what is kept; the file is named after it."""

    def __init__(self, data: ModelData, latent_dim: int) -> None:
        self._data = data
        self._dim = latent_dim
        self._kept = self._parsed(data.read(self._file))

    @property
    def _file(self) -> str:
        return f"{self.NAME}.json"

    @abstractmethod
    def _nothing(self) -> T:
        """What is kept before anything was."""

    @abstractmethod
    def _read(self, fields: Fields) -> T:
        """What a file holds; UserError or ValueError where it is something else."""

    @abstractmethod
    def _text(self, kept: T) -> str:
        """The file's text, one line of JSON in ASCII."""

    def _parsed(self, text: str | None) -> T:
        if text is None:
            return self._nothing()
        try:
            return self._read(self._fields(text))
        except (UserError, ValueError) as error:
            raise UserError(f"{self._data.path / self._file}: {error}; move it away to start over") from None

    def _fields(self, text: str) -> Fields:
        fields = Fields(self.NAME, text, FORMAT)
        if (length := fields.whole("latent_dim")) != self._dim:
            raise UserError(f"they have {length} numbers each; expected {self._dim}")
        return fields

    def _change(self, change: Callable[[T], T]) -> None:
        changed: list[T] = []

        def write(text: str | None) -> str:
            changed.append(change(self._parsed(text)))
            return self._text(changed[0])

        self._data.update(self._file, write)
        self._kept = changed[0]
