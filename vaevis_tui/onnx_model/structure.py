"""Whether an ONNX model is well formed, apart from shapes: versions, names, operators, weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from vaevis_tui.onnx_model.limits import MAX_NODES, beyond, supported
from vaevis_tui.onnx_model.node import UnsupportedError, label, reads
from vaevis_tui.onnx_model.operators.kinds import SUBGRAPHS, UNREPEATABLE
from vaevis_tui.text import one_line, quoted

if TYPE_CHECKING:
    import onnx

MIN_OPSET = 7
"""Of ONNX 1.2 (2018), the oldest that onnxruntime runs."""

DOMAINS = ("", "com.microsoft")
"""Whose operators onnxruntime brings along."""

MAX_DEPTH = 4
"""Of graphs inside operators."""

MAX_INPUTS = 1_000
"""Of one operator; a Concat has some ten. Checks that compare all of them would take gigabytes."""

MAX_RANK = 8
MAX_INTEGER = 2**31 - 1
"""Of an attribute: no size of a decoder comes near, and sums and products of a few cannot overflow."""

_ITEM_BITS = {
    "FLOAT": 32,
    "FLOAT16": 16,
    "DOUBLE": 64,
    "INT64": 64,
    "INT32": 32,
    "INT16": 16,
    "INT8": 8,
    "UINT64": 64,
    "UINT32": 32,
    "UINT16": 16,
    "UINT8": 8,
    "BOOL": 8,
    "BFLOAT16": 16,
    "FLOAT8E4M3FN": 8,
    "FLOAT8E4M3FNUZ": 8,
    "FLOAT8E5M2": 8,
    "FLOAT8E5M2FNUZ": 8,
    "FLOAT4E2M1": 4,
    "INT4": 4,
    "UINT4": 4,
    "INT2": 2,
    "UINT2": 2,
}
"""Types of weights and their bits an element in raw_data."""

_TYPED_FIELD = {
    "FLOAT": "float_data",
    "DOUBLE": "double_data",
    "INT64": "int64_data",
    "UINT64": "uint64_data",
    "UINT32": "uint64_data",
}
"""Where weights lie that are not raw; the other types use int32_data."""

_POSITIVE = ("blocksize", "dilations", "group", "kernel_shape", "num_groups", "size", "strides")
"""Attributes that divide or step: zero crashes some implementations."""

_ATTRIBUTE_TYPES = ("FLOAT", "INT", "STRING", "TENSOR", "FLOATS", "INTS")

Names: TypeAlias = set[str]


def check_structure(model: onnx.ModelProto) -> None:
    """Judge everything but shapes, in time linear in the number of nodes and weights.

    Raises:
        UnsupportedError: names the operator, weight or field, and what is supported.
    """
    import onnx

    graph = model.graph
    _check_versions(model)
    if graph.sparse_initializer:
        raise UnsupportedError("sparse_initializer: sparse weights are not supported; store them dense")
    if len(graph.node) > supported(MAX_NODES):
        raise UnsupportedError(f"{len(graph.node)} operators; {beyond(MAX_NODES)}")
    for tensor in graph.initializer:
        check_tensor(tensor, f"initializer {quoted(tensor.name)}")
    _check_names(graph)
    context = onnx.checker.C.CheckerContext()
    context.ir_version = model.ir_version
    context.opset_imports = {"": opset(model).version}
    for node in graph.node:
        _check_node(node, 0)
        if not node.domain and node.op_type not in SUBGRAPHS:
            _check_schema(node, context)


def opset(model: onnx.ModelProto) -> onnx.OperatorSetIdProto:
    """The model's version of the standard operators; there is one once `check_structure` has passed."""
    found: onnx.OperatorSetIdProto = next(e for e in model.opset_import if not e.domain)
    return found


def _check_versions(model: onnx.ModelProto) -> None:
    import onnx

    if not 3 <= model.ir_version <= onnx.IR_VERSION:
        raise UnsupportedError(f"ir_version {model.ir_version}; 3 to {onnx.IR_VERSION} are supported")
    versions = [entry.version for entry in model.opset_import if not entry.domain]
    newest = onnx.defs.onnx_opset_version()
    if len(versions) != 1:
        raise UnsupportedError(
            f"opset_import names {len(versions)} versions of the ONNX operators; one is needed"
        )
    if not MIN_OPSET <= versions[0] <= newest:
        raise UnsupportedError(f"opset {versions[0]}; opsets {MIN_OPSET} to {newest} are supported")


def check_tensor(tensor: onnx.TensorProto, what: str) -> None:
    """See that a weight lies inside the file and that its bytes are as many as its shape says.

    Raises:
        UnsupportedError: They are not, or it is of a type or rank that is not supported; names it by `what`.
    """
    import onnx

    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise UnsupportedError(f"{what} keeps its data in another file; initializers may, nothing else")
    if tensor.HasField("segment"):
        raise UnsupportedError(f"{what} is stored in segments, which is not supported")
    needed = raw_bytes(tensor, what)
    if tensor.HasField("raw_data"):
        size, unit, expected = len(tensor.raw_data), "bytes", needed
    else:
        kind = _enum_name(onnx.TensorProto.DataType, tensor.data_type)
        expected = (
            needed if _ITEM_BITS[kind] < 8 else math.prod(tensor.dims)
        )  # several are packed into a value
        size, unit = len(getattr(tensor, _TYPED_FIELD.get(kind, "int32_data"))), "values"
    if size != expected:
        raise UnsupportedError(
            f"{what} holds {size} {unit}, but its dims {_dims(tensor.dims)} need {expected}"
        )


def raw_bytes(tensor: onnx.TensorProto, what: str) -> int:
    """Bytes of a weight's numbers, when its type and dims have been found good.

    Raises:
        UnsupportedError: They are not.
    """
    import onnx

    kind = _enum_name(onnx.TensorProto.DataType, tensor.data_type)
    if kind not in _ITEM_BITS:
        raise UnsupportedError(f"{what} is of type {kind}; {', '.join(_ITEM_BITS)} are supported")
    if len(tensor.dims) > MAX_RANK or any(not 0 <= n <= MAX_INTEGER for n in tensor.dims):
        raise UnsupportedError(
            f"{what} has dims {_dims(tensor.dims)}; up to {MAX_RANK} sizes from 0 are supported"
        )
    bits: int = math.prod(tensor.dims) * _ITEM_BITS[kind]
    return -(-bits // 8)


def _enum_name(enum: Any, number: int) -> str:
    return str(enum.Name(number)) if number in enum.values() else str(number)


def _dims(dims: Sequence[int]) -> str:
    return "x".join(str(n) for n in dims[: MAX_RANK + 1]) or "()"


def _check_names(graph: onnx.GraphProto) -> None:
    """Every name is written once, and before it is read: no cycles, nothing missing."""
    known: Names = {""}
    for tensor in graph.initializer:
        _write(tensor.name, known, "initializer")
    for value in graph.input:
        if value.name not in known:  # older files list initializers among the inputs
            _write(value.name, known, "input")
    if len({value.name for value in graph.input}) != len(graph.input):
        raise UnsupportedError("two graph inputs have the same name")
    for node in graph.node:
        for name in reads(node):
            if name not in known:
                raise UnsupportedError(f"{label(node)} reads {quoted(name)}, which nothing before it writes")
        for name in node.output:
            if name:
                _write(name, known, label(node))
    for value in graph.output:
        if not value.name or value.name not in known:
            raise UnsupportedError(f"graph output {quoted(value.name)} is written by no operator")


def _write(name: str, known: Names, writer: str) -> None:
    if name in known:
        raise UnsupportedError(f"{writer} writes {quoted(name)}, a name that is empty or was written before")
    known.add(name)


def _check_node(node: onnx.NodeProto, depth: int) -> None:
    if len(node.input) + len(node.output) > MAX_INPUTS:
        raise UnsupportedError(
            f"{label(node)} has {len(node.input)} inputs and {len(node.output)} outputs; "
            f"up to {MAX_INPUTS} together are supported"
        )
    if node.domain == "com.microsoft.nchwc":
        raise UnsupportedError(
            f"{label(node)}: onnxruntime optimised this file for the processor of one machine; "
            "take the file that it was made of"
        )
    if node.domain not in DOMAINS:
        raise UnsupportedError(
            f"{label(node)} is of domain {quoted(node.domain)}, which onnxruntime does not know; "
            "export with ONNX's own operators"
        )
    if node.op_type in UNREPEATABLE:
        raise UnsupportedError(f"{label(node)} is random; a decoder gives the same image for the same z")
    for attribute in node.attribute:
        _check_attribute(node, attribute, depth)


def _check_schema(node: onnx.NodeProto, context: Any) -> None:
    """See that the operator is in this opset and has the inputs, outputs and attributes that it has there."""
    import onnx

    try:
        onnx.checker.check_node(node, context)
    except onnx.checker.ValidationError as error:
        raise UnsupportedError(f"{label(node)}: {one_line(error)}") from None


def _check_attribute(node: onnx.NodeProto, attribute: onnx.AttributeProto, depth: int) -> None:
    import onnx

    what = f"{label(node)}: attribute {quoted(attribute.name)}"
    kind = _enum_name(onnx.AttributeProto.AttributeType, attribute.type)
    if kind == "GRAPH" and node.op_type in SUBGRAPHS and depth < MAX_DEPTH:
        for tensor in attribute.g.initializer:
            check_tensor(tensor, f"initializer {quoted(tensor.name)}")
        for inner in attribute.g.node:
            _check_node(inner, depth + 1)
        return
    if kind not in _ATTRIBUTE_TYPES or attribute.ref_attr_name:
        raise UnsupportedError(f"{what} is of type {kind}; {', '.join(_ATTRIBUTE_TYPES)} are supported")
    if kind == "TENSOR":
        check_tensor(attribute.t, what)
    # Slice of opset 9 writes "to the end" as the largest int64 there is.
    bounded = () if attribute.name == "ends" else (attribute.i, *attribute.ints)
    if any(abs(value) > MAX_INTEGER for value in bounded):
        raise UnsupportedError(f"{what} holds a number beyond {MAX_INTEGER}")
    if attribute.name in _POSITIVE and any(value < 1 for value in (attribute.ints or [attribute.i])):
        raise UnsupportedError(f"{what} must be at least 1")
    if attribute.name == "num_outputs" and attribute.i != len(node.output):
        raise UnsupportedError(f"{what} is {attribute.i}, but the operator has {len(node.output)} outputs")
