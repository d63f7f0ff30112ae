"""How the engine reads an ONNX operator: what a node has is checked as declared, then handed to a reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from vaevis_tui.engine.graph.readers.importer import Importer, refuse
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import COMPUTED, NOTHING, ArgumentError, Given, Signature
from vaevis_tui.onnx_model.operators.signatures import SIGNATURES

Read: TypeAlias = Callable[[Importer, Node, Given], None]
"""Adds what a node computes to the graph, or refuses it."""


@dataclass(frozen=True, slots=True)
class Operator:
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


def operators(readers: Mapping[str, Read], rank: int | None = None) -> dict[str, Operator]:
    """Operators by op_type, of what reads each and the number of axes that the first inputs of all have."""
    return {kind: Operator(read, SIGNATURES.get(kind, NOTHING), rank) for kind, read in readers.items()}


def _check_rank(importer: Importer, node: Node, place: int, rank: int | None) -> None:
    shape = importer.shape(node.inputs[place])
    if rank not in (None, len(shape)):
        refuse(node, f"its input has shape {shape}; {rank} axes are supported")
