"""Where the pixels of a resized image come from, by the formulas of ONNX Resize."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir

ROUNDINGS: Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "round_prefer_floor": lambda x: np.ceil(x - np.float32(0.5)),
    "round_prefer_ceil": lambda x: np.floor(x + np.float32(0.5)),
    "floor": np.floor,
    "ceil": np.ceil,
}
"""ONNX's names of how a coordinate becomes a pixel."""


def nearest_indices(resize: ir.Resize, length: int, scale: float, axis: int) -> NDArray[np.int64]:
    """Source index of each output index along one axis, by ONNX Resize's formulas.

    Args:
        resize: The operator.
        length: Input length along the axis.
        scale: Output length over input length.
        axis: 0 for height, 1 for width.
    """
    positions = source_positions(resize, length, scale, axis)
    return np.asarray(np.clip(ROUNDINGS[resize.rounding](positions), 0, length - 1), np.int64)


def source_positions(resize: ir.Resize, length: int, scale: float, axis: int) -> NDArray[np.float32]:
    """Real-valued source coordinate of each output index along one axis, by ONNX Resize's formulas.

    In float32 throughout, as onnxruntime has it: which of two neighbours is the nearest hangs on the last
    bit.
    """
    total = resize.shape[2 + axis]
    index, factor, half = np.arange(total, dtype=np.float32), np.float32(scale), np.float32(0.5)
    if resize.coordinates == "align_corners":
        return index * np.float32(length - 1) / np.float32(max(total - 1, 1))
    if resize.coordinates == "asymmetric":
        return index / factor
    if resize.coordinates == "pytorch_half_pixel" and total == 1:
        return index
    if resize.coordinates == "tf_half_pixel_for_nn":
        return (index + half) / factor
    if resize.coordinates == "half_pixel_symmetric":  # both ends alike where the scale does not fit
        adjustment = np.float32(total) / (factor * np.float32(length))
        offset = np.float32(length) / np.float32(2) * (np.float32(1) - adjustment)
        return offset + (index + half) / factor - half
    return (index + half) / factor - half


def cubic_taps(
    resize: ir.Resize, length: int, scale: float, axis: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each output index along an axis, the four source indices of cubic resizing and their weights.

    By Keys, "Cubic convolution interpolation for digital image processing", 1981, as ONNX Resize has it.
    Arguments are those of `nearest_indices`; both results have shape (output length, 4).
    """
    positions = source_positions(resize, length, scale, axis)
    indices = np.floor(positions).astype(np.int64)[:, None] + np.arange(-1, 3)
    t = np.abs(positions[:, None].astype(np.float64) - indices)
    a = resize.cubic_coefficient
    near, far = (a + 2) * t**3 - (a + 3) * t**2 + 1, a * (t**3 - 5 * t**2 + 8 * t - 4)
    weights = np.where(t <= 1, near, np.where(t < 2, far, 0))
    if resize.exclude_outside:
        weights = np.where((indices >= 0) & (indices < length), weights, 0)
        weights /= weights.sum(axis=1, keepdims=True)
    return np.clip(indices, 0, length - 1), weights.astype(np.float32)
