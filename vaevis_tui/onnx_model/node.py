"""An ONNX node as Python values, and how a refusal names it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx

Shape: TypeAlias = tuple[int, ...]

MAX_ELEMENTS = 1024
"""Of a value that is followed while shapes are: sizes, axes and scales are far shorter, weights longer."""


class UnsupportedError(ValueError):
    """The model is malformed or not supported; the text is a clause to put after the file's name."""


@dataclass(frozen=True, slots=True)
class Node:
    """An ONNX node.

    Attributes:
        kind: ONNX op_type, with its domain in front where that is not ONNX's own.
        name: Node name, or its first output's where it has none.
        inputs: Names of its inputs, empty where an optional one is absent.
        outputs: Names of its outputs, empty where an optional one is absent.
        attributes: Attribute values by name: numbers, lists, text; tensors as arrays, large ones as
            onnx.TensorProto.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    @classmethod
    def of(cls, proto: onnx.NodeProto) -> Node:
        """Read a node that `structure.check_structure` has passed."""
        return cls(
            kind=f"{proto.domain}.{proto.op_type}" if proto.domain else proto.op_type,
            name=proto.name or next(iter(proto.output), ""),
            inputs=tuple(proto.input),
            outputs=tuple(proto.output),
            attributes=attributes(proto),
        )

    def has(self, index: int) -> bool:
        """Whether an optional input is given."""
        return len(self.inputs) > index and self.inputs[index] != ""


def label(node: Node | onnx.NodeProto) -> str:
    """How a refusal names a node: its operator, and its name where it has one."""
    if isinstance(node, Node):
        kind, name = node.kind, node.name
    else:
        kind, name = node.op_type, node.name or next(iter(node.output), "")
    return f"operator {quoted(kind)} ({quoted(name)})" if name else f"operator {quoted(kind)}"


def attributes(proto: onnx.NodeProto) -> dict[str, Any]:
    """Attributes of a node as `Node.attributes` has them."""
    from onnx import helper, numpy_helper

    found: dict[str, Any] = {}
    for attribute in proto.attribute:
        value = helper.get_attribute_value(attribute)
        if attribute.type == attribute.TENSOR and math.prod(value.dims) <= MAX_ELEMENTS:
            value = numpy_helper.to_array(value)
        found[attribute.name] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return found


def reads(node: onnx.NodeProto) -> Iterable[str]:
    """Names that a node reads, those of the graphs inside it included."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs) if attribute.type in (5, 10) else ():
            inside = {value.name for value in (*graph.input, *graph.initializer)}
            inside |= {name for inner in graph.node for name in inner.output}
            yield from (name for inner in graph.node for name in reads(inner) if name not in inside)
            yield from (value.name for value in graph.output if value.name not in inside)
