"""Small graphs to change, one operator or idea each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.engine.reference import Builder

CHANNELS, SIDE = 3, 4


LATENT = CHANNELS * SIDE * SIDE


Step = Callable[[Builder], Any]


def _norm(kind: str, *shapes: tuple[int, ...], **attributes: Any) -> Step:
    return lambda b: b.add(kind, *(b.weight(*shape) for shape in shapes), **attributes)


def _with(kind: str, *arrays: Any, **attributes: Any) -> Step:
    return lambda b: b.add(kind, *("" if a is None else b.constant(a) for a in arrays), **attributes)


def _ints(*values: int) -> Any:
    return np.array(values, np.int64)


def _floats(*values: float) -> Any:
    return np.array(values, np.float32)


def _attention(b: Builder) -> None:
    b.add("Reshape", b.constant(_ints(-1, 3, 16)))
    mask = np.where(np.tri(3, dtype=bool), 0, -np.inf).astype(np.float32)
    scores = b.node("MatMul", b.last, b.node("Transpose", b.last, perm=[0, 2, 1]))
    weights = b.node("Softmax", b.node("Add", scores, b.constant(mask)), axis=-1)
    b.last = b.node("MatMul", weights, b.last)
    b.reshape(CHANNELS, SIDE, SIDE)


def _reduced(kind: str, *arrays: Any, **attributes: Any) -> Step:
    def step(b: Builder) -> None:
        whole = b.last
        b.last = b.node("Sub", whole, _with(kind, *arrays, **attributes)(b))

    return step


def _split(b: Builder) -> None:
    b._count += 1
    b.nodes.append(helper.make_node("Split", [b.last, b.constant(_ints(1, 2))], ["left", "right"], axis=1))
    b.last = b.node("Concat", "right", "left", axis=1)


def _many(kind: str, count: int) -> Step:
    def step(b: Builder) -> None:
        others = [b.last, b.constant(_floats(0.25)), b.weight(3, 1, 1)]
        b.last = b.node(kind, *others[:count])

    return step


def _branches(b: Builder) -> None:
    row = b.constant(_floats(0.0))
    chosen = b.node("Where", b.node("Greater", b.last, row), b.last, b.node("Neg", b.last))
    b.last = b.node("Clip", chosen, row, b.constant(np.float32(0.9)))


def _shape_arithmetic(b: Builder) -> None:
    shape = b.node("Shape", b.last)
    first = b.node("Gather", shape, b.constant(np.int64(0)), axis=0)
    parts = b.node(
        "Concat", b.node("Unsqueeze", first, b.constant(_ints(0))), b.constant(_ints(3, 4, 4)), axis=0
    )
    b.add("Reshape", parts)


def _modulated(b: Builder) -> None:
    style = b.node(
        "Reshape",
        b.node("Slice", "z", *map(b.constant, (_ints(0), _ints(3), _ints(1)))),
        b.constant(_ints(1, 1, 3, 1, 1)),
    )
    weight = b.node("Mul", b.weight(1, 3, 3, 3, 3), style)
    norm = b.node("ReduceSum", b.node("Mul", weight, weight), b.constant(_ints(2, 3, 4)), keepdims=1)
    weight = b.node("Div", weight, b.node("Sqrt", norm))
    b.add("Conv", b.node("Reshape", weight, b.constant(_ints(3, 3, 3, 3))), pads=[1, 1, 1, 1])


def _computed(b: Builder) -> None:
    weight = b.node(
        "Reshape",
        b.node("Slice", "z", *map(b.constant, (_ints(0), _ints(36), _ints(1)))),
        b.constant(_ints(3, 3, 2, 2)),
    )
    b.add("ConvTranspose", weight, strides=[2, 2], pads=[0, 0, 0, 0])


def _quantised(b: Builder) -> None:
    step, zero = b.constant(np.float32(0.05)), b.constant(np.array(100, np.uint8))
    b.add("QuantizeLinear", step, zero)
    b.add("DequantizeLinear", step, zero)


def _quantised_as_it_runs(b: Builder) -> None:
    b.nodes.append(helper.make_node("DynamicQuantizeLinear", [b.last], ["q", "step", "zero"]))
    b.last = b.node("DequantizeLinear", "q", "step", "zero")


def _scattered(b: Builder) -> None:
    part = b.node("Slice", b.last, *map(b.constant, (_ints(0), _ints(1), _ints(1))))
    places = np.stack(np.meshgrid([0], [2], range(4), range(4), indexing="ij"), -1)
    b.add("ScatterND", b.constant(places), part)


def _grid(b: Builder) -> None:
    theta = b.node("Slice", "z", *map(b.constant, (_ints(0), _ints(6), _ints(1))))
    theta = b.node("Reshape", theta, b.constant(_ints(1, 2, 3)))
    grid = b.node("AffineGrid", theta, b.constant(_ints(1, 3, 5, 4)), align_corners=1)
    b.add("GridSample", grid, mode="linear", padding_mode="border", align_corners=0)


STEPS: dict[str, Step] = {
    "Conv": lambda b: b.conv(3, 3),
    "Conv, in groups": lambda b: b.conv(3, 3, group=3, strides=[1, 1], dilations=[1, 1]),
    "Conv, same": lambda b: b.add("Conv", b.weight(3, 3, 3, 3), b.weight(3), auto_pad="SAME_UPPER"),
    "ConvTranspose": lambda b: b.conv_transposed(3, 3, 4, strides=[2, 2], pads=[1, 1, 1, 1]),
    "BatchNormalization": lambda b: b.batch_normalization(3),
    "InstanceNormalization": _norm("InstanceNormalization", (3,), (3,), epsilon=1e-5),
    "LayerNormalization": _norm("LayerNormalization", (4,), (4,), axis=-1),
    "LayerNormalization on 2": _norm("LayerNormalization", (4, 4), (4, 4), axis=2),
    "LayerNormalization, one bias": _norm("LayerNormalization", (4,), (1,), axis=-1),
    "PRelu": _norm("PRelu", (3, 1, 1)),
    "Softmax": lambda b: b.add("Softmax", axis=1),
    "Elu": lambda b: b.add("Elu", alpha=1.5),
    "Celu": lambda b: b.add("Celu", alpha=1.5),
    "HardSigmoid": lambda b: b.add("HardSigmoid", alpha=0.3, beta=0.4),
    "LeakyRelu": lambda b: b.add("LeakyRelu", alpha=0.2),
    "Gelu": lambda b: b.add("Gelu", approximate="tanh"),
    "Pow": _with("Pow", _floats(2.0)),
    "Clip": _with("Clip", np.float32(0.1), np.float32(0.9)),
    "Where and Clip": _branches,
    "Max of one": _many("Max", 1),
    "Min of three": _many("Min", 3),
    "Sum of three": _many("Sum", 3),
    "ReduceMean": _reduced("ReduceMean", _ints(2, 3)),
    "ReduceMax": _reduced("ReduceMax", _ints(-1)),
    "ReduceL2": _reduced("ReduceL2", _ints(1), keepdims=1),
    "ReduceSum": _reduced("ReduceSum", _ints(1, 2)),
    "GlobalAveragePool": _reduced("GlobalAveragePool"),
    "MaxPool": lambda b: b.add("MaxPool", kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1]),
    "AveragePool": lambda b: b.add("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1),
    "Resize by scales": lambda b: b.upsample(),
    "Resize to sizes": _with(
        "Resize", None, None, _ints(1, 3, 6, 6), mode="linear", coordinate_transformation_mode="half_pixel"
    ),
    "Resize, cubic": _with("Resize", None, _floats(1, 1, 2, 2), mode="cubic", cubic_coeff_a=-0.5),
    "DepthToSpace": lambda b: (b.conv(3, 12, 1), b.add("DepthToSpace", blocksize=2, mode="CRD")),
    "Transpose": lambda b: b.add("Transpose", perm=[0, 1, 3, 2]),
    "Flatten": lambda b: (b.add("Flatten", axis=1), b.reshape(3, 4, 4)),
    "Squeeze and Unsqueeze": lambda b: (
        b.add("Unsqueeze", b.constant(_ints(1))),
        b.add("Squeeze", b.constant(_ints(1))),
    ),
    "Slice": lambda b: (
        b.upsample(),
        b.add("Slice", *(b.constant(_ints(*each)) for each in ((0, 1), (6, 8), (2, 3), (1, 1)))),
    ),
    "Split and Concat": _split,
    "Pad": _with("Pad", _ints(0, 0, 1, 1, 0, 0, 1, 1), np.float32(0.5), mode="constant"),
    "Pad, reflected": _with("Pad", _ints(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect"),
    "Gather": _with("Gather", _ints(2, 1, 0), axis=1),
    "Tile": _with("Tile", _ints(1, 1, 2, 2)),
    "Expand": _with("Expand", _ints(1, 3, 4, 4)),
    "Gemm": lambda b: (b.add("Flatten"), b.linear(48, 48), b.reshape(3, 4, 4)),
    "MatMul": lambda b: (b.add("Flatten"), b.linear(48, 48, "MatMul"), b.reshape(3, 4, 4)),
    "Cast": lambda b: b.add("Cast", to=TensorProto.FLOAT),
    "Dropout": lambda b: b.add("Dropout"),
    "attention": _attention,
    "Conv, modulated": _modulated,
    "ConvTranspose, computed": _computed,
    "QuantizeLinear": _quantised,
    "DynamicQuantizeLinear": _quantised_as_it_runs,
    "ScatterND": _scattered,
    "GatherElements": _with("GatherElements", np.arange(48).reshape(1, 3, 4, 4) % 3, axis=1),
    "CumSum": _with("CumSum", np.array(2), exclusive=1, reverse=0),
    "Einsum": lambda b: b.add("Einsum", b.weight(3, 5), equation="nchw,co->nohw"),
    "GridSample": _grid,
    "LogSoftmax": lambda b: b.add("LogSoftmax", axis=1),
    "shape arithmetic": _shape_arithmetic,
    "GroupNormalization": _norm("GroupNormalization", (3,), (3,), num_groups=1, epsilon=1e-5),
}
"""What stands between z as an image and the last activation."""


OPSETS = {"Gelu": 20, "GridSample": 20, "GroupNormalization": 21}


def seed_model(name: str) -> onnx.ModelProto:
    """A decoder of 48 numbers to three channels of some pixels, with one step of `STEPS`."""
    b = Builder(LATENT, seed=3, opset=OPSETS.get(name, 18 if name.startswith("Reduce") else 17))
    b.view(CHANNELS, SIDE, SIDE)
    STEPS[name](b)
    b.add("Sigmoid")
    model = b.model()
    del model.graph.value_info[:]
    return model
