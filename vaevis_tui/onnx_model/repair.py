"""What is out of order in a graph and can be put right, before it is checked; each repair is said."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from vaevis_tui.onnx_model.low_precision import widen_weights
from vaevis_tui.onnx_model.node import UnsupportedError, reads
from vaevis_tui.onnx_model.structure import check_tensor
from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx

MAX_INLINED_NODES = 10_000
"""Operators once functions are written out; functions that call functions can make any number."""


def repair(model: onnx.ModelProto) -> list[str]:
    """Write out functions, sort operators, and take a model that was exported for training as it decodes.

    Returns:
        What was done, for people.

    Raises:
        UnsupportedError: Functions call each other in a circle, or make too many operators.
    """
    notes = []
    if model.functions:
        _inline_functions(model)
    _to_single_precision(model.graph)
    widen_weights(model.graph)
    for (
        node
    ) in model.graph.node:  # left out and empty is the same; onnxruntime crashes on some that are empty
        while node.input and not node.input[-1]:
            node.input.pop()
    if sort_nodes(model.graph):
        notes.append("its operators were out of order and are sorted")
    if _leave_training(model):
        notes.append(
            "it was exported in training mode and is decoded in evaluation mode; call eval() before exporting"
        )
    return notes


def sort_nodes(graph: onnx.GraphProto) -> bool:
    """Put operators behind those whose outputs they read, where they are not.

    What reads something that nothing writes, or itself, keeps its place; the check of names refuses it.

    Returns:
        Whether anything was moved.
    """
    nodes = list(graph.node)
    written = {name: place for place, node in enumerate(nodes) for name in node.output if name}
    needs = [
        {written[name] for name in reads(node) if name in written and written[name] != place}
        for place, node in enumerate(nodes)
    ]
    if all(max(needed, default=-1) < place for place, needed in enumerate(needs)):
        return False
    readers: list[list[int]] = [[] for _ in nodes]
    for place, needed in enumerate(needs):
        for other in needed:
            readers[other].append(place)
    missing = [len(needed) for needed in needs]
    ready = [place for place, count in enumerate(missing) if count == 0]
    order = []
    while ready:  # the earliest that can go next, so that what was in order stays so
        place = heapq.heappop(ready)
        order.append(place)
        for reader in readers[place]:
            missing[reader] -= 1
            if missing[reader] == 0:
                heapq.heappush(ready, reader)
    if len(order) < len(nodes):
        return False
    del graph.node[:]
    graph.node.extend(nodes[place] for place in order)
    return True


def _inline_functions(model: onnx.ModelProto) -> None:
    from onnx import inliner

    _check_expansion(model)
    try:
        inlined = inliner.inline_local_functions(model)
    except Exception as error:  # C++ exceptions of several kinds
        name = quoted(model.functions[0].name)
        raise UnsupportedError(f"function {name} cannot be written out: {quoted(str(error))}") from None
    model.CopyFrom(inlined)


def _check_expansion(model: onnx.ModelProto) -> None:
    """Refuse functions that call each other in a circle or make too many operators."""
    bodies = {(f.domain, f.name): f.node for f in model.functions}
    sizes: dict[tuple[str, str], int] = {}
    waiting: list[tuple[str, str]] = list(bodies)
    for _ in range(len(bodies) + 1):
        rest = []
        for key in waiting:
            called = [(node.domain, node.op_type) for node in bodies[key]]
            if all(call in sizes for call in called if call in bodies):
                sizes[key] = min(sum(sizes.get(call, 1) for call in called), MAX_INLINED_NODES + 1)
            else:
                rest.append(key)
        waiting = rest
        if not waiting:
            break
    if waiting:
        raise UnsupportedError(f"function {quoted(waiting[0][1])} calls itself")
    total = sum(sizes.get((node.domain, node.op_type), 1) for node in model.graph.node)
    if total > MAX_INLINED_NODES:
        raise UnsupportedError(
            f"{total} operators or more once its functions are written out; "
            f"up to {MAX_INLINED_NODES} are supported"
        )


_WIDE = (11, 16)
"""DOUBLE and BFLOAT16 of onnx.TensorProto.DataType: runtimes have few operators of these types."""


def _to_single_precision(graph: onnx.GraphProto) -> None:
    """Compute in float32 what is in double precision or in bfloat16."""
    wide = [value for value in (*graph.input, *graph.output) if value.type.tensor_type.elem_type in _WIDE]
    tensors = [tensor for tensor in graph.initializer if tensor.data_type in _WIDE]
    attributes = [
        attribute
        for node in graph.node
        for attribute in node.attribute
        if (attribute.type == attribute.TENSOR and attribute.t.data_type in _WIDE)
        or (attribute.name in ("to", "dtype") and attribute.i in _WIDE)
    ]
    for value in wide:
        value.type.tensor_type.elem_type = 1
    for attribute in attributes:
        if attribute.type == attribute.TENSOR:
            _single(attribute.t)
        else:
            attribute.i = 1
    for tensor in tensors:
        _single(tensor)


def _single(tensor: onnx.TensorProto) -> None:
    from onnx import numpy_helper

    check_tensor(tensor, f"initializer {quoted(tensor.name)}")
    array = numpy_helper.to_array(tensor).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _leave_training(model: onnx.ModelProto) -> bool:
    """Normalise by running statistics and drop nothing, as in evaluation mode."""
    changed = False
    for node in model.graph.node:
        if node.domain:
            continue
        if node.op_type == "BatchNormalization":
            for attribute in node.attribute:
                if attribute.name == "training_mode" and attribute.i:
                    attribute.i = 0
                    changed = True
            if len(node.output) > 1:
                del node.output[1:]
                changed = True
        elif node.op_type == "Dropout" and len(node.input) > 2 and node.input[2]:
            del node.input[2:]
            changed = True
    return changed
