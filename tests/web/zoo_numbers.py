"""Small decoders whose kernels sum, choose, or reckon with whole numbers and truths."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tests.engine.operator_check import image
from tests.engine.reference import Builder


def shown(b: Builder, *shape: int) -> Builder:
    """The tensor made last, (n, ...) of a shape, through a matrix as an image of 3 x 6 x 5."""
    b.add("Flatten")
    b.linear(prod(shape), 3 * 6 * 5)
    b.reshape(3, 6, 5)
    b.add("Sigmoid")
    return b


def reductions(kind: str) -> Builder:
    """A gate from the mean or the maximum of each channel, as squeeze and excitation has it."""
    b = image(6, 3, 4)
    gate = b.node("Sigmoid", b.node("Conv", b.node(kind, b.node("Sin", b.last)), b.weight(6, 6, 1, 1)))
    b.last = b.node("Mul", b.last, gate)
    return shown(b, 6, 3, 4)


def attention() -> Builder:
    """Tokens that look at each other: products of matrices, a softmax, a layer normalization."""
    tokens, width = 6, 8
    b = Builder(tokens * width)
    b.reshape(tokens, width)
    x = b.last
    q, k, v = (b.node("MatMul", x, b.weight(width, width, fan_in=width)) for _ in range(3))
    scores = b.node("MatMul", q, b.node("Transpose", k, perm=[0, 2, 1]))
    mixed = b.node("MatMul", b.node("Softmax", scores, axis=-1), v)
    b.last = b.node("Add", x, mixed)
    b.add("LayerNormalization", b.weight(width), b.weight(width), axis=-1)
    return shown(b, tokens, width)


def wide_matrices() -> Builder:
    """Matrices whose sums are worth splitting among threads, of weights that are no float16."""
    b = Builder(128)
    b.linear(128, 96)
    b.add("Relu")
    b.linear(96, 16)
    return shown(b, 16)


def computed_weights() -> Builder:
    """A convolution whose weights a network of their own makes, and one whose weights are styled."""
    b = Builder(4 * 5 * 5)
    image = b.view(4, 5, 5)
    b.last = "z"
    b.linear(100, 6 * 4 * 9)
    weight = b.node("Reshape", b.last, b.constant(np.array((6, 4, 3, 3), np.int64)))
    image = b.node("Conv", image, weight, pads=[1, 1, 1, 1])
    b.last = "z"
    style = b.node("Reshape", b.linear(100, 6), b.constant(np.array((1, 1, 6, 1, 1), np.int64)))
    weight = b.node("Mul", b.weight(1, 3, 6, 3, 3), style)
    weight = b.node("Reshape", weight, b.constant(np.array((3, 6, 3, 3), np.int64)))
    b.last = b.node("Conv", image, weight, pads=[1, 1, 1, 1])
    b.add("Sigmoid")
    return b


def named_axes() -> Builder:
    """Sums of products along named axes, and running sums."""
    b = image(4, 3, 5)
    x = b.add("Sin")
    b.last = b.node("Einsum", x, b.weight(4, 6, fan_in=4), equation="nchw,cd->ndhw")
    b.last = b.node("Einsum", b.last, x, equation="ndhw,nchv->ndcwv")
    b.last = b.node("CumSum", b.reshape(6, 20, 5), b.constant(np.int64(2)))
    b.add("Tanh")
    return shown(b, 6, 20, 5)


def selections() -> Builder:
    """Elements that indices name, taken out and put in; pieces, repeated."""
    b = image(5, 4, 3)
    x = b.add("Sin")
    rng = np.random.default_rng(0)

    def indices(*values: object) -> str:
        return b.constant(np.array(values, np.int64))

    b.last = b.node("Gather", x, indices(4, 0, 0, 2), axis=1)
    places = rng.integers(0, 4, (1, 4, 2, 3))
    taken = b.node("GatherElements", b.last, b.constant(places), axis=2)
    put = b.node(
        "ScatterElements", b.last, b.constant(np.array([[[[3, 1, 0]]]])), b.weight(1, 1, 1, 3), axis=2
    )
    put = b.node("ScatterND", put, indices([0, 1], [0, 3]), b.weight(2, 4, 3))
    b.last = b.node("Concat", taken, put, axis=2)
    b.add("Tile", indices(1, 1, 1, 2))
    b.add("GatherND", indices([[0, 3], [0, 1], [0, 2], [0, 0]]))
    b.add("Cos")
    return shown(b, 4, 6, 6)


def affine() -> Builder:
    """A grid that the latent vector turns, as spatial transformers have it."""
    b = image(3, 4, 5, opset=20)
    x = b.add("Sin")
    b.last = "z"
    b.linear(b.latent, 6)
    grid = b.node(
        "AffineGrid", b.reshape(2, 3), b.constant(np.array((1, 3, 6, 5), np.int64)), align_corners=0
    )
    b.last = b.node("GridSample", x, grid)
    b.add("Sigmoid")
    return b


def normalizations() -> Builder:
    """Of a channel, of groups of them, of a batch long gone; a slope for each channel."""
    b = image(6, 3, 4, opset=21)
    b.add("InstanceNormalization", b.weight(6), b.weight(6))
    b.add("PRelu", b.weight(6, 1, 1))
    b.add("GroupNormalization", b.weight(6), b.weight(6), num_groups=3)
    mean, variance = b.weight(6), b.constant(np.linspace(0.5, 2, 6, dtype=np.float32))
    b.add("BatchNormalization", b.weight(6), b.weight(6), mean, variance)
    squares = b.node("ReduceSumSquare", b.last, b.constant(np.array([2, 3], np.int64)))
    b.last = b.node("Div", b.last, b.node("Add", squares, b.constant(np.float32(1))))
    b.add("Celu", alpha=0.5)
    return shown(b, 6, 3, 4)


def quantized() -> Builder:
    """Eight bits, as quantizers write them: weights, tensors between, and a convolution of whole numbers."""
    b = image(4, 5, 6, opset=21)
    rng = np.random.default_rng(0)
    scale, zero = b.constant(np.float32(0.02)), b.constant(np.int8(3))
    b.add("QuantizeLinear", scale, zero)
    b.add("DequantizeLinear", scale, zero)
    levels = b.constant(rng.integers(-127, 128, (6, 4, 3, 3)).astype(np.int8))
    scales = b.constant(np.linspace(0.001, 0.004, 6, dtype=np.float32))
    weight = b.node("DequantizeLinear", levels, scales, b.constant(np.zeros(6, np.int8)), axis=0)
    b.last = b.node("Conv", b.last, weight, pads=[1, 1, 1, 1])
    b.add("Tanh")
    return shown(b, 6, 5, 6)


def integers() -> Builder:
    """Whole numbers all the way: quantised as it runs, or with steps that were known before."""
    b = Builder(32)

    def levels(*shape: int) -> str:
        return b.constant(b.rng.integers(0, 256, shape).astype(np.uint8))

    def byte(value: int) -> str:
        return b.constant(np.array(value, np.uint8))

    def step(value: float) -> str:
        return b.constant(np.float32(value))

    def as_it_runs(kind: str, weight: str, fan_in: int, **attributes: Any) -> None:
        """A sum of integers and what makes numbers of it again, as `quantize_dynamic` writes them."""
        number, size, zero = b.nodes_of("DynamicQuantizeLinear", b.last, outputs=3)
        sums = b.node("Cast", b.node(kind, number, weight, zero, byte(128), **attributes), to=1)
        b.last = b.node("Mul", sums, b.node("Mul", size, step(1 / 74 / fan_in**0.5)))

    as_it_runs("MatMulInteger", levels(32, 4 * 5 * 6), 32)
    b.reshape(4, 5, 6)
    as_it_runs("ConvInteger", levels(6, 4, 3, 3), 36, pads=[1, 1, 1, 1])
    b.add("QuantizeLinear", step(0.03), byte(120))
    known = (step(0.03), byte(120), levels(5, 6, 3, 3), step(0.002), byte(128), step(0.02), byte(100))
    bias = b.constant(b.rng.integers(-2000, 2000, 5).astype(np.int32))
    b.add("QLinearConv", *known, bias, pads=[1, 1, 1, 1])
    b.reshape(5 * 5 * 6)
    b.add(
        "QLinearMatMul", step(0.02), byte(100), levels(150, 90), step(0.001), byte(128), step(0.01), byte(128)
    )
    b.add("DequantizeLinear", step(0.01), byte(128))
    b.reshape(3, 6, 5)
    b.add("Sigmoid")
    return b


def truths() -> Builder:
    """What is true of numbers, and one or the other where it is."""
    b = image(4, 3, 4)
    x = b.last
    y = b.node("Conv", x, b.weight(4, 4, 1, 1))
    less, least = b.node("Less", x, y), b.node("LessOrEqual", x, b.constant(np.float32(0.5)))
    both = b.node("And", less, b.node("Not", least))
    parts = [b.node("Where", each, x, y) for each in (less, both, b.node("Or", both, least))]
    b.last = b.node("Sum", *parts)
    b.add("Dropout")
    b.add("Identity")
    return shown(b, 4, 3, 4)


def sums_of_axes() -> Builder:
    """What is left of an axis, and copies of it in its place."""
    b = image(4, 3, 5, opset=18)
    x = b.add("Sin")
    axis = b.constant(np.array([3], np.int64))
    kinds = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2")
    parts = [b.node(kind, x, axis, keepdims=1) for kind in kinds]
    b.last = b.node("Concat", *parts, axis=3)
    b.last = b.node(
        "Squeeze",
        b.node("ReduceSum", b.last, b.constant(np.array([2], np.int64))),
        b.constant(np.array([2], np.int64)),
    )
    b.add("Unsqueeze", b.constant(np.array([2], np.int64)))
    b.add("Expand", b.constant(np.array([1, 4, 3, 6], np.int64)))
    left, right = b.nodes_of("Split", b.last, b.constant(np.array([1, 3], np.int64)), outputs=2, axis=1)
    b.last = b.node("Concat", b.node("Cos", right), b.node("Tanh", left), axis=1)
    return shown(b, 4, 3, 6)
