"""Every operator on the device against onnxruntime: at most 1e-3 apart, and mostly a thousandth of that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.operator_check import ACTIVATIONS, BOUNDED, agrees, image
from tests.engine.reference import Builder
from tests.engine.wgpu.device import require_adapter

KINDS = st.sampled_from(["Gemm", "MatMul"])
SIDES = st.integers(1, 6)
CHANNELS = st.integers(1, 9)


@pytest.fixture(autouse=True)
def _adapter() -> None:
    require_adapter()


# -- matrices ------------------------------------------------------------------------------------------------


@BOUNDED
@given(st.integers(1, 70), st.integers(1, 70), KINDS, st.booleans())
def test_matrices(inputs: int, outputs: int, kind: str, fuse: bool) -> None:
    b = Builder(inputs, seed=inputs * 100 + outputs)
    b.linear(inputs, outputs, kind)
    agrees(b, fuse=fuse)


def test_gemm_with_factors_and_no_bias() -> None:
    b = Builder(5)
    b.add("Gemm", b.weight(5, 3), alpha=2.0)
    b.add("Gemm", b.weight(4, 3), b.weight(4), transB=1, alpha=0.5, beta=-3.0)
    agrees(b, fuse=False)


def test_a_matrix_after_an_image_and_before_one() -> None:
    b = image(3, 2, 5)
    b.add("Flatten")
    b.linear(30, 18)
    b.reshape(2, 3, 3)
    agrees(b)
    agrees(b, fuse=False)


@BOUNDED
@given(
    tokens=st.integers(1, 9),
    inputs=st.integers(1, 9),
    outputs=st.integers(1, 9),
    kind=KINDS,
    fuse=st.booleans(),
)
def test_matrices_of_every_token(tokens: int, inputs: int, outputs: int, kind: str, fuse: bool) -> None:
    b = Builder(tokens * inputs, seed=tokens * 10 + inputs)
    b.reshape(tokens, inputs)
    if kind == "Gemm":  # as exporters fold the tokens into the examples
        b.add("Reshape", b.constant(np.array((-1, inputs), np.int64)))
    b.linear(inputs, outputs, kind)
    b.add("Reshape", b.constant(np.array((-1, tokens, outputs), np.int64)))
    b.add("Mul", b.weight(tokens, 1))
    agrees(b, fuse=fuse)


@settings(BOUNDED, max_examples=14)
@given(
    batch=st.sampled_from([(), (1,), (3,), (2, 2)]),
    rows=st.integers(1, 9),
    inner=st.integers(1, 9),
    columns=st.integers(1, 9),
    side=st.sampled_from(["both", "left", "right", "left, alone", "right, alone"]),
    fuse=st.booleans(),
)
def test_products_of_matrices(
    batch: tuple[int, ...], rows: int, inner: int, columns: int, side: str, fuse: bool
) -> None:
    """Of two that depend on the latent vector, or of one and a constant, the same for a batch or not."""
    shapes = (*batch, rows, inner), (*batch, inner, columns)
    sizes = [int(np.prod(shape)) for shape in shapes]
    b = Builder(sum(sizes), seed=rows * 100 + inner * 10 + columns)
    sides = []
    for index, (shape, ends) in enumerate(zip(shapes, ((0, sizes[0]), (sizes[0], sum(sizes))), strict=True)):
        if side.startswith(("right", "left")[index]):
            sides.append(b.weight(*(shape[-2:] if "alone" in side else (1, *shape))))
            continue
        bounds = [b.constant(np.array([n], np.int64)) for n in (*ends, 1)]
        own = b.node("Slice", "z", *bounds)
        sides.append(b.node("Reshape", own, b.constant(np.array((-1, *shape), np.int64))))
    b.last = b.node("MatMul", *sides)
    b.add("Mul", b.constant(np.float32(0.5)))
    agrees(b, fuse=fuse)


# -- convolutions
# ----------------------------------------------------------------------------------------------


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    return {
        "groups": groups,
        "inputs": groups * draw(st.integers(1, 5)),
        "outputs": groups * draw(st.integers(1, 5)),
        "kernel": kernel,
        "strides": [draw(st.integers(1, 3)), draw(st.integers(1, 3))],
        "dilations": [draw(st.integers(1, 2)), draw(st.integers(1, 2))],
        "pads": [draw(st.integers(0, 2)) for _ in range(4)],
        "size": (draw(st.integers(5, 9)), draw(st.integers(5, 9))),
    }


@settings(BOUNDED, max_examples=14)
@given(convolutions(), st.booleans())
def test_convolutions(case: dict[str, Any], textures: bool) -> None:
    spans = [(k - 1) * d + 1 for k, d in zip(case["kernel"], case["dilations"], strict=True)]
    if any(
        n + sum(case["pads"][i::2]) < span
        for i, (n, span) in enumerate(zip(case["size"], spans, strict=True))
    ):
        return
    b = image(case["inputs"], *case["size"])
    attributes = {key: case[key] for key in ("strides", "dilations", "pads")}
    b.conv(case["inputs"], case["outputs"], case["kernel"], group=case["groups"], **attributes)
    agrees(b, textures=textures)


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_convolutions_that_pad_themselves(auto_pad: str) -> None:
    b = image(2, 5, 6)
    b.add("Conv", b.weight(3, 2, 4, 3), auto_pad=auto_pad, strides=[2, 1])
    agrees(b)


def test_depthwise_convolution() -> None:
    b = image(6, 5, 5)
    b.conv(6, 6, 3, group=6)
    agrees(b)


@settings(BOUNDED, max_examples=14)
@given(
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    pad=st.integers(0, 2),
    extra=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 1, 2]),
    height=st.integers(1, 5),
    fuse=st.booleans(),
)
def test_transposed_convolutions(
    kernel: int, stride: int, pad: int, extra: int, dilation: int, groups: int, height: int, fuse: bool
) -> None:
    grown = (height - 1) * stride + (kernel - 1) * dilation + 1 + extra - 2 * pad
    if grown < 1 or extra >= stride:
        return
    b = image(4, height, 4)
    b.conv_transposed(
        4,
        6,
        kernel,
        strides=[stride, stride],
        pads=[pad] * 4,
        output_padding=[extra, extra],
        dilations=[dilation, dilation],
        group=groups,
    )
    agrees(b, fuse=fuse)


def test_transposed_convolutions_of_a_given_output_shape() -> None:
    for auto_pad in ("NOTSET", "SAME_UPPER", "SAME_LOWER"):
        b = image(2, 3, 4)
        b.add("ConvTranspose", b.weight(2, 3, 3, 3), strides=[2, 2], output_shape=[6, 8], auto_pad=auto_pad)
        agrees(b, fuse=False)


@BOUNDED
@given(st.sampled_from([1, 3, 5]), SIDES, SIDES, st.sampled_from([2, 3]), CHANNELS)
def test_upsampled_convolutions(kernel: int, height: int, width: int, scale: int, outputs: int) -> None:
    b = image(5, height, width)
    b.upsample(float(scale))
    b.conv(5, outputs, kernel)
    agrees(b)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_shuffled_convolutions(mode: str, channels: int) -> None:
    b = image(3, 4, 5)
    b.conv(3, channels * 4)
    b.add("DepthToSpace", blocksize=2, mode=mode)
    b.add("Tanh")
    agrees(b)
    agrees(b, fuse=False)


# -- pointwise
# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(ACTIVATIONS))
def test_activations(kind: str) -> None:
    b = Builder(61, opset=18)
    b.add(kind, **ACTIVATIONS[kind])
    agrees(b, scale=3.0)


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "Softplus", "Elu", "Erf", "Mish"])
def test_activations_stay_finite_far_out(kind: str) -> None:
    b = Builder(8, opset=18)
    b.add(kind)
    agrees(b, scale=1e4)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str) -> None:
    b = Builder(33, opset=20)
    b.add("Gelu", approximate=approximate)
    agrees(b, scale=3.0)


@pytest.mark.parametrize("kind", ["Sqrt", "Log", "Reciprocal"])
def test_functions_of_positive_numbers(kind: str) -> None:
    b = Builder(16)
    b.add("Abs")
    b.add("Add", b.constant(np.float32(0.1)))
    b.add(kind)
    agrees(b)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.5, -1.0])
def test_powers(exponent: float) -> None:
    b = Builder(16)
    if exponent % 1:
        b.add("Abs")
    b.add("Pow", b.constant(np.float32(exponent)))
    agrees(b)


def test_clip_of_one_side_and_prelu() -> None:
    b = image(5, 2, 3)
    b.add("Clip", b.constant(np.float32(-1.5)))
    b.add("PRelu", b.weight(5, 1, 1))
    b.add("Clip", "", b.constant(np.float32(0.75)))
    agrees(b)


SHAPES = st.sampled_from(
    [(1,), (5, 1, 1), (1, 5, 1, 1), (3, 4), (4,), (1, 3, 1), (1, 1, 3, 4), (5, 3, 4), (1, 5, 3, 4)]
)


@settings(BOUNDED, max_examples=12)
@given(st.sampled_from(["Add", "Sub", "Mul", "Div", "Max", "Min"]), SHAPES, st.booleans())
def test_broadcasting(kind: str, shape: tuple[int, ...], constant_first: bool) -> None:
    b = image(5, 3, 4)
    other = b.constant(b.rng.uniform(0.5, 2, shape).astype(np.float32))
    b.last = b.node(kind, other, b.last) if constant_first else b.node(kind, b.last, other)
    agrees(b)


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 2, 1, 1, 1), (2, 2), (1, 1, 3, 1, 2)])
def test_broadcasting_in_five_dimensions(shape: tuple[int, ...]) -> None:
    b = Builder(24)
    b.reshape(2, 3, 2, 2)
    b.add("Mul", b.weight(*shape))
    agrees(b)
    agrees(b, fuse=False)


def test_broadcasting_of_computed_styles_in_five_dimensions() -> None:
    b = Builder(24)
    image = b.reshape(2, 3, 2, 2)
    b.last = "z"
    b.linear(24, 3)
    b.last = b.node("Mul", image, b.reshape(1, 3, 1, 1))
    agrees(b)


def test_broadcasting_of_two_activations() -> None:
    b = image(6, 3, 4)
    pooled = b.node("GlobalAveragePool", b.last)
    gate = b.node("Sigmoid", b.node("Conv", pooled, b.weight(6, 6, 1, 1)))
    b.last = b.node("Mul", b.last, gate)
    agrees(b)


def test_sums_of_several() -> None:
    b = image(3, 2, 2)
    x = b.last
    b.last = b.node("Sum", x, b.node("Sin", x), b.node("Cos", x), b.node("Abs", x))
    agrees(b)
    agrees(b, fuse=False)


def test_batch_normalization_on_its_own() -> None:
    b = image(5, 3, 2)
    b.batch_normalization(5)
    b.add("Relu")
    agrees(b)
    agrees(b, fuse=False)


def test_batch_normalization_of_a_vector() -> None:
    b = Builder(6)
    b.linear(6, 7)
    b.batch_normalization(7)
    agrees(b)


def test_activations_spelled_out() -> None:
    b = image(3, 4, 4)
    x = b.conv(3, 4)
    x = b.node("Mul", x, b.node("Sigmoid", x))  # SiLU
    inner = b.node("Mul", b.node("Pow", x, b.constant(np.float32(3))), b.constant(np.float32(0.044715)))
    inner = b.node("Mul", b.node("Add", x, inner), b.constant(np.float32(np.sqrt(2 / np.pi))))
    gate = b.node("Add", b.node("Tanh", inner), b.constant(np.float32(1)))
    b.last = b.node("Mul", b.node("Mul", x, gate), b.constant(np.float32(0.5)))  # GELU by tanh
    agrees(b)


# -- movement
# --------------------------------------------------------------------------------------------------

RESIZES = st.tuples(
    st.sampled_from(["nearest", "linear", "cubic"]),
    st.sampled_from(
        ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric", "align_corners"]
    ),
    st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]),
)


@settings(BOUNDED, max_examples=20)
@given(RESIZES, SIDES, SIDES, st.integers(1, 12), st.integers(1, 12))
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
