"""Rewrites that fuse pointwise operators with each other and into what makes their operands."""

from __future__ import annotations

import dataclasses

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import RESULT, Call, Expression, Literal, Operand, size, substitute
from vaevis_tui.engine.graph.ir import Graph, Operator
from vaevis_tui.engine.graph.rewrites.structure import MAX_OPERANDS

MAX_EPILOGUE = 48
"""Calls in one fused expression: more would spill registers, and no graph may grow one without end."""


def merge_pointwise(graph: Graph) -> Graph:
    """Put pointwise operators that nothing else reads into the pointwise operators that read them."""
    while (change := _mergeable(graph)) is not None:
        graph = graph.replace(change)
    return graph


def _mergeable(graph: Graph) -> dict[str, Operator | None] | None:
    producers, readers = graph.producers, graph.readers
    for consumer in graph.operators:
        if not isinstance(consumer, ir.Pointwise):
            continue
        for name in consumer.operands:
            inner = producers.get(name)
            if not isinstance(inner, ir.Pointwise) or name == graph.output or len(readers[name]) != 1:
                continue
            operands, epilogue = _inlined(consumer, inner)
            merged = dataclasses.replace(consumer, operands=operands, epilogue=epilogue)
            if size(merged.epilogue) <= MAX_EPILOGUE and len(merged.operands) <= MAX_OPERANDS:
                return {inner.output: None, consumer.output: merged}
    return None


def fuse_epilogues(graph: Graph) -> Graph:
    """Apply a pointwise operator (activation, residual add) where the last of its operands is made."""
    while (change := _fusable(graph)) is not None:
        removed, fused = change
        graph = graph.replace({removed: None, fused.output: fused})
    return graph


def _fusable(graph: Graph) -> tuple[str, Operator] | None:
    producers, readers = graph.producers, graph.readers
    order = {operator.output: index for index, operator in enumerate(graph.operators)}
    for consumer in graph.operators:
        if not isinstance(consumer, ir.Pointwise):
            continue
        # The operand made last: the others exist by then, so the producer may wait for them.
        made = [name for name in consumer.operands if name in producers]
        for name in sorted(made, key=order.__getitem__, reverse=True):
            producer = producers[name]
            alone = len(readers[name]) == 1 and name != graph.output
            if isinstance(producer, ir.Pointwise) or not alone or producer.shape != consumer.shape:
                continue
            operands, epilogue = _inlined(consumer, producer)
            fused = dataclasses.replace(
                producer, output=consumer.output, operands=operands, epilogue=epilogue
            )
            if size(fused.epilogue) <= MAX_EPILOGUE and len(fused.reads) <= MAX_OPERANDS + 1:
                return producer.output, fused
    return None


def undo_activations(graph: Graph) -> Graph:
    """Keep of a tensor only what a leaky ReLU makes of it, where the residuals that add it can undo that.

    A residual network reads one tensor twice, activated by a convolution and as it is by the sum behind that.
    """
    while (change := _undoable(graph)) is not None:
        graph = graph.replace(change)
    return graph


MIN_SLOPE = 1e-3
"""Below it, hardly anything is left of a number to be undone."""


def _undoable(graph: Graph) -> dict[str, Operator | None] | None:
    producers, readers = graph.producers, graph.readers
    for activation in graph.operators:
        match activation:
            case ir.Pointwise(operands=(name,), epilogue=Call("leaky_relu", (Operand(0), Literal(slope)))):
                producer = producers.get(name)
            case _:
                continue
        if producer is None or isinstance(producer, ir.Pointwise) or producer.shape != activation.shape:
            continue
        others = [producers[reader] for reader in readers[name] if reader != activation.output]
        if slope < MIN_SLOPE or name == graph.output or any(name in other.inputs for other in others):
            continue
        operands, epilogue = _inlined(activation, producer)
        made = dataclasses.replace(producer, output=activation.output, operands=operands, epilogue=epilogue)
        undone = {other.output: _undone(other, name, activation.output, 1 / slope) for other in others}
        if all(size(each.epilogue) <= MAX_EPILOGUE for each in (made, *undone.values())):
            return {name: made, activation.output: None, **undone}
    return None


def _undone(operator: Operator, name: str, activated: str, slope: float) -> Operator:
    """The operator with another tensor in the place of one operand, which a leaky ReLU turns into that."""
    operands = tuple(dict.fromkeys(activated if each == name else each for each in operator.operands))
    own = Call("leaky_relu", (Operand(operands.index(activated)), Literal(slope)))
    places = [own if each == name else Operand(operands.index(each)) for each in operator.operands]
    return dataclasses.replace(
        operator, operands=operands, epilogue=substitute(operator.epilogue, RESULT, places)
    )


def _inlined(consumer: Operator, inner: Operator) -> tuple[tuple[str, ...], Expression]:
    """The consumer's operands and expression with ``inner``'s in the place of the tensor that it makes."""
    operands = tuple(dict.fromkeys(o for o in (*inner.operands, *consumer.operands) if o != inner.output))
    body = substitute(inner.epilogue, RESULT, [Operand(operands.index(o)) for o in inner.operands])
    places = [body if o == inner.output else Operand(operands.index(o)) for o in consumer.operands]
    return operands, substitute(consumer.epilogue, RESULT, places)
