"""Latents that are images of their own, explored along smooth patterns instead of number by number.

Of a latent (32, 16, 16), as of a tiny autoencoder, no single number shows, and noise in all of them decodes
to noise: what decoders of this kind have seen is smooth. So z are coordinates along the lowest frequencies of
the discrete cosine transform of each channel, of unit variance together.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.node import Shape

COUNT = 256
"""Directions at most, where there are no more channels."""

MODES = 16
"""Patterns a channel at most: up to three waves across."""

MIN_AREA = 16
"""Places of a latent from which on it is an image: below, all its numbers are z."""

MAX_SIZE = 1 << 18
"""Numbers of a latent: 4 channels of 256x256, whose image is 2048x2048."""


def smooth_patterns(shape: Shape) -> NDArray[np.float32]:
    """Rows of equal length, the smoothest of all channels first.

    Args:
        shape: Channels, height and width of the latent.

    Returns:
        float32 (k, channels * height * width); their sum with weights of N(0, 1) has variance 1 on average.
    """
    channels, height, width = shape
    modes = [(u, v) for u in range(height) for v in range(width)]
    modes.sort(key=lambda mode: (mode[0] ** 2 + mode[1] ** 2, mode))
    modes = modes[: min(MODES, max(1, COUNT // channels))]
    rows = np.zeros((len(modes), channels, channels, height, width), np.float32)
    for place, (u, v) in enumerate(modes):
        rows[place, range(channels), range(channels)] = np.outer(_wave(u, height), _wave(v, width))
    return rows.reshape(len(modes) * channels, -1) * np.float32(math.sqrt(height * width / len(modes)))


def _wave(frequency: int, length: int) -> NDArray[np.float64]:
    """A vector of the orthonormal DCT-II."""
    places = (np.arange(length) + 0.5) / length
    scale = math.sqrt((1 if frequency == 0 else 2) / length)
    return np.asarray(scale * np.cos(np.pi * frequency * places))


def random_directions(size: int) -> NDArray[np.float32]:
    """Orthogonal rows of equal length for a long latent vector of which nothing else is known.

    Returns:
        float32 (`COUNT`, size), scaled as `smooth_patterns`.
    """
    rows = np.linalg.qr(np.random.default_rng(0).standard_normal((size, COUNT)))[0].T
    return (rows * math.sqrt(size / COUNT)).astype(np.float32)
