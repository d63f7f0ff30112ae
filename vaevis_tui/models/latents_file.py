"""``latents.npz``: the aggregated posterior, anchors and directions, read with every size checked first."""

from __future__ import annotations

import io
import math
import sys
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.latent.directions import Directions
from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.space import Anchors, LatentSpace
from vaevis_tui.onnx_model.limits import MAX_LATENT_DIM
from vaevis_tui.text import one_line

MAX_ARRAY_BYTES = 64 << 20
"""Of one array once unpacked: a hundred thousand anchors of 128 dimensions fit."""

_FLOATS = dict.fromkeys(
    ("mean", "std", "kl", "axes", "axis_variances", "shell", "anchor_z"), ("f", "float32")
)
_TYPES = {**_FLOATS, "anchor_labels": ("U", "text"), "anchor_indices": ("iu", "int64")}
"""NumPy's kinds of type that each array may be of, and what to call them."""

_MIXTURE_TYPES = dict.fromkeys(("mixture_weights", "mixture_means", "mixture_factors"), ("f", "float32"))
"""The same of the arrays of a mixture, which come all or none."""

_DIRECTION_TYPES = {
    "direction_vectors": ("f", "float32"),
    "direction_names": ("U", "text"),
    "direction_lows": ("U", "text"),
    "direction_highs": ("U", "text"),
    "direction_strengths": ("f", "float32"),
}
"""The same of the arrays of named directions, which come all or none."""

_ALL_TYPES = _TYPES | _MIXTURE_TYPES | _DIRECTION_TYPES


def write_latents(path: Path | IO[bytes], space: LatentSpace) -> None:
    """Write what `read_latents` reads; a path ends in .npz."""
    mixture: dict[str, NDArray[Any]] = {}
    if space.mixture is not None:
        of_mixture = (space.mixture.weights, space.mixture.means, space.mixture.factors)
        mixture = dict(zip(_MIXTURE_TYPES, of_mixture, strict=True))
    directions: dict[str, NDArray[Any]] = {}
    if space.directions is not None and len(space.directions):
        texts = (space.directions.names, space.directions.lows, space.directions.highs)
        arrays = (np.array(each, dtype=np.str_) for each in texts)
        of_directions = (space.directions.vectors, *arrays, space.directions.strengths)
        directions = dict(zip(_DIRECTION_TYPES, of_directions, strict=True))
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
        **mixture,  # type: ignore[arg-type]
        **directions,  # type: ignore[arg-type]
    )


def read_latents(path: Path) -> LatentSpace:
    """Read anybody's ``latents.npz``; unpacks no array beyond `MAX_ARRAY_BYTES` and unpickles nothing.

    Raises:
        UserError: the file cannot be read, is no npz, or an array is missing, too large, of another type or
            of a shape that does not fit the others.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            present = set(archive.namelist())
            types = dict(_TYPES)
            for optional in (_MIXTURE_TYPES, _DIRECTION_TYPES):
                if any(f"{key}.npy" in present for key in optional):
                    types |= optional
            arrays = {key: _read_array(archive, key, path, types) for key in types}
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: {one_line(error.strerror or error)}") from None
    except Exception as error:  # of the archive, or of one of its four ways to pack
        raise UserError(f"{path}: not an npz file: {one_line(error)}") from None
    return _space(path, arrays)


def _read_array(archive: zipfile.ZipFile, key: str, path: Path, keys: Iterable[str]) -> NDArray[Any]:
    """One member of those ``keys``, its header compared with its size before the array is made."""
    try:
        member = archive.getinfo(f"{key}.npy")
    except KeyError:
        raise UserError(
            f"{path}: array {key} is missing; an npz with {', '.join(keys)} is supported"
        ) from None
    if member.file_size > MAX_ARRAY_BYTES:
        raise UserError(
            f"{path}: array {key} unpacks to {member.file_size} bytes, the limit is {MAX_ARRAY_BYTES}"
        )
    with archive.open(member) as stream:
        data = stream.read(MAX_ARRAY_BYTES + 1)
    file = io.BytesIO(data)
    shape, fortran, dtype = _header(file)
    if dtype.kind not in "fiuU" or any(type(n) is not int or n < 0 for n in shape):  # True is an int, too
        raise UserError(f"{path}: array {key} is {dtype} of shape {shape}; numbers and text are supported")
    if math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise UserError(f"{path}: array {key}, {dtype} of shape {shape}, does not fit its {len(data)} bytes")
    array = np.frombuffer(data, dtype, offset=file.tell())
    if dtype.kind == "U" and array.size:
        codes = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if codes.max(initial=0) > sys.maxunicode:
            raise UserError(f"{path}: array {key} does not hold text")
    return array.reshape(shape, order="F" if fortran else "C")


def _header(file: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, Fortran order and type by the header of an npy file, which is read up to its data."""
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"npy version {version}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers as Python 2 wrote them
            return readers[version](file)
    except Exception as error:  # of Python's parser, which has many kinds for a hostile header
        raise ValueError(f"npy header: {error}") from None


def _space(path: Path, arrays: dict[str, NDArray[Any]]) -> LatentSpace:
    for key, array in arrays.items():
        kinds, supported = _ALL_TYPES[key]
        if array.dtype.kind not in kinds:
            raise UserError(f"{path}: array {key} is of type {array.dtype}; {supported} is supported")
    if arrays["mean"].size > MAX_LATENT_DIM:
        raise UserError(
            f"{path}: array mean has {arrays['mean'].size} numbers; up to {MAX_LATENT_DIM} are supported"
        )
    if arrays["shell"].shape != (3,):
        raise UserError(f"{path}: array shell has shape {arrays['shell'].shape}; (3,) is supported")
    labels = _texts(path, arrays, "anchor_labels")
    low, median, high = (float(radius) for radius in arrays["shell"])
    try:
        return LatentSpace(
            mean=arrays["mean"],
            std=arrays["std"],
            kl=arrays["kl"],
            axes=arrays["axes"],
            axis_variances=arrays["axis_variances"],
            anchors=Anchors(arrays["anchor_z"], labels, arrays["anchor_indices"]),
            shell=(low, median, high),
            mixture=GaussianMixture(*(arrays[key] for key in _MIXTURE_TYPES))
            if _MIXTURE_TYPES.keys() <= arrays.keys()
            else None,
            directions=_directions(path, arrays) if _DIRECTION_TYPES.keys() <= arrays.keys() else None,
        )
    except ValueError as error:
        raise UserError(f"{path}: {one_line(error)}") from None


def _texts(path: Path, arrays: dict[str, NDArray[Any]], key: str) -> tuple[str, ...]:
    texts = tuple(str(text) for text in arrays[key].ravel())
    if not all(text.isprintable() for text in texts):
        raise UserError(f"{path}: array {key} holds control characters; plain text is supported")
    return texts


def _directions(path: Path, arrays: dict[str, NDArray[Any]]) -> Directions:
    names, lows, highs = (_texts(path, arrays, f"direction_{part}") for part in ("names", "lows", "highs"))
    return Directions(arrays["direction_vectors"], names, lows, highs, arrays["direction_strengths"])
