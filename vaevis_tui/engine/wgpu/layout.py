"""How tensors and weights lie in device memory.

An activation of C channels, H rows and W columns is ``[ceil(C/4)][H][W]`` of ``vec4<f32>``: four neighbouring
channels of a pixel are one load. A vector of d numbers is one of d channels and one pixel, so its blocks are
its numbers in order. Lanes beyond C hold zeros. What has two or three axes of which the first is not that of
the examples (tokens before them, heads) takes it for channels. What has more axes (as some exporters write on
the way to a pixel shuffle) is held flat, as a vector of all its elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph.ir import Shape


@dataclass(frozen=True, slots=True)
class Layout:
    """Device shape of a tensor.

    Attributes:
        channels: C.
        height: H.
        width: W.
    """

    channels: int
    height: int = 1
    width: int = 1

    @property
    def blocks(self) -> int:
        """Vec4s a pixel."""
        return -(-self.channels // 4)

    @property
    def pixels(self) -> int:
        """H · W."""
        return self.height * self.width

    @property
    def vec4s(self) -> int:
        """Vec4s an example."""
        return self.blocks * self.pixels

    @property
    def bytes(self) -> int:
        """Bytes an example."""
        return self.vec4s * 16

    @property
    def elements(self) -> int:
        """Numbers an example, padding lanes not counted."""
        return self.channels * self.pixels


def layout_of(shape: Shape, target: Shape | None = None) -> Layout:
    """Device shape of a tensor.

    Args:
        shape: Its ONNX shape for one example.
        target: The shape that it broadcasts to, if not its own: ONNX aligns shapes at the right.
    """
    target = target or shape
    shape = (1,) * (len(target) - len(shape)) + tuple(shape)
    if len(shape) == 4 and target[0] == 1:
        return Layout(*shape[1:])
    if len(shape) == 3:
        return Layout(shape[1], 1, shape[2]) if target[0] == 1 else Layout(*shape)
    if len(shape) == 2 and target[0] > 1:
        return Layout(shape[0], 1, shape[1])
    return Layout(prod(shape))


def blocked_order(layout: Layout) -> NDArray[np.int64]:
    """Flat row-major index of each lane of each vec4, -1 for padding lanes; int64 of shape (vec4s · 4,)."""
    order = np.full((layout.blocks * 4, layout.pixels), -1, np.int64)
    order[: layout.channels] = np.arange(layout.elements).reshape(layout.channels, layout.pixels)
    return order.reshape(layout.blocks, 4, layout.pixels).transpose(0, 2, 1).reshape(-1)


def take_padded(array: NDArray[Any], order: NDArray[np.int64], axis: int = 0) -> NDArray[Any]:
    """``array`` in another order along an axis, zeros where it says -1; itself where that is its order."""
    if len(order) == array.shape[axis] and (np.diff(order, prepend=-1) == 1).all():
        return array
    taken = np.take(array, np.maximum(order, 0), axis=axis)
    index = (slice(None),) * axis + (order < 0,)
    taken[index] = 0
    return taken


def to_blocked(array: NDArray[Any], layout: Layout) -> NDArray[np.float32]:
    """One example's numbers, in any shape, as the device holds them: float32 (vec4s · 4,)."""
    return take_padded(np.asarray(array, np.float32).reshape(-1), blocked_order(layout))


def from_blocked(data: NDArray[np.float32], layout: Layout, shape: Shape) -> NDArray[np.float32]:
    """The inverse of `to_blocked` for n examples.

    Args:
        data: float32 (n, vec4s · 4).
        layout: The tensor's device shape.
        shape: Its ONNX shape for one example.

    Returns:
        float32 of shape (n, *shape[1:]).
    """
    order = blocked_order(layout)
    flat = np.empty((len(data), layout.elements), np.float32)
    flat[:, order[order >= 0]] = data[:, order >= 0]
    return flat.reshape(len(data), *shape[1:])


def pad_to_blocks(array: NDArray[Any], axis: int) -> NDArray[Any]:
    """Zeros at the end of an axis up to a multiple of four."""
    missing = -array.shape[axis] % 4
    if missing == 0:
        return array
    return np.pad(array, [(0, missing if a == axis else 0) for a in range(array.ndim)])


_AT_ONCE = 1 << 16
"""Numbers looked at together: what is worked out about them stays in the processor's cache."""


def is_lossless_float16(array: NDArray[np.float32]) -> bool:
    """Whether every number survives being stored as a float16 (it does if the file stored float16)."""
    flat = array.ravel(order="K")  # as it lies in memory: no copy
    parts = (flat[start : start + _AT_ONCE] for start in range(0, flat.size, _AT_ONCE))
    return all(map(_is_lossless, parts))


def _is_lossless(part: NDArray[np.float32]) -> bool:
    if (part.view(np.uint32) & 0x1FFF).any():  # of 23 bits of a float32's fraction a float16 keeps 10
        return False
    size = np.abs(part)
    small = part[size < 2**-14]  # below its smallest normal number it has fewer
    return bool(size.max(initial=0) <= 65504 and (small.astype(np.float16) == small).all())
