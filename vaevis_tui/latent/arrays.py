"""Types of latent vectors, and what the latent space and its mixture both do with arrays.

One rule for types: z, what decoders take, is float32; sigmas and whitened coordinates are float64.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Latent: TypeAlias = NDArray[np.float32]
"""Latent vectors z, float32 of shape (..., d)."""

Coordinates: TypeAlias = NDArray[np.float64]
"""Sigmas or whitened coordinates, float64 of shape (..., d)."""

_ROWS = 64  # 64 rows of 256 float64 stay in the second-level cache while d terms are added to them


def generator(seed: int | None) -> np.random.Generator:
    """Random numbers that are the same on every machine; of no seed, others each time.

    Raises:
        ValueError: The seed is negative.
    """
    if isinstance(seed, int | np.integer) and seed < 0:
        raise ValueError(f"a seed must be at least 0, not {seed}")
    return np.random.Generator(np.random.PCG64(seed))


def ordered_product(x: Coordinates, matrix: Coordinates) -> Coordinates:
    """``x @ matrix``, float64 (n, d) and (d, d) to (n, d), with the same bits on every machine.

    Elementwise multiplication and addition in the order of the matrix's rows; a BLAS adds in an order that
    depends on the processor.
    """
    product = np.zeros_like(x)
    for start in range(0, len(x), _ROWS):
        rows, total = x[start : start + _ROWS], product[start : start + _ROWS]
        for column, row in enumerate(matrix):
            total += rows[:, column : column + 1] * row
    return product


def vectors(values: ArrayLike, dim: int, name: str) -> Coordinates:
    """Vectors (..., dim) as float64.

    Raises:
        ValueError: they have another length.
    """
    array = np.asarray(values, np.float64)
    if array.ndim == 0 or array.shape[-1] != dim:
        raise ValueError(f"{name} has shape {array.shape}; expected (..., {dim})")
    return array


LARGEST_LATENT = 1e6
"""The largest number of a latent vector that is decoded: a hundred thousand times what data have. Further out
float32 overflows within decoders, and images show nothing."""


def unfit_latents(values: NDArray[np.floating]) -> str | None:
    """What keeps latent vectors from being decoded, to follow "z" or a file's name; None if nothing does."""
    if not np.isfinite(values).all():
        return "holds NaN or infinities; finite numbers are expected"
    if values.size and (largest := np.abs(values).max()) > LARGEST_LATENT:
        return f"holds {largest:.3g}; numbers up to {LARGEST_LATENT:,.0f} are expected"
    return None


def read_only(values: ArrayLike, dtype: type[np.generic], name: str) -> NDArray[Any]:
    """A read-only copy as ``dtype``.

    Raises:
        ValueError: it holds NaN or infinities, or what ``dtype`` cannot hold.
    """
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused below
        array = np.array(values, dtype, order="C")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds NaN or infinities")
    array.setflags(write=False)
    return array
