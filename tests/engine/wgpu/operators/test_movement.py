"""Operators that move or resize, on the device against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.operator_check import BOUNDED, agrees, image
from tests.engine.reference import Builder

RESIZES = st.tuples(
    st.sampled_from(["nearest", "linear", "cubic"]),
    st.sampled_from(
        ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric", "align_corners"]
    ),
    st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]),
)


@settings(BOUNDED, max_examples=20)
@given(RESIZES, st.integers(1, 6), st.integers(1, 6), st.integers(1, 12), st.integers(1, 12))
def test_resizes_to_a_size(
    how: tuple[str, str, str], height: int, width: int, new_height: int, new_width: int
) -> None:
    mode, coordinates, rounding = how
    b = image(5, height, width, opset=19)
    sizes = b.constant(np.array([1, 5, new_height, new_width], np.int64))
    attributes = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attributes["nearest_mode"] = rounding
    b.add("Resize", "", "", sizes, **attributes)
    agrees(b, n=1)  # the sizes name the batch's too


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scale", [1.5, 2.0, 4.0])
def test_resizes_by_a_factor(mode: str, scale: float) -> None:
    b = image(3, 4, 5)
    b.upsample(scale, mode=mode)
    agrees(b)


@pytest.mark.parametrize("outside", [0, 1])
@pytest.mark.parametrize("scale", [0.6, 1.7, 2.0])
def test_cubic_resizes(scale: float, outside: int) -> None:
    b = image(3, 5, 4)
    b.upsample(scale, mode="cubic", cubic_coeff_a=-0.5, exclude_outside=outside)
    b.add("Tanh")
    agrees(b)


def test_resizes_with_tensorflow_s_coordinates() -> None:
    b = Builder(18, opset=11)
    b.view(2, 3, 3)
    region, scales = b.constant(np.zeros(0, np.float32)), b.constant(np.array([1, 1, 1.5, 3], np.float32))
    how = {"coordinate_transformation_mode": "tf_half_pixel_for_nn", "nearest_mode": "floor"}
    b.add("Resize", region, scales, mode="nearest", **how)
    agrees(b)


@pytest.mark.parametrize("opset", [9, 10])
def test_resizes_of_old_opsets(opset: int) -> None:
    b = Builder(12, opset=opset)
    b.view(2, 2, 3)
    kind = "Upsample" if opset == 9 else "Resize"
    b.add(kind, b.constant(np.array([1, 1, 2, 2], np.float32)), mode="linear")
    agrees(b)


@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize("padding", ["zeros", "border"])
@pytest.mark.parametrize(("opset", "mode"), [(16, "bilinear"), (20, "linear"), (20, "nearest")])
@pytest.mark.parametrize("computed", [False, True])
def test_pixels_at_places(align: int, padding: str, opset: int, mode: str, computed: bool) -> None:
    b = image(5, 4, 3, opset=opset)
    x, grid = b.last, b.weight(1, 6, 2, 2)
    if computed:
        b.last = "z"
        b.linear(b.latent, 24)
        grid = b.reshape(6, 2, 2)
    how = {"mode": mode, "padding_mode": padding, "align_corners": align}
    b.last = b.node("GridSample", x, grid, **how)
    agrees(b, n=2 if computed else 1)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("block", [2, 3])
def test_depth_to_space(mode: str, block: int) -> None:
    b = image(2 * block * block, 2, 3)
    b.add("DepthToSpace", blocksize=block, mode=mode)
    agrees(b)


@pytest.mark.parametrize("order", [(0, 3, 1, 2), (0, 2, 3, 1), (0, 1, 3, 2), (0, 3, 2, 1)])
def test_transposes(order: tuple[int, ...]) -> None:
    b = image(5, 3, 2)
    b.add("Transpose", perm=list(order))
    agrees(b)


def test_a_pixel_shuffle_spelled_out_in_six_dimensions() -> None:
    b = image(12, 2, 3)
    b.reshape(3, 2, 2, 2, 3)
    b.add("Transpose", perm=[0, 1, 4, 2, 5, 3])
    b.reshape(3, 4, 6)
    agrees(b)


def test_squeeze_and_unsqueeze() -> None:
    b = image(6, 1, 4)
    b.add("Squeeze", b.constant(np.array([2], np.int64)))
    b.add("Unsqueeze", b.constant(np.array([1, -1], np.int64)))
    b.add("Squeeze", b.constant(np.array([1, 4], np.int64)))
    agrees(b)


@BOUNDED
@given(st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_concats(channels: list[int]) -> None:
    b = image(3, 2, 3)
    x = b.last
    parts = [b.node("Conv", x, b.weight(count, 3, 1, 1)) for count in channels]
    b.last = b.node("Concat", *parts, axis=1)
    b.add("Relu")
    agrees(b)


def test_concats_with_a_constant_which_all_examples_share() -> None:
    b = image(3, 4, 5)
    n = b.node("Gather", b.node("Shape", "z"), b.constant(np.array([0], np.int64)))
    shape = b.node("Concat", n, b.constant(np.array([2, 4, 5], np.int64)), axis=0)
    shared = b.node("Expand", b.weight(1, 2, 4, 5), shape)
    b.last = b.node("Concat", shared, b.last, shared, axis=1)
    b.conv(7, 3)
    agrees(b, n=3)


@pytest.mark.parametrize("opset", [17, 18])
def test_spatial_means(opset: int) -> None:
    b = image(6, 3, 5, opset=opset)
    if opset == 17:
        b.add("ReduceMean", axes=[2, 3])
    else:
        b.add("ReduceMean", b.constant(np.array([-2, -1], np.int64)))
    b.add("Tanh")
    agrees(b)
