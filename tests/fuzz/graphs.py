"""Small decoders, one operator or idea each, and what may be done to them: structure-aware ONNX."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

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
