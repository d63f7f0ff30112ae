"""Enlarging convolutions as phases, and shuffles of pixels where they are stored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.graph.rewrites.compared import kinds, unchanged
from tests.engine.graph_reference import graph_output
from tests.engine.reference import (
    Builder,
    onnxruntime_output,
)
from vaevis_tui.engine.graph import import_onnx, rewrite
from vaevis_tui.engine.graph import rewrites as r
from vaevis_tui.engine.graph.expression import Call

UPSAMPLES = st.tuples(
    st.sampled_from([2, 3]),  # scale
    st.sampled_from([1, 3, 5]),  # kernel
    st.integers(1, 2),  # dilation
    st.sampled_from([("asymmetric", "floor"), ("half_pixel", "round_prefer_floor")]),
)


@settings(max_examples=15, deadline=None)
@given(UPSAMPLES, st.integers(1, 4), st.integers(1, 4))
def test_nearest_upsampling_and_a_convolution_are_phases(
    case: tuple[int, int, int, tuple[str, str]], height: int, width: int
) -> None:
    scale, kernel, dilation, (coordinates, rounding) = case
    b = Builder(2 * height * width, seed=10)
    b.view(2, height, width)
    b.upsample(float(scale), coordinate_transformation_mode=coordinates, nearest_mode=rounding)
    pad = dilation * (kernel - 1) // 2
    b.conv(2, 3, kernel, pads=[pad] * 4, dilations=[dilation] * 2)
    graph = import_onnx(b.model())
    fused = r.upsample_into_convolution(graph)
    assert kinds(fused) == ["Permute", "PhaseConvolution"]
    unchanged(graph, fused, b)


def test_upsampling_by_two_before_3x3_takes_four_ninths_of_the_multiply_adds() -> None:
    b = Builder(4 * 64)
    b.view(4, 8, 8)
    b.upsample()
    b.conv(4, 4)
    graph = import_onnx(b.model())
    assert r.upsample_into_convolution(graph).multiply_adds * 9 == graph.multiply_adds * 4


@pytest.mark.parametrize(
    ("attributes", "conv"),
    [
        ({"mode": "linear", "coordinate_transformation_mode": "half_pixel"}, {}),
        ({"coordinate_transformation_mode": "align_corners"}, {}),
        ({}, {"strides": [2, 2]}),
        ({}, {"group": 2}),
        ({}, {"pads": [0, 0, 0, 0]}),
    ],
)
def test_what_does_not_factor_into_phases_stays(attributes: dict[str, str], conv: dict[str, object]) -> None:
    b = Builder(2 * 16, seed=11)
    b.view(2, 4, 4)
    b.upsample(**attributes)  # type: ignore[arg-type]
    b.conv(2, 4, 3, **conv)
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert "Resize" in kinds(fused)
    unchanged(graph, fused, b)


@settings(max_examples=20, deadline=None)
@given(
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    pad=st.integers(0, 2),
    extra=st.integers(0, 2),
    dilation=st.integers(1, 2),
    height=st.integers(2, 4),
)
def test_transposed_convolutions_are_phases_where_they_enlarge_by_the_stride(
    kernel: int, stride: int, pad: int, extra: int, dilation: int, height: int
) -> None:
    span = (kernel - 1) * dilation + 1
    grown, across = ((size - 1) * stride + span + extra - 2 * pad for size in (height, 3))
    if extra >= stride or min(grown, across) < 1:
        return
    b = Builder(2 * height * 3, seed=12)
    b.view(2, height, 3)
    b.conv_transposed(
        2,
        3,
        kernel,
        strides=[stride] * 2,
        pads=[pad] * 4,
        output_padding=[extra] * 2,
        dilations=[dilation] * 2,
    )
    model = b.model()
    graph = import_onnx(model)
    fused = r.transposed_convolution_into_phases(graph)
    assert ("PhaseConvolution" in kinds(fused)) == (grown == height * stride)
    z = b.latents(1)
    np.testing.assert_allclose(graph_output(fused, z), onnxruntime_output(model, z), atol=2e-5)


def test_large_scales_stay_as_they_are() -> None:
    """Their phases would take more memory than the weights by the square of the scale."""
    b = Builder(8, seed=17)
    b.view(2, 2, 2)
    b.conv_transposed(2, 2, 8, strides=[8, 8])
    b.upsample(5.0)
    b.conv(2, 1)
    graph = import_onnx(b.model())
    assert "PhaseConvolution" not in kinds(rewrite(graph))


def test_a_transposed_convolution_of_a_point_is_a_matrix() -> None:
    b = Builder(6, seed=13)
    b.reshape(6, 1, 1)
    b.conv_transposed(6, 4, 4, pads=[0, 1, 0, 0])
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Linear"]
    assert fused.output_shape == (1, 4, 4, 3)
    unchanged(graph, fused, b)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("activation", ["before", "after"])
def test_a_pixel_shuffle_is_where_the_convolution_stores(mode: str, activation: str) -> None:
    b = Builder(2 * 12, seed=14)
    b.view(2, 3, 4)
    b.conv(2, 12)
    if activation == "before":
        b.add("Elu")
    b.add("DepthToSpace", blocksize=2, mode=mode)
    if activation == "after":
        b.add("Sigmoid")
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution"]
    assert isinstance(fused.operators[-1].epilogue, Call)
    unchanged(graph, fused, b)


def test_a_pixel_shuffle_after_a_residual_stays() -> None:
    b = Builder(4 * 9, seed=15)
    x = b.view(4, 3, 3)
    b.conv(4, 4)
    b.last = b.node("Add", b.last, x)
    b.add("DepthToSpace", blocksize=2, mode="CRD")
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution", "DepthToSpace"]
    unchanged(graph, fused, b)
