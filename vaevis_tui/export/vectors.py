"""Latent vectors as files: CSV, JSON, npy, npz and standard input, one vector a row."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import STANDARD, reason
from vaevis_tui.latent.arrays import unfit_latents
from vaevis_tui.latent.notation import parse_latent
from vaevis_tui.reading import read_at_most
from vaevis_tui.text import one_line

MAX_BYTES = 1 << 30
"""Of a file of vectors, also once unpacked: two million vectors of 128 numbers."""

FORMATS = ("csv", "json", "npy", "npz")

Vectors = NDArray[np.float32]
"""Latent vectors, or sigma coordinates, float32 (n, d)."""


def read_vectors(source: str | Path, dim: int, name: str = "z") -> Vectors:
    """Read latent vectors, whatever wrote them; the format is told by the content.

    - CSV, or numbers between spaces or tabs: a vector a row. Of a header, columns named z0, z1, ... are taken
      in that order and others left; without such names a header is passed over.
    - JSON: a list of numbers, a list of such lists, an object with ``"z"``, or a list or lines of those.
    - npy: an array (d,) or (n, d). npz: its array ``z``, or the only one it has.
    - What NumPy, PyTorch or R print of one vector.

    Args:
        source: A path, or ``"-"`` for standard input.
        dim: Numbers of a vector.
        name: Of the array, the field or the columns: ``"z"``, or ``"sigma"``.

    Returns:
        float32 (n, d), n at least 1.

    Raises:
        UserError: It cannot be read, holds something else, or numbers that are not finite in float32.
    """
    label = "standard input" if str(source) == STANDARD else str(source)
    data = _bytes(source, label)
    if not data.strip():
        raise UserError(f"{label} is empty; expected vectors of {dim} numbers")
    try:
        values = _parse(data, name)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{label}: {one_line(error, 400)}; expected vectors of {dim} numbers") from None
    return _checked(values, dim, label)


def _bytes(source: str | Path, label: str) -> bytes:
    try:
        file = sys.stdin.buffer if str(source) == STANDARD else Path(source)
        return read_at_most(file, MAX_BYTES, "split it", label)
    except FileNotFoundError:
        raise UserError(f"{label} does not exist; name a file of vectors, or - for standard input") from None
    except OSError as error:
        raise UserError(f"{label} cannot be read: {reason(error)}; name a file of vectors") from None


def _parse(data: bytes, name: str) -> Any:
    """An array, or lists of numbers, that are not checked yet."""
    if data.startswith(b"\x93NUMPY"):
        return _npy(data)
    if data.startswith(b"PK"):
        return _npz(data, name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"it is neither {', '.join(FORMATS)} nor text") from None
    stripped = text.lstrip()
    if stripped.startswith("{"):
        return _json_lines(stripped, name)
    if stripped.startswith("["):
        try:
            return _json_field(json.loads(stripped), name)
        except json.JSONDecodeError:
            return [parse_latent(text)]  # [ 0.5 -1.  2. ], as NumPy prints
    return _table(text, name)


def _npy(data: bytes) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers as Python 2 wrote them
            return np.asarray(np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))
    except Exception as error:  # of Python's parser, which has many kinds for a damaged header
        raise ValueError(f"the npy data are damaged: {error}") from None


def _npz(data: bytes, name: str) -> NDArray[Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _npy(archive.read(_member(archive, name)))
    except ValueError:
        raise
    except Exception as error:  # of the archive or of one of its four ways to pack
        raise ValueError(f"it is not an npz file: {error}") from None


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if name not in members and len(members) != 1:
        raise ValueError(f"the npz has the arrays {', '.join(members) or '(none)'}, and none is {name}")
    member = members.get(name) or next(iter(members.values()))
    if member.file_size > MAX_BYTES:
        raise ValueError(f"its array unpacks to more than {MAX_BYTES >> 20} MiB")
    return member


def _json_lines(text: str, name: str) -> Any:
    """One object, or one a line."""
    try:
        return _json_field(json.loads(text), name)
    except json.JSONDecodeError:
        return [_json_field(json.loads(line), name) for line in text.splitlines() if line.strip()]


def _json_field(value: Any, name: str) -> Any:
    """The vectors in a JSON value: lists as they are, objects by their field."""
    if isinstance(value, dict):
        if name not in value:
            raise ValueError(f"a JSON object has no field {name!r}")
        return value[name]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_json_field(each, name) for each in value]
    return value


def _table(text: str, name: str) -> list[list[float]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise ValueError("it has no rows")
    if re.match(r"\s*[\w.]+\s*\(", lines[0]):
        return [parse_latent(text)]  # tensor([...]), np.array([...]), c(...)
    delimiter = next((mark for mark in (",", ";", "\t") if mark in lines[0]), None)
    if delimiter is None:
        rows = [line.split() for line in lines]
    else:
        rows = [list(row) for row in csv.reader(lines, delimiter=delimiter)]
    return _numbered(rows, name)


def _numbered(rows: Sequence[Sequence[str]], name: str) -> list[list[float]]:
    header = [cell.strip() for cell in rows[0]]
    columns: Sequence[int] = range(len(header))
    body = rows
    if any(_number(cell) is None for cell in header):
        body = rows[1:]
        named = {cell: column for column, cell in enumerate(header)}
        ours = [named[f"{name}{index}"] for index in range(len(header)) if f"{name}{index}" in named]
        columns = ours or columns
    vectors = []
    for line, row in enumerate(body, 1 + len(rows) - len(body)):
        values = [_number(row[column]) if column < len(row) else None for column in columns]
        if None in values:
            wrong = columns[values.index(None)]
            what = repr(row[wrong].strip()) if wrong < len(row) else "nothing"
            raise ValueError(f"row {line} has {what} where a number is expected, in column {wrong + 1}")
        vectors.append([value for value in values if value is not None])
    if not vectors:
        raise ValueError("it has a header and no rows")
    return vectors


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _checked(values: Any, dim: int, label: str) -> Vectors:
    try:
        array = np.asarray(values)
    except ValueError:  # rows of unequal length
        array = np.asarray(None)
    if array.dtype.kind not in "fiub":
        raise UserError(f"{label} holds no rows of {dim} numbers each")
    if array.ndim == 2 and array.shape[1] == 1 and array.shape[0] == dim:
        array = array.T  # one number a line
    if array.ndim not in (1, 2) or array.shape[-1] != dim or not array.size:
        what = f"rows of {array.shape[1]} numbers" if array.ndim == 2 else f"an array of shape {array.shape}"
        raise UserError(f"{label} holds {what}, but this model's latent vectors have {dim}")
    with np.errstate(over="ignore"):
        vectors = np.atleast_2d(array).astype(np.float32)
    if unfit_latents(vectors):
        row, unfit = next((at, unfit) for at, each in enumerate(vectors) if (unfit := unfit_latents(each)))
        raise UserError(f"{label}: row {row + 1} {unfit}")
    return vectors


def format_of(target: str | Path) -> str:
    """The format that vectors are written in, by the name's ending.

    Raises:
        UserError: The ending is none of `FORMATS`.
    """
    ending = Path(target).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise UserError(f"{target}: the name must end in .{', .'.join(FORMATS)}")
    return ending


def pack(kind: str, arrays: dict[str, NDArray[Any]]) -> bytes:
    """Arrays whose first axis is the vector's number, in a format.

    Args:
        kind: One of `FORMATS`. npy takes the first array alone; CSV has a column a number, named z0, z1, ...;
            JSON an object a line. The same arrays give the same bytes.
        arrays: By name, the first one (n, d).
    """
    first = next(iter(arrays))
    if kind == "npy":
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.ascontiguousarray(arrays[first]), allow_pickle=False)
        return buffer.getvalue()
    if kind == "npz":
        return _pack_npz(arrays)
    if kind == "json":
        rows = zip(*(_plain(array) for array in arrays.values()), strict=True)
        return "".join(json.dumps(dict(zip(arrays, row, strict=True))) + "\n" for row in rows).encode()
    return _pack_csv(arrays)


def _pack_npz(arrays: dict[str, NDArray[Any]]) -> bytes:
    """As `numpy.savez_compressed`, without the time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, pack("npy", {name: array}))
    return buffer.getvalue()


def _pack_csv(arrays: dict[str, NDArray[Any]]) -> bytes:
    header: list[str] = []
    columns: list[list[Any]] = []
    for name, array in arrays.items():
        if array.ndim == 1:
            header.append(name)
            columns.append(_plain(array))
        else:
            header.extend(f"{name}{index}" for index in range(array.shape[1]))
            columns.extend(_plain(column) for column in array.T)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _plain(array: NDArray[Any]) -> list[Any]:
    """Python's numbers and texts; float32 by its shortest decimals, which read back to the bit."""
    if array.dtype != np.float32:
        plain: list[Any] = array.tolist()
        return plain
    if array.ndim == 1:
        return [float(str(value)) for value in array]
    return [_plain(row) for row in array]
