"""From a file to an ONNX model of which everything but the shapes is known to be sound."""

from __future__ import annotations

import glob
import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.external import inline_weights
from vaevis_tui.onnx_model.foreign import recognise
from vaevis_tui.onnx_model.limits import MAX_FILE_BYTES
from vaevis_tui.onnx_model.node import UnsupportedError
from vaevis_tui.onnx_model.protobuf_scan import NOT_ONNX, MalformedError, scan
from vaevis_tui.onnx_model.repair import repair
from vaevis_tui.onnx_model.structure import check_structure

if TYPE_CHECKING:
    import onnx


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn what is wrong with a file into a UserError that begins with its name."""
    try:
        yield
    except (UnsupportedError, MalformedError) as error:
        raise UserError(f"{path}: {error}") from None
    except UnicodeError:
        raise UserError(f"{path}: not an ONNX file: a name in it is not UTF-8 text") from None


def digest_of(path: Path) -> str:
    """What tells a file from others: its bytes, and size and time of what lies beside it by its name.

    Raises:
        UserError: It cannot be read.
    """
    try:
        _check_file(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        for beside in sorted(path.parent.glob(f"{glob.escape(path.name)}?*")):
            status = beside.stat()
            digest.update(f"{beside.name} {status.st_size} {status.st_mtime_ns}".encode())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    return digest.hexdigest()


def read_model(path: Path) -> tuple[onnx.ModelProto, list[str]]:
    """Read a file, its weights from files beside it included, put it right and check all but the shapes.

    Returns:
        The model, and what was put right, for people.

    Raises:
        UserError: It cannot be read.
        MalformedError, UnsupportedError, UnicodeError: It is not such a model; to be caught by `naming`.
    """
    model = _parse(_read(path))
    inline_weights(model, path.parent, MAX_FILE_BYTES)
    notes = repair(model)
    check_structure(model)
    return model, notes


def _check_file(path: Path) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{path}: not a file")  # opening a pipe would wait for who writes it
    if status.st_size > MAX_FILE_BYTES:
        raise UserError(f"{path}: larger than the {MAX_FILE_BYTES >> 20} MiB that are supported")


def _read(path: Path) -> bytes:
    try:
        _check_file(path)
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def _parse(data: bytes) -> onnx.ModelProto:
    if (foreign := recognise(data)) is not None:
        raise MalformedError(f"not an ONNX file but {foreign}")
    scan(data)
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except DecodeError:
        raise MalformedError(NOT_ONNX) from None
    if not model.graph.node:
        raise MalformedError("not an ONNX file: it has no graph with operators")
    for named in (*model.opset_import, *model.graph.node):
        if named.domain == "ai.onnx":  # the long name of the standard operators, whose short name is empty
            named.domain = ""
    return model
