"""Pictures that are the same but for their size, their compression or a little noise."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import pairwise

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


class _Index:
    """Hashes by parts of theirs: two that differ in `NEAR` bits at most are equal in one part at least."""

    def __init__(self) -> None:
        edges = [64 * part // (NEAR + 1) for part in range(NEAR + 2)]
        self._parts = [(low, (1 << (high - low)) - 1) for low, high in pairwise(edges)]
        self._entered: list[dict[int, array[int]]] = [{} for _ in self._parts]
        self._hashes, self._places = array("Q"), array("q")
        self._equal: Counter[int] = Counter()

    def add(self, value: int, place: int) -> None:
        """Enter one, unless more are equal to it than anything is compared with."""
        self._equal[value] += 1
        if self._equal[value] > CANDIDATES:
            return
        for (low, mask), entered in zip(self._parts, self._entered, strict=True):
            entered.setdefault(value >> low & mask, array("q")).append(len(self._hashes))
        self._hashes.append(value)
        self._places.append(place)

    def near(self, value: int) -> NDArray[np.int64]:
        """Places of the first that differ in at most `NEAR` bits, `CANDIDATES` at most, rising."""
        same = [
            np.frombuffer(entered[part], np.int64)
            for (low, mask), entered in zip(self._parts, self._entered, strict=True)
            if (part := value >> low & mask) in entered
        ]
        if not same:
            return np.empty(0, np.int64)
        entries = np.concatenate(same)
        differing = np.frombuffer(self._hashes, np.uint64)[entries] ^ np.uint64(value)
        alike = np.unique(entries[_bit_count(differing) <= NEAR])[:CANDIDATES]
        return np.frombuffer(self._places, np.int64)[alike]


def _bit_count(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Bits of each that are set (Hacker's Delight, 5-1); NumPy 1 has no function for it."""
    ones, twos, fours = (
        np.uint64(0x5555555555555555),
        np.uint64(0x3333333333333333),
        np.uint64(0x0F0F0F0F0F0F0F0F),
    )
    values = values - (values >> np.uint64(1) & ones)
    values = (values & twos) + (values >> np.uint64(2) & twos)
    values = values + (values >> np.uint64(4)) & fours
    return (values * np.uint64(0x0101010101010101) >> np.uint64(56)).astype(np.uint8)


def repeated(hashes: NDArray[np.uint64], thumbs: NDArray[np.uint8]) -> dict[int, int]:
    """Which pictures repeat an earlier one that is kept: position of each such picture, and of that one.

    Hashes alone would find drawings alike that are not: where few bits differ, thumbnails are compared.

    Args:
        hashes: Of `perceptual_hash`, (n,).
        thumbs: Of `thumbnail`, uint8 (n, 16, 16, 3).
    """
    index = _Index()
    found: dict[int, int] = {}
    for i, value in enumerate(hashes.tolist()):
        alike = index.near(value)
        if len(alike):
            off = thumbs[alike].astype(np.float32) - thumbs[i]
            errors = np.sqrt((off**2).mean((1, 2, 3)))
            if errors.min() <= LEVELS:
                found[i] = int(alike[errors.argmin()])
                continue
        index.add(value, i)
    return found
