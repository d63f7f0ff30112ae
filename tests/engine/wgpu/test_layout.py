"""How tensors lie in device memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaevis_tui.engine.wgpu.layout import (
    Layout,
    blocked_order,
    from_blocked,
    is_lossless_float16,
    layout_of,
    pad_to_blocks,
    take_padded,
    to_blocked,
)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((1, 7), Layout(7)),
        ((1, 3, 5, 2), Layout(3, 5, 2)),
        ((1, 3, 5), Layout(3, 1, 5)),
        ((2, 3, 5), Layout(2, 3, 5)),
        ((4, 6), Layout(4, 1, 6)),
        ((2, 3, 4, 5), Layout(120)),
        ((1, 2, 3, 4, 5, 6), Layout(720)),
        ((), Layout(1)),
    ],
)
def test_device_shapes(shape: tuple[int, ...], layout: Layout) -> None:
    assert layout_of(shape) == layout


def test_shapes_align_at_the_right() -> None:
    assert layout_of((5,), (1, 3, 4, 5)) == Layout(1, 1, 5)
    assert layout_of((3, 1, 1), (1, 3, 4, 5)) == Layout(3)
    assert layout_of((6,), (1, 6)) == Layout(6)
    assert layout_of((6,), (4, 6)) == Layout(1, 1, 6)
    assert layout_of((1, 4, 1), (2, 4, 6)) == Layout(1, 4)


def test_four_channels_of_a_pixel_lie_together() -> None:
    data = to_blocked(np.arange(2 * 2 * 2), Layout(2, 2, 2))
    assert data.reshape(4, 4).tolist() == [[0, 4, 0, 0], [1, 5, 0, 0], [2, 6, 0, 0], [3, 7, 0, 0]]


def test_a_vector_keeps_its_order() -> None:
    assert to_blocked(np.arange(1, 6), Layout(5)).tolist() == [1, 2, 3, 4, 5, 0, 0, 0]


@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
def test_there_and_back(n: int, channels: int, height: int, width: int) -> None:
    shape = (1, channels, height, width)
    layout = layout_of(shape)
    values = np.arange(n * layout.elements, dtype=np.float32).reshape(n, channels, height, width)
    data = np.stack([to_blocked(example, layout) for example in values])
    assert data.nbytes == n * layout.bytes
    np.testing.assert_array_equal(from_blocked(data, layout, shape), values)
    assert (blocked_order(layout) >= 0).sum() == layout.elements


def test_padding_is_zero() -> None:
    assert take_padded(np.array([5, 6]), np.array([1, -1, 0])).tolist() == [6, 0, 5]
    assert pad_to_blocks(np.ones((2, 5)), 1).shape == (2, 8)
    assert pad_to_blocks(np.ones((2, 5)), 1)[:, 5:].sum() == 0


def test_float16_is_lossless_only_for_what_it_holds() -> None:
    assert is_lossless_float16(np.array([0.5, -2, 65504], np.float32))
    assert not is_lossless_float16(np.array([0.1], np.float32))
    assert not is_lossless_float16(np.array([1e6], np.float32))
    many = np.ones((3, 70_000), np.float32).T
    assert is_lossless_float16(many)
    many[-1, -1] = 0.1
    assert not is_lossless_float16(many)
