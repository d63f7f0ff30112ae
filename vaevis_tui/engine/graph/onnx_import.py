"""From an ONNX model to the operator graph.

The model is read for one example: every shape is then a known number, and ``Shape``, ``Gather``, ``Concat``
and what else an exporter writes to compute shapes folds away as the nodes are read in order.

To add an operator, add a method that takes the node and name it in `_OPERATORS`; a pointwise one is a row of
`_POINTWISE`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NoReturn

import numpy as np

from vaevis_tui.engine.graph import ir, onnx_normalization, onnx_selection
from vaevis_tui.engine.graph.expression import Array, Call, Expression, Literal, Operand, call
from vaevis_tui.engine.graph.folding import EVALUATORS, Constant, dtype_of, reshape_target
from vaevis_tui.engine.graph.ir import Graph, Operator, Shape, UnsupportedGraph

MAX_TENSOR = 1 << 29
"""Bytes of one tensor: sizes and pads are only numbers in a file, and tables are made from them."""


@dataclass(frozen=True)
class Node:
    """An ONNX node with its attributes as Python values.

    Attributes:
        kind: ONNX op_type.
        name: Node name, or its first output's where it has none.
        inputs: Names of its inputs, empty where an optional one is left out.
        outputs: Names of its outputs.
        attributes: Attribute values by name.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def has(self, index: int) -> bool:
        """Whether an optional input is given."""
        return len(self.inputs) > index and self.inputs[index] != ""

    def fail(self, problem: str) -> NoReturn:
        """Refuse the graph on account of this node.

        Raises:
            UnsupportedGraph: Always; ``problem`` says what is not supported, with its value.
        """
        raise UnsupportedGraph(f"{self.kind} {self.name!r}: {problem}")


def import_onnx(model: Any) -> Graph:
    """Read a decoder into the operator graph.

    Args:
        model: A validated ``onnx.ModelProto`` with weights inside, or the path of one.

    Returns:
        The graph as the file has it, before any rewrite.

    Raises:
        UnsupportedGraph: An operator, an attribute or a shape is outside what the engine computes.
    """
    if isinstance(model, (str, os.PathLike)):
        import onnx

        model = onnx.load(os.fspath(model))
    return Importer(model).graph()


class Importer:
    """Reads nodes in order; what operators share is here."""

    def __init__(self, model: Any) -> None:
        from onnx import numpy_helper

        self._to_array = numpy_helper.to_array
        opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
        self.opset: int = opsets.get("ai.onnx", 0)
        self._graph = model.graph
        self.constants: dict[str, Constant] = {
            tensor.name: self._to_array(tensor) for tensor in self._graph.initializer
        }
        self.shapes: dict[str, Shape] = {}
        self.operators: list[Operator] = []
        self._renamed: dict[str, str] = {}

    # -- reading -------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """The whole model as a graph."""
        latent = self._latent()
        for proto in self._graph.node:
            self._read(self._node(proto))
        output = self.name(self._graph.output[0].name)
        if output not in self.shapes:
            raise UnsupportedGraph(
                f"output {self._graph.output[0].name!r} does not depend on the latent vector"
            )
        floats = {
            name: np.ascontiguousarray(array, np.float32)
            for name, array in self.constants.items()
            if array.dtype.kind in "fiub" and any(name in operator.reads for operator in self.operators)
        }
        return Graph(latent, self.shapes[latent], output, tuple(self.operators), floats)

    def _latent(self) -> str:
        inputs = [value for value in self._graph.input if value.name not in self.constants]
        if len(inputs) != 1:
            raise UnsupportedGraph(
                f"the graph has {len(inputs)} inputs; a decoder has one, the latent vector"
            )
        dims = [d.dim_value if d.HasField("dim_value") else 0 for d in inputs[0].type.tensor_type.shape.dim]
        if len(dims) != 2 or dims[1] < 1 or dims[0] > 1:
            raise UnsupportedGraph(f"input {inputs[0].name!r} has shape {dims}; a latent vector is (n, d)")
        self.shapes[inputs[0].name] = (1, dims[1])
        return str(inputs[0].name)

    def _node(self, proto: Any) -> Node:
        import onnx

        attributes: dict[str, Any] = {}
        for attribute in proto.attribute:
            value = onnx.helper.get_attribute_value(attribute)
            if isinstance(value, onnx.TensorProto):
                value = self._to_array(value)
            attributes[attribute.name] = value.decode() if isinstance(value, bytes) else value
        kind = proto.op_type if proto.domain in ("", "ai.onnx") else f"{proto.domain}.{proto.op_type}"
        inputs = tuple(self.name(name) for name in proto.input)
        return Node(kind, proto.name or proto.output[0], inputs, tuple(proto.output), attributes)

    def _read(self, node: Node) -> None:
        for name in filter(None, node.inputs):
            if name not in self.constants and name not in self.shapes:
                node.fail(f"reads {name!r}, which nothing before it makes")
        if node.kind == "Constant":
            self.constants[node.outputs[0]] = _constant_value(node)
        elif node.kind == "Shape":
            shape = np.array(self.shape(node.inputs[0]), np.int64)
            start, end = node.attributes.get("start", 0), node.attributes.get("end")
            self.constants[node.outputs[0]] = shape[start:end]
        elif all(name in self.constants for name in node.inputs if name):
            self.constants[node.outputs[0]] = self._fold(node)
        elif node.kind in _POINTWISE:
            function, defaults = _POINTWISE[node.kind]
            numbers = [float(node.attributes.get(key, default)) for key, default in defaults]
            self.pointwise(node, call(function, self.operand(node, 0), *numbers))
        elif node.kind in _OPERATORS:
            _OPERATORS[node.kind](self, node)
        else:
            shapes = ", ".join(str(self.shape(name)) for name in node.inputs if name)
            node.fail(f"this operator is not in the engine's set (inputs {shapes})")

    def _fold(self, node: Node) -> Constant:
        evaluator = EVALUATORS.get(node.kind)
        if evaluator is None:
            node.fail("its inputs are all constant, and this operator is not among those folded at load")
        if node.kind == "Cast" and dtype_of(node.attributes["to"]) is None:
            node.fail(f"to={node.attributes['to']} is not a type that the engine holds")
        try:
            return evaluator([self.constants[name] for name in node.inputs if name], node.attributes)
        except (ValueError, IndexError, TypeError, KeyError) as error:
            node.fail(f"cannot be folded at load: {error}")

    # -- helpers for operators -----------------------------------------------------------------------------

    def name(self, name: str) -> str:
        """The tensor that a name stands for: some nodes only rename."""
        return self._renamed.get(name, name)

    def shape(self, name: str) -> Shape:
        """Shape of a constant, or of a tensor for one example."""
        return self.constants[name].shape if name in self.constants else self.shapes[name]

    def constant(self, node: Node, index: int, what: str) -> Constant:
        """An input that has to be known at load; ``what`` names it in the refusal."""
        name = node.inputs[index]
        if name not in self.constants:
            node.fail(
                f"{what} is computed from the latent vector (shape {self.shape(name)}); it has to be constant"
            )
        return self.constants[name]

    def weight(self, node: Node, index: int, what: str) -> Array:
        """The same as float32."""
        return np.asarray(self.constant(node, index, what), np.float32)

    def optional(self, node: Node, index: int, attribute: str) -> Constant | None:
        """An argument that older opsets keep in an attribute and newer ones in an input."""
        if node.has(index):
            return self.constant(node, index, attribute)
        value = node.attributes.get(attribute)
        return None if value is None else np.asarray(value)

    def add(self, operator: Operator) -> None:
        """Append an operator, if its output is no larger than we hold."""
        if prod(operator.shape) * 4 > MAX_TENSOR:
            raise UnsupportedGraph(
                f"{operator.kind} {operator.output!r} makes a tensor of shape {operator.shape}; "
                f"at most {MAX_TENSOR >> 20} MiB are supported"
            )
        self.shapes[operator.output] = operator.shape
        self.operators.append(operator)

    def alias(self, node: Node) -> None:
        """Let the output be another name of the first input."""
        self._renamed[node.outputs[0]] = node.inputs[0]

    def operand(self, node: Node, index: int) -> Expression:
        """An input as an expression: a number if it is one, else the operand of that index."""
        array = self.constants.get(node.inputs[index])
        if array is not None and array.size == 1:
            return Literal(float(np.float32(array.item())))
        return Operand(index)

    def pointwise(self, node: Node, expression: Expression, inputs: tuple[str, ...] | None = None) -> None:
        """Add a pointwise operator over the node's inputs; what the expression leaves out is dropped."""
        names = node.inputs if inputs is None else inputs
        try:
            shape = np.broadcast_shapes(*(self.shape(name) for name in names if name))
        except ValueError as error:
            node.fail(f"its inputs do not broadcast: {error}")
        expression, operands = _compact(expression, names)
        self.add(
            ir.Pointwise(
                inputs=(), output=node.outputs[0], shape=shape, epilogue=expression, operands=operands
            )
        )

    def step(self, node: Node, output: str, expression: Expression, *inputs: str) -> None:
        """Add a pointwise operator of a node that takes several."""
        self.pointwise(dataclasses.replace(node, outputs=(output,)), expression, inputs)

    def move(self, name: str, output: str, view: Shape, order: Sequence[int], shape: Shape) -> None:
        """Add an `ir.Permute`."""
        self.add(ir.Permute(inputs=(name,), output=output, shape=shape, view=view, order=tuple(order)))

    def check_size(self, node: Node, elements: int) -> None:
        """Refuse an output of too many elements before anything is made for them."""
        if elements * 4 > MAX_TENSOR:
            node.fail(f"it makes {elements} elements; at most {MAX_TENSOR >> 20} MiB are supported")

    def spatial(self, node: Node) -> tuple[int, int, int]:
        """Channels, height and width of the first input."""
        shape = self.shape(node.inputs[0])
        if len(shape) != 4 or shape[0] != 1:
            node.fail(f"its input has shape {shape}; it has to be (n, c, h, w)")
        return shape[1], shape[2], shape[3]


def _constant_value(node: Node) -> Constant:
    kinds = ("value", "value_float", "value_floats", "value_int", "value_ints")
    key = next((key for key in kinds if key in node.attributes), None)
    if key is None:
        node.fail(f"its value is of a kind that is not supported ({', '.join(node.attributes)})")
    value = np.asarray(node.attributes[key])
    return value.astype(np.float32) if key.startswith("value_f") else value


def _compact(expression: Expression, names: tuple[str, ...]) -> tuple[Expression, tuple[str, ...]]:
    """Number the operands that an expression really uses, equal ones once."""
    used: list[str] = []

    def visit(node: Expression) -> Expression:
        match node:
            case Operand(index):
                if names[index] not in used:
                    used.append(names[index])
                return Operand(used.index(names[index]))
            case Call(function, arguments):
                return Call(function, tuple(visit(argument) for argument in arguments))
            case _:
                return node

    return visit(expression), tuple(used)


# -- operators ---------------------------------------------------------------------------------------------


def _binary(function: str) -> Callable[[Importer, Node], None]:
    def read(importer: Importer, node: Node) -> None:
        first, *others = node.inputs
        for index, other in enumerate(others):  # Sum, Max and Min take any number; one step joins two
            output = node.outputs[0] if index == len(others) - 1 else f"{node.outputs[0]}.{index}"
            pair = dataclasses.replace(node, inputs=(first, other), outputs=(output,))
            importer.pointwise(pair, call(function, importer.operand(pair, 0), importer.operand(pair, 1)))
            first = output
        if not others:
            importer.alias(node)

    return read


def _power(importer: Importer, node: Node) -> None:
    base, exponent = importer.operand(node, 0), importer.operand(node, 1)
    if exponent == Literal(2.0):  # exact, and right for negative numbers
        importer.pointwise(node, call("mul", base, base))
    else:
        importer.pointwise(node, call("power", base, exponent))


def _clip(importer: Importer, node: Node) -> None:
    expression = importer.operand(node, 0)
    for function, index, attribute in (("maximum", 1, "min"), ("minimum", 2, "max")):
        bound = importer.optional(node, index, attribute)
        if bound is not None and abs(bound.item()) < np.finfo(np.float32).max:
            expression = call(function, expression, bound.item())
    importer.pointwise(node, expression, node.inputs[:1])


def _prelu(importer: Importer, node: Node) -> None:
    x, slope = importer.operand(node, 0), importer.operand(node, 1)
    importer.pointwise(node, call("leaky_relu", x, slope))


def _gelu(importer: Importer, node: Node) -> None:
    approximate = node.attributes.get("approximate", "none")
    if approximate not in ("none", "tanh"):
        node.fail(f"approximate={approximate!r} is not supported; it is 'none' or 'tanh'")
    importer.pointwise(
        node, call("gelu" if approximate == "none" else "gelu_tanh", importer.operand(node, 0))
    )


def _batch_normalization(importer: Importer, node: Node) -> None:
    if node.attributes.get("training_mode", 0):
        node.fail("training_mode=1 is not supported; export the model in evaluation mode")
    channels = (1, -1) + (1,) * (len(importer.shape(node.inputs[0])) - 2)
    scale, shift, mean, variance = (
        importer.constant(node, index, "a statistic").astype(np.float64) for index in range(1, 5)
    )
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    stem = node.outputs[0]
    for suffix, array in (("factor", factor), ("offset", shift - mean * factor)):
        importer.constants[f"{stem}.{suffix}"] = array.astype(np.float32).reshape(channels)
    scaled = Node("Mul", node.name, (node.inputs[0], f"{stem}.factor"), (f"{stem}.scaled",), {})
    shifted = Node("Add", node.name, (f"{stem}.scaled", f"{stem}.offset"), (stem,), {})
    _binary("mul")(importer, scaled)
    _binary("add")(importer, shifted)


def _gemm(importer: Importer, node: Node) -> None:
    if node.attributes.get("transA", 0):
        node.fail("transA=1 is not supported")
    weight = importer.weight(node, 1, "B") * np.float32(node.attributes.get("alpha", 1.0))
    weight = weight if node.attributes.get("transB", 0) else weight.T
    bias = np.zeros(len(weight), np.float32)
    if node.has(2):
        bias = bias + importer.weight(node, 2, "C").reshape(-1) * np.float32(node.attributes.get("beta", 1.0))
    _linear(importer, node, weight, bias)


def _matmul(importer: Importer, node: Node) -> None:
    weight = importer.weight(node, 1, "the right-hand matrix")
    if weight.ndim != 2:
        node.fail(f"the right-hand matrix has shape {weight.shape}; it has to be two-dimensional")
    _linear(importer, node, weight.T, np.zeros(weight.shape[1], np.float32))


def _linear(importer: Importer, node: Node, weight: Array, bias: Array) -> None:
    source = importer.shape(node.inputs[0])
    if source[-1] != weight.shape[1] or np.prod(source) != source[-1]:
        node.fail(
            f"an input of shape {source} against {weight.shape[1]} weights; it has to be one vector (n, d)"
        )
    shape = (*source[:-1], len(weight))
    weight = np.ascontiguousarray(weight)
    importer.add(
        ir.Linear(inputs=node.inputs[:1], output=node.outputs[0], shape=shape, weight=weight, bias=bias)
    )


def _pair(node: Node, key: str, default: tuple[int, ...], length: int = 2) -> tuple[int, ...]:
    values = tuple(int(v) for v in node.attributes.get(key, default))
    if len(values) != length:
        node.fail(f"{key}={list(values)} is not supported; it has {length} numbers for height and width")
    return values


def _convolution_weight(importer: Importer, node: Node) -> Array:
    weight = importer.weight(node, 1, "the weight")
    if weight.ndim != 4:
        node.fail(f"a weight of shape {weight.shape}; only two-dimensional convolutions are supported")
    return weight


def _bias(importer: Importer, node: Node, index: int, outputs: int) -> Array:
    return importer.weight(node, index, "the bias") if node.has(index) else np.zeros(outputs, np.float32)


def _padding(
    node: Node, size: Sequence[int], strides: Sequence[int], spans: Sequence[int]
) -> tuple[int, int, int, int]:
    """Rows and columns that a window of so many pixels adds at the top, left, bottom and right."""
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto == "VALID":
        return 0, 0, 0, 0
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        totals = [max((-(-n // s) - 1) * s + k - n, 0) for n, s, k in zip(size, strides, spans, strict=True)]
        first = [t // 2 if auto == "SAME_UPPER" else t - t // 2 for t in totals]
        return first[0], first[1], totals[0] - first[0], totals[1] - first[1]
    pads = _pair(node, "pads", (0, 0, 0, 0), 4)
    return pads[0], pads[1], pads[2], pads[3]


def _convolution(importer: Importer, node: Node) -> None:
    channels, *size = importer.spatial(node)
    weight = _convolution_weight(importer, node)
    groups = int(node.attributes.get("group", 1))
    if weight.shape[1] * groups != channels or len(weight) % groups:
        node.fail(f"{channels} channels in {groups} groups against a weight of shape {weight.shape}")
    strides, dilations = _pair(node, "strides", (1, 1)), _pair(node, "dilations", (1, 1))
    spans = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True)]
    pads = _padding(node, size, strides, spans)
    grid = [
        (n + pads[i] + pads[i + 2] - spans[i]) // strides[i] + 1
        if n + pads[i] + pads[i + 2] >= spans[i]
        else 0
        for i, n in enumerate(size)
    ]
    if min(grid) < 1 or min(pads) < 0:
        node.fail(
            f"an input of {size[0]}x{size[1]} with pads={list(pads)} leaves nothing for a kernel of {spans}"
        )
    importer.add(
        ir.Convolution(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, len(weight), grid[0], grid[1]),
            weight=weight,
            bias=_bias(importer, node, 2, len(weight)),
            strides=(strides[0], strides[1]),
            pads=pads,
            dilations=(dilations[0], dilations[1]),
            groups=groups,
        )
    )


def _transposed_convolution(importer: Importer, node: Node) -> None:
    channels, *size = importer.spatial(node)
    weight = _convolution_weight(importer, node)
    groups = int(node.attributes.get("group", 1))
    if len(weight) != channels or channels % groups:
        node.fail(f"{channels} channels in {groups} groups against a weight of shape {weight.shape}")
    strides, dilations = _pair(node, "strides", (1, 1)), _pair(node, "dilations", (1, 1))
    extra = _pair(node, "output_padding", (0, 0))
    pads = _pair(node, "pads", (0, 0, 0, 0), 4)
    spans = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True)]
    full = [(n - 1) * s + k + e for n, s, k, e in zip(size, strides, spans, extra, strict=True)]
    auto = node.attributes.get("auto_pad", "NOTSET")
    if "output_shape" in node.attributes or auto in ("SAME_UPPER", "SAME_LOWER"):
        default = [n * s for n, s in zip(size, strides, strict=True)]
        wanted = [int(v) for v in node.attributes.get("output_shape", default)][-2:]
        totals = [max(f - w, 0) for f, w in zip(full, wanted, strict=True)]
        # ONNX: SAME_UPPER puts the odd one at the end, everything else at the start.
        first = [t // 2 if auto == "SAME_UPPER" else t - t // 2 for t in totals]
        pads = (*first, *(t - f for t, f in zip(totals, first, strict=True)))
        full = [max(f, w) for f, w in zip(full, wanted, strict=True)]
    elif auto == "VALID":
        pads = (0, 0, 0, 0)
    height, width = full[0] - pads[0] - pads[2], full[1] - pads[1] - pads[3]
    if min(height, width) < 1 or min(pads) < 0:
        node.fail(f"pads={list(pads)} leave nothing of an output of {full[0]}x{full[1]}")
    outputs = weight.shape[1] * groups
    importer.add(
        ir.TransposedConvolution(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, outputs, height, width),
            weight=weight,
            bias=_bias(importer, node, 2, outputs),
            strides=(strides[0], strides[1]),
            pads=(pads[0], pads[1], pads[2], pads[3]),
            dilations=(dilations[0], dilations[1]),
            groups=groups,
            source=(size[0], size[1]),
        )
    )


def _resize(importer: Importer, node: Node) -> None:
    channels, height, width = importer.spatial(node)
    get = node.attributes.get
    for key, good in (("antialias", 0), ("keep_aspect_ratio_policy", "stretch")):
        if get(key, good) != good:
            node.fail(f"{key}={get(key)!r} is not supported")
    mode = get("mode", "nearest")
    coordinates = get("coordinate_transformation_mode", "half_pixel")
    rounding = get("nearest_mode", "round_prefer_floor")
    if node.kind == "Upsample" or importer.opset < 11:
        coordinates, rounding = "asymmetric", "floor"
    if mode not in ("nearest", "linear", "cubic"):
        node.fail(f"mode={mode!r} is not supported; nearest, linear and cubic are")
    if mode == "linear" and get("exclude_outside", 0):
        node.fail("exclude_outside=1 with mode='linear' is not supported")
    if coordinates not in _COORDINATES:
        node.fail(f"coordinate_transformation_mode={coordinates!r} is not supported")
    scales, sizes = _resize_target(importer, node, (1, channels, height, width))
    if scales[:2] != [1.0, 1.0] or min(sizes) < 1:
        node.fail(f"scales={scales} are not supported; only height and width can be resized")
    importer.add(
        ir.Resize(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, channels, sizes[2], sizes[3]),
            mode=mode,
            scales=(scales[2], scales[3]),
            coordinates=coordinates,
            rounding=rounding,
            cubic_coefficient=float(get("cubic_coeff_a", -0.75)),
            exclude_outside=bool(get("exclude_outside", 0)),
        )
    )


_COORDINATES = (
    *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "tf_half_pixel_for_nn"),
    *("asymmetric", "align_corners"),
)


def _resize_target(importer: Importer, node: Node, shape: Shape) -> tuple[list[float], list[int]]:
    """Scales and sizes along all four axes."""
    axes = [int(a) % 4 for a in node.attributes.get("axes", range(4))]
    scales: list[float] = [1.0] * 4
    sizes = list(shape)
    if node.has(3):
        for axis, target in zip(axes, importer.constant(node, 3, "sizes"), strict=True):
            sizes[axis], scales[axis] = int(target), float(np.float32(target) / np.float32(shape[axis]))
        return scales, sizes
    index = 1 if node.kind == "Upsample" or importer.opset < 11 else 2
    given = importer.optional(node, index, "scales")
    if given is None:
        node.fail("it has neither scales nor sizes")
    for axis, scale in zip(axes, given, strict=True):
        scales[axis], sizes[axis] = float(scale), int(np.floor(np.float32(shape[axis]) * np.float32(scale)))
    return scales, sizes


def _depth_to_space(importer: Importer, node: Node) -> None:
    channels, height, width = importer.spatial(node)
    block = int(node.attributes["blocksize"])
    mode = node.attributes.get("mode", "DCR")
    if block < 1 or channels % (block * block) or mode not in ("DCR", "CRD"):
        node.fail(f"blocksize={block}, mode={mode!r} on {channels} channels is not supported")
    shape = (1, channels // (block * block), height * block, width * block)
    importer.add(
        ir.DepthToSpace(inputs=node.inputs, output=node.outputs[0], shape=shape, block=block, mode=mode)
    )


def _view(importer: Importer, node: Node, shape: Shape) -> None:
    source = importer.shape(node.inputs[0])
    order = tuple(range(len(source)))
    importer.add(
        ir.Permute(inputs=node.inputs[:1], output=node.outputs[0], shape=shape, view=source, order=order)
    )


def _reshape(importer: Importer, node: Node) -> None:
    wanted = importer.constant(node, 1, "the shape")
    try:
        allow_zero = bool(node.attributes.get("allowzero", 0))
        shape = reshape_target(importer.shape(node.inputs[0]), wanted, allow_zero)
    except (ValueError, IndexError) as error:
        node.fail(str(error))
    _view(importer, node, shape)


def _flatten(importer: Importer, node: Node) -> None:
    shape = importer.shape(node.inputs[0])
    axis = int(node.attributes.get("axis", 1)) % (len(shape) + 1)
    _view(importer, node, (int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))))


def _squeeze(importer: Importer, node: Node) -> None:
    given = importer.optional(node, 1, "axes")
    axes = None if given is None else tuple(int(a) for a in given)
    _view(importer, node, np.squeeze(np.empty(importer.shape(node.inputs[0]), np.bool_), axes).shape)


def _unsqueeze(importer: Importer, node: Node) -> None:
    given = importer.optional(node, 1, "axes")
    if given is None:
        node.fail("it has no axes")
    axes = tuple(int(a) for a in given)
    _view(importer, node, np.expand_dims(np.empty(importer.shape(node.inputs[0]), np.bool_), axes).shape)


def _transpose(importer: Importer, node: Node) -> None:
    rank = len(importer.shape(node.inputs[0]))
    order = [int(a) for a in node.attributes.get("perm", reversed(range(rank)))]
    _permute(importer, node.inputs[0], node.outputs[0], order)


def _concat(importer: Importer, node: Node) -> None:
    shapes = [importer.shape(name) for name in node.inputs]
    axis = int(node.attributes["axis"]) % len(shapes[0])
    if axis == 0 or (axis > 1 and any(name in importer.constants for name in node.inputs)):
        node.fail(f"axis={axis} on shapes {shapes} is not supported")
    if axis == 1:
        shape = (shapes[0][0], sum(s[1] for s in shapes), *shapes[0][2:])
        importer.add(ir.Concat(inputs=node.inputs, output=node.outputs[0], shape=shape))
        return
    # The device joins channels: exchange them with the axis, join, and exchange them back.
    swap = [axis if a == 1 else 1 if a == axis else a for a in range(len(shapes[0]))]
    stem, swapped = node.outputs[0], []
    for index, name in enumerate(node.inputs):
        swapped.append(f"{stem}.swapped{index}")
        _permute(importer, name, swapped[-1], swap)
    _concat(
        importer,
        dataclasses.replace(node, inputs=tuple(swapped), outputs=(f"{stem}.joined",), attributes={"axis": 1}),
    )
    _permute(importer, f"{stem}.joined", stem, swap)


def _permute(importer: Importer, name: str, output: str, order: Sequence[int]) -> None:
    view = importer.shape(name)
    importer.move(name, output, view, order, tuple(view[axis] for axis in order))


def _pool(importer: Importer, node: Node) -> None:
    channels, *size = importer.spatial(node)
    get = node.attributes.get
    kernel, strides = _pair(node, "kernel_shape", ()), _pair(node, "strides", (1, 1))
    dilations = _pair(node, "dilations", (1, 1))
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    pads = _padding(node, size, strides, spans)
    include_pad = bool(get("count_include_pad", 0)) and node.kind == "AveragePool"
    if any(node.outputs[1:]) or (get("ceil_mode", 0) and include_pad) or get("storage_order", 0):
        node.fail("indices, storage_order=1, and ceil_mode=1 with count_include_pad=1 are not supported")
    if min(pads) < 0 or any(max(pads[i], pads[i + 2]) >= span for i, span in enumerate(spans)):
        node.fail(f"pads={list(pads)} reach beyond a window of {spans}")
    grid = []
    for i, (n, span, stride) in enumerate(zip(size, spans, strides, strict=True)):
        room = n + pads[i] + pads[i + 2] - span
        count = (-(-room // stride) if get("ceil_mode", 0) else room // stride) + 1
        # A last window that begins beyond the image and its first pads is left out.
        grid.append(count - 1 if get("ceil_mode", 0) and (count - 1) * stride >= n + pads[i] else count)
    if min(grid) < 1:
        node.fail(f"an input of {size[0]}x{size[1]} leaves nothing for a window of {spans}")
    importer.add(
        ir.Pool(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, channels, grid[0], grid[1]),
            function="max" if node.kind == "MaxPool" else "mean",
            kernel=(kernel[0], kernel[1]),
            strides=(strides[0], strides[1]),
            pads=(pads[0], pads[1]),
            dilations=(dilations[0], dilations[1]),
            include_pad=include_pad,
        )
    )


def _where(importer: Importer, node: Node) -> None:
    node = _numeric(importer, node)
    importer.pointwise(node, call("choose", *(importer.operand(node, index) for index in range(3))))


def _numeric(importer: Importer, node: Node) -> Node:
    """The node with truth values that are known as numbers."""
    inputs = []
    for name in node.inputs:
        array = importer.constants.get(name)
        if array is not None and array.dtype.kind == "b":
            name = f"{name}.number"
            importer.constants[name] = array.astype(np.float32)
        inputs.append(name)
    return dataclasses.replace(node, inputs=tuple(inputs))


def _comparison(function: str, *, swapped: bool = False) -> Callable[[Importer, Node], None]:
    def read(importer: Importer, node: Node) -> None:
        node = _numeric(importer, node)
        a, b = importer.operand(node, 0), importer.operand(node, 1)
        importer.pointwise(node, call(function, b, a) if swapped else call(function, a, b))

    return read


def _not(importer: Importer, node: Node) -> None:
    importer.pointwise(node, call("sub", 1.0, importer.operand(node, 0)))


def _celu(importer: Importer, node: Node) -> None:
    alpha = float(node.attributes.get("alpha", 1.0))
    x = importer.operand(node, 0)
    importer.pointwise(node, call("mul", call("elu", call("div", x, alpha), 1.0), alpha))


def _rename(importer: Importer, node: Node) -> None:
    importer.alias(node)


def _cast(importer: Importer, node: Node) -> None:
    kind = dtype_of(node.attributes["to"])
    if kind is np.bool_:
        importer.pointwise(node, call("sub", 1.0, call("equal", importer.operand(node, 0), 0.0)))
        return
    if kind not in (np.float32, np.float16, np.float64):
        node.fail(f"to={node.attributes['to']}: activations are float32 here")
    importer.alias(node)


_POINTWISE: Mapping[str, tuple[str, tuple[tuple[str, float], ...]]] = {
    # ONNX operator: (function of expression.FUNCTIONS, its further arguments as (attribute, default))
    "Abs": ("absolute", ()),
    "Ceil": ("round_up", ()),
    "Cos": ("cosine", ()),
    "Elu": ("elu", (("alpha", 1.0),)),
    "Erf": ("error_function", ()),
    "Exp": ("exponential", ()),
    "Floor": ("round_down", ()),
    "HardSigmoid": ("hard_sigmoid", (("alpha", 0.2), ("beta", 0.5))),
    "HardSwish": ("hard_swish", ()),
    "LeakyRelu": ("leaky_relu", (("alpha", 0.01),)),
    "Log": ("logarithm", ()),
    "Mish": ("mish", ()),
    "Neg": ("negate", ()),
    "Reciprocal": ("reciprocal", ()),
    "Relu": ("relu", ()),
    "Round": ("round_to_even", ()),
    "Selu": ("selu", (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875))),
    "Sigmoid": ("sigmoid", ()),
    "Sign": ("sign_of", ()),
    "Sin": ("sine", ()),
    "Softplus": ("softplus", ()),
    "Softsign": ("softsign", ()),
    "Sqrt": ("square_root", ()),
    "Tanh": ("hyperbolic_tangent", ()),
}

_OPERATORS: Mapping[str, Callable[[Importer, Node], None]] = {
    "Add": _binary("add"),
    "AveragePool": _pool,
    "BatchNormalization": _batch_normalization,
    "Cast": _cast,
    "Celu": _celu,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "DepthToSpace": _depth_to_space,
    "Div": _binary("div"),
    "Dropout": _rename,
    "Equal": _comparison("equal"),
    "Expand": onnx_selection.expand,
    "Flatten": _flatten,
    "Gather": onnx_selection.gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": onnx_normalization.reduction("mean"),
    "GlobalMaxPool": onnx_normalization.reduction("max"),
    "Greater": _comparison("greater"),
    "GreaterOrEqual": _comparison("greater_or_equal"),
    "GroupNormalization": onnx_normalization.group_normalization,
    "Identity": _rename,
    "InstanceNormalization": onnx_normalization.instance_normalization,
    "LayerNormalization": onnx_normalization.layer_normalization,
    "Less": _comparison("greater", swapped=True),
    "LessOrEqual": _comparison("greater_or_equal", swapped=True),
    "MatMul": _matmul,
    "Max": _binary("maximum"),
    "MaxPool": _pool,
    "Min": _binary("minimum"),
    "Mul": _binary("mul"),
    "Not": _not,
    "PRelu": _prelu,
    "Pad": onnx_selection.pad,
    "Pow": _power,
    "ReduceMax": onnx_normalization.reduction("max"),
    "ReduceMean": onnx_normalization.reduction("mean"),
    "ReduceSum": onnx_normalization.reduction("sum"),
    "Reshape": _reshape,
    "Resize": _resize,
    "Slice": onnx_selection.slice_,
    "Softmax": onnx_normalization.softmax,
    "Split": onnx_selection.split,
    "Squeeze": _squeeze,
    "Sub": _binary("sub"),
    "Sum": _binary("add"),
    "Tile": onnx_selection.tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Upsample": _resize,
    "Where": _where,
}

SUPPORTED_OPERATORS = tuple(sorted({*_POINTWISE, *_OPERATORS}))
"""ONNX operators that may depend on the latent vector; `folding.EVALUATORS` has those that may not."""
