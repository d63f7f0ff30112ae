"""Einsum and CumSum: sums of products along named axes, as products of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from vaevis_tui.engine.graph.expression import Operand, call
from vaevis_tui.engine.graph.readers.importer import Importer, Reader, readers, refuse
from vaevis_tui.engine.graph.readers.matrix import multiply
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import Given

_UNNAMED = "01234567"
"""Axes that ``...`` stands for, where others have letters."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A tensor whose axes have names.

    Attributes:
        name: The tensor.
        axes: A letter an axis, each once.
    """

    name: str
    axes: str


def _einsum(importer: Importer, node: Node, given: Given) -> None:
    left, _, right = given.equation.replace(" ", "").partition("->")
    parts = left.split(",")
    if len(parts) != len(node.inputs) or not left.replace(",", "").replace("...", "").isalpha():
        refuse(node, f"equation={given.equation!r} is not supported")
    terms = [_term(importer, node, place, axes) for place, axes in enumerate(parts)]
    unnamed = max((term.axes for term in terms), key=lambda axes: sum(axis in _UNNAMED for axis in axes))
    unnamed = "".join(axis for axis in unnamed if axis in _UNNAMED)
    if "->" not in given.equation:  # letters that stand once, in order
        right = "..." + "".join(sorted(axis for axis in set(left) - set(",.") if left.count(axis) == 1))
    target = right.replace("...", unnamed)
    for term in terms:
        if term.name not in importer.constants and term.axes[0] not in target:
            _check_axis(importer, node, term.name, 0)
    terms.sort(key=lambda term: term.name in importer.constants)
    while len(terms) > 1:
        first, second, *others = terms
        later = set(target).union(*(term.axes for term in others))
        name = f"{node.outputs[0]}.term{len(others)}"
        terms = [_joined(importer, node, first, second, later, name), *others]
    last = _summed(importer, node, terms[0], set(target), f"{node.outputs[0]}.sum")
    _arrange(importer, last, target, _lengths(importer, last), node.outputs[0])


def _check_axis(importer: Importer, node: Node, name: str, axis: int) -> None:
    if axis == 0 and importer.shape(name)[0] == 1:
        refuse(node, "it sums over the examples (axis 0), which are decoded one by one")


def _term(importer: Importer, node: Node, place: int, axes: str) -> _Term:
    """An input with all its axes named, and each once: of one named twice it is the diagonal."""
    name = node.inputs[place]
    shape = importer.shape(name)
    count = len(shape) - len(axes.replace("...", ""))
    axes = axes.replace("...", _UNNAMED[len(_UNNAMED) - count :] if count > 0 else "")
    if len(axes) != len(shape):
        refuse(node, f"equation: {axes!r} does not name the axes of shape {shape}")
    once = "".join(dict.fromkeys(axes))
    if once == axes:
        return _Term(name, axes)
    numbers = np.arange(prod(shape)).reshape(shape)
    numbers = np.einsum(numbers, [once.index(axis) for axis in axes], list(range(len(once))))
    importer.add_static_gather(name, f"{node.outputs[0]}.diagonal{place}", numbers, numbers.shape)
    return _Term(f"{node.outputs[0]}.diagonal{place}", once)


def _lengths(importer: Importer, *terms: _Term) -> dict[str, int]:
    return {
        axis: length
        for term in terms
        for axis, length in zip(term.axes, importer.shape(term.name), strict=True)
    }


def _joined(importer: Importer, node: Node, left: _Term, right: _Term, later: set[str], output: str) -> _Term:
    """The product of two terms, summed along the axes that nothing later names."""
    left = _summed(importer, node, left, later | set(right.axes), f"{output}.left")
    right = _summed(importer, node, right, later | set(left.axes), f"{output}.right")
    if left.name in importer.constants:  # to the right: there a matrix of weights is no tensor
        left, right = right, left
    lengths, others = _lengths(importer, left, right), _lengths(importer, right, left)
    if lengths != others:
        refuse(node, f"its inputs do not agree about the lengths of axes: {lengths} and {others}")
    both = [axis for axis in left.axes if axis in right.axes]
    batch, inner = "".join(a for a in both if a in later), "".join(a for a in both if a not in later)
    rows = "".join(axis for axis in left.axes if axis not in both)
    columns = "".join(axis for axis in right.axes if axis not in both)
    if not inner:  # nothing is summed: axes that one lacks are of length one there
        axes = batch + rows + columns
        sides = [
            _arrange(importer, term, axes, {a: lengths[a] for a in term.axes}, f"{output}.side{index}")
            for index, term in enumerate((left, right))
        ]
        importer.add_pointwise(node, output, call("mul", Operand(0), Operand(1)), *sides)
        return _Term(output, axes)

    def size(axes: str) -> int:
        return prod(lengths[axis] for axis in axes)

    shapes = ((size(batch), size(rows), size(inner)), (size(batch), size(inner), size(columns)))
    if size(batch) == 1:
        shapes = (shapes[0][1:], shapes[1][1:])  # type: ignore[assignment]
    names = [f"{output}.rows", f"{output}.columns", f"{output}.product"]
    for term, axes, shape, name in (
        (left, batch + rows + inner, shapes[0], names[0]),
        (right, batch + inner + columns, shapes[1], names[1]),
    ):
        order = [term.axes.index(axis) for axis in axes]
        importer.add_permute(term.name, name, importer.shape(term.name), order, shape)
    multiply(importer, replace(node, inputs=tuple(names[:2]), outputs=(names[2],)))
    axes = batch + rows + columns
    made = tuple(lengths[axis] for axis in axes)
    importer.add_permute(
        names[2], output, importer.shape(names[2]), range(len(importer.shape(names[2]))), made
    )
    return _Term(output, axes)


def _summed(importer: Importer, node: Node, term: _Term, kept: set[str], output: str) -> _Term:
    """A term summed along the axes that are not kept."""
    gone = "".join(axis for axis in term.axes if axis not in kept)
    if not gone:
        return term
    lengths = _lengths(importer, term)
    importer.constants[f"{output}.ones"] = np.ones([lengths[axis] for axis in gone], np.float32)
    return _joined(importer, node, term, _Term(f"{output}.ones", gone), kept, output)


def _arrange(importer: Importer, term: _Term, axes: str, lengths: Mapping[str, int], output: str) -> str:
    """The axes of a term in another order, with length one where it has none."""
    order = [term.axes.index(axis) for axis in axes if axis in term.axes]
    shape = tuple(lengths.get(axis, 1) for axis in axes)
    importer.add_permute(term.name, output, importer.shape(term.name), order, shape)
    return output


def _cumulative_sum(importer: Importer, node: Node, given: Given) -> None:
    """A matrix of ones and zeros along the axis."""
    shape = importer.shape(node.inputs[0])
    axes = "abcdefgh"[: len(shape)]
    along = given.axis
    _check_axis(importer, node, node.inputs[0], along)
    summed = np.tri(shape[along], k=-1 if given.exclusive else 0, dtype=np.float32)
    importer.constants[f"{node.outputs[0]}.ones"] = summed.T if given.reverse else summed
    term = _Term(node.inputs[0], axes.replace(axes[along], "z"))
    ones = _Term(f"{node.outputs[0]}.ones", axes[along] + "z")
    found = _joined(importer, node, term, ones, set(axes), f"{node.outputs[0]}.sums")
    _arrange(importer, found, axes, _lengths(importer, found), node.outputs[0])


OPERATORS: Mapping[str, Reader] = readers({"CumSum": _cumulative_sum, "Einsum": _einsum})
"""By op_type."""
