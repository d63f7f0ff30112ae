"""``latents.npz``: the aggregated posterior and its anchors, read with every size checked first."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.latent.space import Anchors, LatentSpace
from vaevis_tui.models.text import one_line

MAX_ARRAY_BYTES = 64 << 20
"""Of one array once unpacked: a hundred thousand anchors of 128 dimensions fit."""

_FLOATS = ("mean", "std", "kl", "axes", "axis_variances", "shell", "anchor_z")
_KEYS = (*_FLOATS, "anchor_labels", "anchor_indices")


def write_latents(path: Path, space: LatentSpace) -> None:
    """Write what `read_latents` reads; ``path`` ends in .npz."""
    np.savez_compressed(
        path,
        mean=space.mean,
        std=space.std,
        kl=space.kl,
        axes=space.axes,
        axis_variances=space.axis_variances,
        shell=np.asarray(space.shell, np.float32),
        anchor_z=space.anchors.z,
        anchor_labels=np.array(space.anchors.labels, dtype=np.str_),
        anchor_indices=space.anchors.indices,
    )


def read_latents(path: Path) -> LatentSpace:
    """Read anybody's ``latents.npz``; unpacks no array beyond `MAX_ARRAY_BYTES` and unpickles nothing.

    Raises:
        UserError: the file cannot be read, is no npz, or an array is missing, too large, of another type or
            of a shape that does not fit the others.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {key: _read_array(archive, key, path) for key in _KEYS}
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UserError(f"{path}: not an npz file: {one_line(error)}") from None
    return _space(path, arrays)


def _read_array(archive: zipfile.ZipFile, key: str, path: Path) -> NDArray[Any]:
    """One member, its header compared with its size before the array is made."""
    try:
        member = archive.getinfo(f"{key}.npy")
    except KeyError:
        raise UserError(
            f"{path}: array {key} is missing; an npz with {', '.join(_KEYS)} is supported"
        ) from None
    if member.file_size > MAX_ARRAY_BYTES:
        raise UserError(
            f"{path}: array {key} unpacks to {member.file_size} bytes, the limit is {MAX_ARRAY_BYTES}"
        )
    with archive.open(member) as stream:
        data = stream.read(MAX_ARRAY_BYTES + 1)
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise UserError(f"{path}: array {key} has npy version {version}; 1.0 and 2.0 are supported")
    read_header = (
        np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read_header(file)
    wanted = "fiuU"
    if dtype.kind not in wanted or dtype.hasobject or any(n < 0 for n in shape):
        raise UserError(
            f"{path}: array {key} is of type {dtype} and shape {shape}; numbers and text are supported"
        )
    if math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise UserError(
            f"{path}: array {key} of shape {shape} and type {dtype} does not fit its {len(data)} bytes"
        )
    array = np.frombuffer(data, dtype, offset=file.tell())
    return array.reshape(shape, order="F" if fortran else "C")


def _space(path: Path, arrays: dict[str, NDArray[Any]]) -> LatentSpace:
    for key in _FLOATS:
        if arrays[key].dtype.kind != "f":
            raise UserError(f"{path}: array {key} is of type {arrays[key].dtype}; float32 is supported")
        arrays[key] = arrays[key].astype(np.float32)
    if arrays["shell"].shape != (3,):
        raise UserError(f"{path}: array shell has shape {arrays['shell'].shape}; (3,) is supported")
    labels = tuple(str(label) for label in arrays["anchor_labels"].ravel())
    if not all(label.isprintable() for label in labels):
        raise UserError(f"{path}: array anchor_labels holds control characters; plain text is supported")
    if arrays["anchor_indices"].dtype.kind not in "iu":
        raise UserError(
            f"{path}: array anchor_indices is of type {arrays['anchor_indices'].dtype}, not int64"
        )
    low, median, high = (float(radius) for radius in arrays["shell"])
    try:
        return LatentSpace(
            mean=arrays["mean"],
            std=arrays["std"],
            kl=arrays["kl"],
            axes=arrays["axes"],
            axis_variances=arrays["axis_variances"],
            anchors=Anchors(arrays["anchor_z"], labels, arrays["anchor_indices"].astype(np.int64)),
            shell=(low, median, high),
        )
    except ValueError as error:
        raise UserError(f"{path}: {one_line(error)}") from None
