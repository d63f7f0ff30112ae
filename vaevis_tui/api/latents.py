"""Latent vectors as people hand them over."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.engine.decoder import Latents


def as_latents(z: ArrayLike, dim: int, controls: int = 0) -> Latents:
    """Latent vectors, float32 (n, d), or points, which have values of controls after z.

    Args:
        z: (d,) or (n, d), of anything that NumPy takes for numbers.
        dim: Length d that is expected.
        controls: How many values may follow.

    Raises:
        ValueError: It is not numbers, or has another shape.
    """
    try:
        array = np.asarray(z)
    except ValueError:  # rows of unequal length
        array = np.asarray(None)
    if array.dtype.kind not in "fiub":
        raise ValueError("z is not an array of numbers; expected real ones of shape (d,) or (n, d)")
    with np.errstate(over="ignore"):  # what is too large for float32 is refused as infinite
        vectors = array.astype(np.float32)
    if vectors.ndim not in (1, 2) or vectors.shape[-1] not in (dim, dim + controls):
        raise ValueError(f"z has shape {vectors.shape}; ({dim},) or (n, {dim}) is expected")
    return np.atleast_2d(vectors)


def as_latent(z: ArrayLike, dim: int, controls: int = 0) -> Latents:
    """One latent vector, float32 (d,), of (d,) or (1, d); or one point.

    Raises:
        ValueError: As of `as_latents`, or there are several.
    """
    vectors = as_latents(z, dim, controls)
    if len(vectors) != 1:
        raise ValueError(f"z has shape {vectors.shape}; one vector, ({dim},), is expected")
    return vectors.reshape(-1)


def as_rows(z: ArrayLike, dim: int, controls: int = 0) -> Latents:
    """The same, or float32 (n, k, d) for k images side by side.

    Raises:
        ValueError: As of `as_latents`.
    """
    try:
        array = np.asarray(z)
    except ValueError:
        return as_latents(z, dim, controls)  # says what is wrong
    if array.ndim != 3:
        return as_latents(array, dim, controls)
    if not array.size:
        raise ValueError(f"z has shape {array.shape}; at least one vector a frame is expected")
    return as_latents(array.reshape(-1, array.shape[-1]), dim, controls).reshape(array.shape)
