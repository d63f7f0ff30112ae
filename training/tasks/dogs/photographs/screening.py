"""What is wrong with a photograph: black borders left by alignment, and others that look the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEAR_BLACK = 12
"""Brightest channel of a pixel that may be border: JPEG leaves noise on black."""


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
