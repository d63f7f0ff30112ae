"""What the readers of operators share: the graph as far as it has been read, and how they add to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Call, Expression, Literal, Operand
from vaevis_tui.engine.graph.ir import Operator, Shape, UnsupportedGraph
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import COMPUTED, NOTHING, ArgumentError, Given, Signature
from vaevis_tui.onnx_model.operators.folding import Array as Constant
from vaevis_tui.onnx_model.operators.signatures import SIGNATURES

MAX_TENSOR = 1 << 29
"""Bytes of one tensor that is made on the way; those of the file are bounded when their shapes are."""


def refuse(node: Node, problem: str) -> NoReturn:
    """Refuse the graph on account of a node.

    Raises:
        UnsupportedGraph: Always; ``problem`` says what is not supported, with its value.
    """
    raise UnsupportedGraph(f"{node.kind} {node.name!r}: {problem}")


class Importer:
    """The graph as far as it has been read, and how readers add to it.

    Attributes:
        opset: Version of ONNX's own operators that the file is written in.
        constants: Arrays known by now, by name.
        shapes: Shapes of the tensors that depend on the latent vector, by name, for one example.
        operators: What has been read, in order.
        whole: Names of tensors of whole numbers that are only moved before they are floats again.
    """

    def __init__(self, opset: int, constants: dict[str, Constant]) -> None:
        self.opset = opset
        self.constants = constants
        self.shapes: dict[str, Shape] = {}
        self.operators: list[Operator] = []
        self.whole: set[str] = set()
        self._renamed: dict[str, str] = {}

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
            refuse(
                node,
                f"{what} depends on the latent vector (shape {self.shape(name)}); it has to be constant",
            )
        return self.constants[name]

    def add(self, operator: Operator) -> None:
        """Append an operator.

        Raises:
            UnsupportedGraph: Its output takes more than `MAX_TENSOR` bytes.
        """
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
        """An input as an expression: a number if it is one, else the operand of that index.

        No shader's text can hold NaN or an infinity; a tensor can.
        """
        array = self.constants.get(node.inputs[index])
        if array is not None and array.size == 1 and np.isfinite(number := np.float32(array.item())):
            return Literal(float(number))
        return Operand(index)

    def as_pointwise(self, node: Node, expression: Expression, inputs: tuple[str, ...] | None = None) -> None:
        """Add a pointwise operator over the node's inputs; what the expression leaves out is dropped."""
        names = node.inputs if inputs is None else inputs
        try:
            shape = np.broadcast_shapes(*(self.shape(name) for name in names if name))
        except ValueError as error:
            refuse(node, f"its inputs do not broadcast: {error}")
        expression, operands = _compact(expression, names)
        operands = tuple(self._spread(name, shape, f"{node.outputs[0]}.spread") for name in operands)
        self.add(
            ir.Pointwise(
                inputs=(), output=node.outputs[0], shape=shape, epilogue=expression, operands=operands
            )
        )

    def _spread(self, name: str, shape: Shape, stem: str) -> str:
        """A tensor that broadcasts to a shape; in that shape where devices keep its axes no further apart."""
        own = self.shape(name)
        apart = len(shape) < 4 or (len(shape) == 4 and shape[0] == 1)
        alike = name in self.constants or (len(own) == len(shape) and own[:1] == shape[:1])
        if prod(own) == 1 or own == shape or (apart and alike):
            return name
        output = f"{stem}.{name}"
        if name in self.constants:
            self.constants[output] = np.broadcast_to(self.constants[name], shape)
        else:
            numbers = np.broadcast_to(np.arange(prod(own)).reshape(own), shape)
            self.add_static_gather(name, output, numbers, shape)
        return output

    def add_pointwise(self, node: Node, output: str, expression: Expression, *inputs: str) -> None:
        """Add a pointwise operator of a node that takes several."""
        self.as_pointwise(dataclasses.replace(node, outputs=(output,)), expression, inputs)

    def add_permute(self, name: str, output: str, view: Shape, order: Sequence[int], shape: Shape) -> None:
        """Add an `ir.Permute`, or what it makes of a constant."""
        if name in self.constants:
            self.constants[output] = self.constants[name].reshape(view).transpose(order).reshape(shape)
            return
        self.add(ir.Permute(inputs=(name,), output=output, shape=shape, view=view, order=tuple(order)))

    def add_static_gather(
        self, name: str, output: str, indices: NDArray[np.int64], shape: Shape, fill: float = 0.0
    ) -> None:
        """Add an `ir.StaticGather`, or what it makes of a constant."""
        flat = np.ascontiguousarray(indices).reshape(-1)
        if name in self.constants:
            values = np.append(np.asarray(self.constants[name], np.float32).reshape(-1), np.float32(fill))
            self.constants[output] = values[flat].reshape(shape)  # -1 is the last: the fill
        else:
            self.add(ir.StaticGather(inputs=(name,), output=output, shape=shape, indices=flat, fill=fill))

    def spatial_shape(self, node: Node) -> tuple[int, int, int]:
        """Channels, height and width of the first input, which has four axes."""
        shape = self.shape(node.inputs[0])
        if shape[0] != 1:
            refuse(node, f"its input has shape {shape}; it has to be (n, c, h, w)")
        return shape[1], shape[2], shape[3]


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


Read: TypeAlias = Callable[[Importer, Node, Given], None]
"""Adds what a node computes to the graph, or refuses it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How the engine reads an ONNX operator.

    Attributes:
        read: Is handed what the node has, checked as `SIGNATURES` declares it.
        takes: What it takes.
        rank: Number of axes of the first input; None: any.
    """

    read: Read
    takes: Signature
    rank: int | None = None

    def __call__(self, importer: Importer, node: Node) -> None:
        """Read a node.

        Raises:
            UnsupportedGraph: It is not as declared, or its reader refuses it.
        """

        def constant(place: int, name: str) -> Any:
            if not node.has(place):
                return None
            argument = self.takes.constants[name]
            if argument.computed and node.inputs[place] not in importer.constants:
                _check_rank(importer, node, place, argument.rank)
                return COMPUTED
            return importer.constant(node, place, name)

        _check_rank(importer, node, 0, self.rank)
        try:
            given = self.takes.read(node.attributes, len(importer.shape(node.inputs[0])), constant)
        except ArgumentError as error:
            refuse(node, str(error))
        self.read(importer, node, given)


def readers(reads: Mapping[str, Read], rank: int | None = None) -> dict[str, Reader]:
    """Readers by op_type, and the number of axes that the first inputs of all of them have."""
    return {kind: Reader(read, SIGNATURES.get(kind, NOTHING), rank) for kind, read in reads.items()}


def _check_rank(importer: Importer, node: Node, place: int, rank: int | None) -> None:
    shape = importer.shape(node.inputs[place])
    if rank not in (None, len(shape)):
        refuse(node, f"its input has shape {shape}; {rank} axes are supported")
