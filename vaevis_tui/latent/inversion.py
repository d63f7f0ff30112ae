"""The way back: from an image to the latent vector whose decode comes nearest to it.

Known as inversion or projection (Zhu et al. 2016, arXiv:1609.03552; Karras et al. 2020 for StyleGAN), done
there by gradients. A decoder here gives images and no gradients, but many of them at once: so it is
Gauss-Newton steps, damped as by Levenberg and Marquardt, on differences between the decodes of neighbouring
points. It needs no encoder, and ends nearer than one does, whose single guess is but where it can begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.latent.arrays import Latent
from vaevis_tui.latent.space import LatentSpace

Decode = Callable[[NDArray[np.float32]], NDArray[np.uint8]]
"""Latent vectors, float32 (n, d), to images, uint8 (n, h, w, 3)."""

ROUNDS = 12
"""Most steps; the first four bring nearly everything."""

SAMPLES = 64
"""Random points that are tried as a beginning, beside the mean and the anchors."""

OFFSET = 0.25
"""Standard deviations between neighbours: several levels of a byte, so that rounding does not matter."""

LARGEST_SIDE = 128
"""Pixels; larger images are compared by the means of squares of pixels: d of them are held at once."""

DAMPINGS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Tried in each round, as shares of the mean curvature."""

ENOUGH = 0.01
"""A round that lessens the error by a smaller share was the last."""


@dataclass(frozen=True)
class Inversion:
    """What was found.

    Attributes:
        z: The latent vector, float32 (d,).
        error: Root of the mean squared difference between its decode and the image, 0..255.
    """

    z: Latent
    error: float


def invert(
    decode: Decode, space: LatentSpace, image: NDArray[np.uint8], start: Latent | None = None
) -> Inversion:
    """Find the latent vector whose decode is nearest to an image, by mean squared error.

    The same on every run. It takes ``ROUNDS`` times d decodes at most.

    Args:
        decode: Of the model.
        space: Of the model.
        image: uint8 (h, w, 3), of the size that ``decode`` makes.
        start: Where to begin, float32 (d,); else the best of the anchors and of some random points.

    Raises:
        ValueError: The image's shape is not that of the decodes.
    """
    *_, found = approach(decode, space, image, start)
    return found


def approach(
    decode: Decode, space: LatentSpace, image: NDArray[np.uint8], start: Latent | None = None
) -> Iterator[Inversion]:
    """The way to what `invert` finds, with the same arguments: each step is nearer than the one before.

    Raises:
        ValueError: The image's shape is not that of the decodes.
    """
    starts = _starts(space) if start is None else start[None]
    target = _flat(image[None])[0]
    images = decode(starts)
    if images.shape[1:] != image.shape:
        raise ValueError(f"the image has shape {image.shape}; {images.shape[1:]} is expected")
    z, current, error = _nearest(starts, images, target)
    yield Inversion(z, float(np.sqrt(error)))
    for _ in range(ROUNDS):
        neighbours = z + np.diag(OFFSET * space.std)
        # A row a dimension: what a standard deviation of it would change, if the decoder were linear.
        jacobian = (_flat(decode(neighbours)) - current) / np.float32(OFFSET)
        curvature = (jacobian @ jacobian.T).astype(np.float64)
        slope = (jacobian @ (target - current)).astype(np.float64)
        unit = np.trace(curvature) / len(curvature) * np.eye(len(curvature))
        if not unit.any():
            return  # a flat place: nothing that is moved changes the image
        steps = np.stack([np.linalg.solve(curvature + damping * unit, slope) for damping in DAMPINGS])
        tried = (z + steps * space.std).astype(np.float32)
        found = _nearest(tried, decode(tried), target)
        if not found[2] < error:
            return
        gained = 1 - found[2] / error
        z, current, error = found
        yield Inversion(z, float(np.sqrt(error)))
        if gained < ENOUGH:
            return


def _starts(space: LatentSpace) -> NDArray[np.float32]:
    return np.concatenate([space.mean[None], space.anchors.z, space.sample(0, SAMPLES)])


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images (n, h, w, 3) as rows of floats, coarser where they are large."""
    step = -(-max(images.shape[1:3]) // LARGEST_SIDE)
    if step == 1:
        return images.reshape(len(images), -1).astype(np.float32)
    n, height, width, _ = images.shape
    height, width = max(1, height // step), max(1, width // step)
    squares = images[:, : height * step, : width * step].reshape(n, height, -1, width, step, 3)
    means: NDArray[np.float32] = squares.mean((2, 4), dtype=np.float32)
    return means.reshape(n, -1)


def _nearest(
    z: NDArray[np.float32], images: NDArray[np.uint8], target: NDArray[np.float32]
) -> tuple[Latent, NDArray[np.float32], float]:
    """Of several points the one whose image is nearest, that image, flat, and its mean squared error."""
    flat = _flat(images)
    errors = ((flat - target) ** 2).mean(1)
    best = int(errors.argmin())
    return z[best], flat[best], float(errors[best])
