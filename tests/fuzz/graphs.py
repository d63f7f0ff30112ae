"""Small decoders, one operator or idea each, and what may be done to them: structure-aware ONNX."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.engine.reference import Builder

CHANNELS, SIDE = 3, 4
LATENT = CHANNELS * SIDE * SIDE

NUMBERS = (-(2**63), -(2**31), -7, -3, -2, -1, 0, 1, 2, 3, 4, 5, 8, 48, 1000, 65_536, 2**31 - 1, 2**63 - 1)
FLOATS = (float("nan"), float("inf"), float("-inf"), 0.0, -0.0, -1.0, 0.5, 2.0, 1e-37, 1e30, 3.4e38)
WORDS = (
    b"",
    b"linear",
    b"nearest",
    b"cubic",
    b"reflect",
    b"SAME_UPPER",
    b"VALID",
    b"CRD",
    b"tanh",
    b"\xff\xfe",
)

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


def changed(model: onnx.ModelProto, rng: random.Random) -> bytes:
    """A copy with one to three changes, as a file."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(_CHANGES)(copy, rng)
    data: bytes = copy.SerializeToString()
    if rng.random() < 0.05:  # names and keys that are no UTF-8, which protobuf itself does not write
        at = data.find(rng.choice((b"axis", b"mode", b"Sigmoid", b"c0", b"t1", b"alpha")))
        data = data if at < 0 else data[:at] + b"\xff" + data[at + 1 :]
    return data


def _array(rng: random.Random, like: Any = None) -> Any:
    """A constant of any shape and type, be it as large as another or not."""
    dtype = rng.choice(
        (np.float32, np.float32, np.int64, np.int64, np.float16, np.float64, np.int32, np.bool_)
    )
    shape = rng.choice(((), (0,), (1,), (2,), (3,), (4,), (1, 1), (3, 1), (2, 3), (1, 3, 1, 1), (3, 3, 3, 3)))
    array = np.zeros(shape, np.float64)
    for place in np.ndindex(array.shape):
        array[place] = rng.choice(FLOATS) if rng.random() < 0.2 else rng.randint(-4, 4)
    if like is not None and rng.random() < 0.5:
        dtype = like.dtype
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def _change_initializer(model: onnx.ModelProto, rng: random.Random) -> None:
    weights = model.graph.initializer
    if not weights:
        return
    tensor = rng.choice(weights)
    array = np.array(numpy_helper.to_array(tensor))
    how = rng.randrange(6)
    with np.errstate(all="ignore"):
        if how == 0:
            array = _array(rng, array)
        elif how == 1 and array.size:
            value = rng.choice(FLOATS) if array.dtype.kind == "f" else rng.choice(NUMBERS)
            array.reshape(-1)[rng.randrange(array.size)] = np.array(value).astype(array.dtype)
        elif how == 2:
            array = array.reshape(-1)
        elif how == 3:
            array = array[..., None] if rng.random() < 0.5 else array[None]
        elif how == 4 and array.ndim:
            array = array[: rng.randrange(len(array) + 1)]
        else:
            array = array.astype(
                rng.choice((np.float32, np.float16, np.float64, np.int64, np.int32, np.bool_))
            )
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _change_attribute(model: onnx.ModelProto, rng: random.Random) -> None:
    owners = [node for node in model.graph.node if node.attribute]
    if not owners:
        return
    node = rng.choice(owners)
    attribute = rng.choice(node.attribute)
    how = rng.randrange(8)
    if how == 0:
        node.attribute.remove(attribute)
    elif how == 1:
        attribute.CopyFrom(helper.make_attribute(attribute.name, numpy_helper.from_array(_array(rng))))
    elif attribute.type == attribute.INT:
        attribute.i = rng.choice(NUMBERS)
    elif attribute.type == attribute.FLOAT:
        attribute.f = rng.choice(FLOATS)
    elif attribute.type == attribute.STRING:
        attribute.s = rng.choice(WORDS)
    elif attribute.type == attribute.INTS:
        _change_list(attribute.ints, rng, NUMBERS)
    elif attribute.type == attribute.FLOATS:
        _change_list(attribute.floats, rng, FLOATS)


def _change_list(values: Any, rng: random.Random, choices: tuple[Any, ...]) -> None:
    how = rng.randrange(3)
    if how == 0 and values:
        values[rng.randrange(len(values))] = rng.choice(choices)
    elif how == 1 and values:
        values.pop()
    else:
        values.append(rng.choice(choices))


_EXTRA = {
    "axis": NUMBERS, "group": NUMBERS, "keepdims": NUMBERS, "alpha": FLOATS, "epsilon": FLOATS, "mode": WORDS,
    "auto_pad": WORDS, "ceil_mode": NUMBERS, "transA": NUMBERS, "transB": NUMBERS, "allowzero": NUMBERS,
    "training_mode": NUMBERS, "count_include_pad": NUMBERS, "noop_with_empty_axes": NUMBERS, "to": NUMBERS,
    "exclude_outside": NUMBERS, "antialias": NUMBERS, "storage_order": NUMBERS, "fmod": NUMBERS,
}  # fmt: skip
_LISTS = (
    "axes",
    "pads",
    "strides",
    "dilations",
    "output_padding",
    "output_shape",
    "kernel_shape",
    "perm",
    "split",
)


def _add_attribute(model: onnx.ModelProto, rng: random.Random) -> None:
    node = rng.choice(model.graph.node)
    if rng.random() < 0.4:
        values = [rng.choice(NUMBERS[3:14]) for _ in range(rng.randint(1, 4))]
        node.attribute.append(helper.make_attribute(rng.choice(_LISTS), values))
    else:
        name = rng.choice(tuple(_EXTRA))
        node.attribute.append(helper.make_attribute(name, rng.choice(_EXTRA[name])))


def _change_inputs(model: onnx.ModelProto, rng: random.Random) -> None:
    graph = model.graph
    node = rng.choice(graph.node)
    known = [
        *(t.name for t in graph.initializer),
        *(n for other in graph.node for n in other.output),
        "z",
        "",
    ]
    how = rng.randrange(4)
    if how == 0 and node.input:
        node.input.pop()
    elif how == 1 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(known)
    elif how == 2:
        node.input.append(rng.choice(known))
    else:
        tensor = numpy_helper.from_array(_array(rng), f"extra{len(graph.initializer)}")
        graph.initializer.append(tensor)
        if node.input and rng.random() < 0.7:
            node.input[rng.randrange(len(node.input))] = tensor.name
        else:
            node.input.append(tensor.name)


KINDS = (
    "Add", "Mul", "Sub", "Div", "Pow", "Max", "Min", "Relu", "Tanh", "Exp", "Log", "Sqrt", "Mod", "Round",
    "Sign", "Not", "Equal", "Where", "Identity", "Erf", "Softmax", "Squeeze", "Flatten", "Expand", "Tile",
    "ReduceSum", "ReduceProd", "ArgMax", "CumSum", "Transpose", "MatMul", "Concat", "Shape", "OneHot",
)  # fmt: skip
"""Of operators that another one may become."""

MORE = (
    "Exp", "Neg", "Relu", "Log", "Sqrt", "Reciprocal", "Softmax", "Add", "Mul", "Max", "Pow", "Round",
    "Floor", "Transpose", "ReduceMean", "Clip", "Mod",
)  # fmt: skip
"""Of operators that are put in between."""


def _change_operator(model: onnx.ModelProto, rng: random.Random) -> None:
    rng.choice(model.graph.node).op_type = rng.choice(KINDS)


def _insert_operator(model: onnx.ModelProto, rng: random.Random) -> None:
    """An operator after another, in front of all that read it."""
    graph = model.graph
    place = rng.randrange(len(graph.node))
    old = graph.node[place].output[0] if graph.node[place].output else ""
    kind, inputs = rng.choice(MORE), [old]
    if kind in ("Add", "Mul", "Max", "Pow", "Mod"):
        array = np.asarray(_array(rng), np.float32)
        graph.initializer.append(numpy_helper.from_array(array, f"more{len(graph.initializer)}"))
        inputs.insert(rng.randrange(2), graph.initializer[-1].name)
    made = f"{old}.more{len(graph.node)}"
    for later in list(graph.node)[place + 1 :]:
        for index, name in enumerate(later.input):
            if name == old:
                later.input[index] = made
    graph.node.insert(place + 1, helper.make_node(kind, inputs, [made]))


def _change_graph(model: onnx.ModelProto, rng: random.Random) -> None:
    how = rng.randrange(7)
    graph = model.graph
    if how == 0:
        model.opset_import[0].version = rng.choice((1, 7, 9, 11, 13, 17, 18, 20, 21, 23, 99))
    elif how == 1:
        model.ir_version = rng.choice((1, 3, 8, 10, 99))
    elif how == 2 and len(graph.node) > 1:
        del graph.node[rng.randrange(len(graph.node))]
    elif how == 3:
        dims = graph.input[0].type.tensor_type.shape.dim
        dims[rng.randrange(len(dims))].dim_value = rng.choice(NUMBERS)
    elif how == 4:
        graph.input[0].type.tensor_type.elem_type = rng.randint(0, 24)
    elif how == 5:
        graph.output[0].name = rng.choice([n for node in graph.node for n in node.output] or ["x"])
    else:
        graph.node.add().CopyFrom(rng.choice(graph.node))


_CHANGES = (
    _change_initializer, _change_initializer, _change_initializer, _change_attribute, _change_attribute,
    _add_attribute, _change_inputs, _change_inputs, _change_operator, _insert_operator, _change_graph,
)  # fmt: skip
