"""Pictures that are the same but for their size, their compression or a little noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NEAR = 6
"""Bits of 64 in which the hashes of near duplicates may differ."""


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


THUMB = 16
"""Side of the thumbnails that are compared where hashes are alike."""

LEVELS = 6.0
"""Root mean square difference of thumbnails, of 255, of pictures that are one; noise of JPEG has 1 to 3."""

CANDIDATES = 32
"""Earlier pictures that one is compared with, at most: of pictures that are all alike the first few tell."""


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (h, h, 3) of 16 k pixels, k at least 2, as one of 16x16, uint8 (16, 16, 3)."""
    step = pixels.shape[0] // THUMB
    squares = pixels.reshape(THUMB, step, THUMB, step, 3)
    return np.asarray(np.rint(squares.mean((1, 3), dtype=np.float32)), np.uint8)


def repeated(hashes: NDArray[np.uint64], thumbs: NDArray[np.uint8], block: int = 256) -> dict[int, int]:
    """Which pictures repeat an earlier one that is kept: position of each such picture, and of that one.

    Hashes alone would find drawings alike that are not: where few bits differ, thumbnails are compared.

    Args:
        hashes: Of `perceptual_hash`, (n,).
        thumbs: Of `thumbnail`, uint8 (n, 16, 16, 3).
        block: Pictures whose hashes are compared with all at once; memory is 4 n times as many bytes.
    """
    octets = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1)
    signs = octets.astype(np.float32) * 2 - 1
    found: dict[int, int] = {}
    for start in range(0, len(signs), block):
        stop = min(start + block, len(signs))
        agreement = signs[start:stop] @ signs[:stop].T
        for i in range(start, stop):
            alike = np.flatnonzero(agreement[i - start, :i] >= 64 - 2 * NEAR)[:CANDIDATES]
            alike = np.array([j for j in alike if j not in found], np.intp)
            if len(alike):
                off = thumbs[alike].astype(np.float32) - thumbs[i]
                errors = np.sqrt((off**2).mean((1, 2, 3)))
                if errors.min() <= LEVELS:
                    found[i] = int(alike[errors.argmin()])
    return found
