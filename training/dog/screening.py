"""What is wrong with a photograph: black borders left by alignment, and others that look the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NEAR_BLACK = 12
"""Brightest channel of a pixel that may be border: JPEG leaves noise on black."""

NEAR = 6
"""Bits of 64 in which the hashes of near duplicates may differ."""


def border_mask(brightest: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Near-black pixels connected with the border, bool (h, w), by the brightest channels, uint8 (h, w).

    Sweeps in four directions until nothing is reached any more: dark runs are filled at once, so a few do.
    """
    dark = brightest <= NEAR_BLACK
    reached = np.zeros_like(dark)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        reached[edge] = dark[edge]
    before = -1
    while (count := int(reached.sum())) != before:
        before = count
        for axis in (0, 1):
            for step in (1, -1):
                turned = np.s_[::step] if axis == 0 else np.s_[:, ::step]
                reached[turned] |= _swept(reached[turned], dark[turned], axis)
    return reached


def border_fill(brightest: NDArray[np.uint8]) -> float:
    """Share of the pixels that `border_mask` finds."""
    return float(border_mask(brightest).mean())


def widened(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """A mask (h, w) and what is at most ``by`` pixels from it along either axis."""
    for _ in range(by):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, :-2] | padded[1:-1, 1:-1] | padded[1:-1, 2:]
        padded = np.pad(mask, 1)
        mask = padded[:-2, 1:-1] | padded[1:-1, 1:-1] | padded[2:, 1:-1]
    return mask


def _swept(reached: NDArray[np.bool_], dark: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Dark pixels with a reached one earlier on their axis and nothing bright between."""
    index = np.arange(dark.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))
    last_reached = np.maximum.accumulate(np.where(reached, index, -1), axis)
    last_bright = np.maximum.accumulate(np.where(dark, -1, index), axis)
    return dark & (last_reached > last_bright)


def perceptual_hash(image: Image.Image) -> np.uint64:
    """64 bits that survive recompression and resizing: signs of the lowest 8x8 cosine frequencies.

    Of the 32x32 grey picture, against their median (the widespread "pHash").
    """
    grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float64)
    frequencies = np.arange(8)[:, None] * (np.arange(32) + 0.5) * np.pi / 32
    cosines = np.cos(frequencies)
    low = (cosines @ grey @ cosines.T).ravel()
    bits = (low > np.median(low)).astype(np.uint8)
    return np.uint64(np.packbits(bits).view(np.uint64)[0])


def near_pairs(hashes: NDArray[np.uint64], near: int = NEAR) -> list[tuple[int, int]]:
    """Positions i < j whose hashes differ in at most ``near`` bits."""
    octets = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32)
    signs = octets * 2 - 1
    pairs = []
    for start in range(0, len(signs), 512):
        agreement = signs[start : start + 512] @ signs.T  # 64 less twice the bits that differ
        rows, columns = np.nonzero(agreement >= 64 - 2 * near)
        pairs += [(start + int(i), int(j)) for i, j in zip(rows, columns, strict=True) if start + i < j]
    return pairs
