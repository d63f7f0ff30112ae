"""What a graph tells of its output's values: followed back to the last activation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.folding import dtype_of
from vaevis_tui.onnx_model.operators.signatures import attribute
from vaevis_tui.onnx_model.shape_inference import Trace

Floats = NDArray[np.float64]

ACTIVATIONS = {
    "Sigmoid": (0.0, 1.0),
    "HardSigmoid": (0.0, 1.0),
    "Softmax": (0.0, 1.0),
    "Tanh": (-1.0, 1.0),
    "Sin": (-1.0, 1.0),
    "Cos": (-1.0, 1.0),
    "Softsign": (-1.0, 1.0),
    "Erf": (-1.0, 1.0),
}
"""Least and largest value of what has both."""

_MOVEMENT = frozenset(
    (
        "AveragePool",
        "CenterCropPad",
        "DepthToSpace",
        "Dropout",
        "Expand",
        "Flatten",
        "Gather",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "Identity",
        "MaxPool",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "Reshape",
        "Resize",
        "Slice",
        "SpaceToDepth",
        "Split",
        "Squeeze",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Upsample",
        "Ceil",
        "Floor",
        "Round",
    )
)
"""What moves, repeats or averages values: none leaves the range they had."""


_FUSED = ("com.microsoft.FusedConv", "com.microsoft.FusedGemm")
"""Operators with an activation of their own behind them."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What is known of a tensor's values by the operators that made it.

    Attributes:
        low: Least value, per element of a shape that broadcasts to the tensor's; -inf where there is none.
        high: Largest value.
        scale: The values are ``scale * u + offset`` of what the root made.
        offset: See ``scale``.
        root: op_type of the last operator that is neither movement nor affine.
    """

    low: Floats
    high: Floats
    scale: Floats
    offset: Floats
    root: str

    @classmethod
    def of(cls, root: str, low: float = -math.inf, high: float = math.inf) -> Tail:
        """Of an operator that makes values between two bounds."""
        return cls(np.array(low), np.array(high), np.array(1.0), np.array(0.0), root)

    def _mapped(self, function: Callable[[Floats], Floats]) -> Tail:
        """The same after a change of the shape that each of the arrays has."""
        return Tail(
            function(self.low), function(self.high), function(self.scale), function(self.offset), self.root
        )

    @property
    def bounded(self) -> bool:
        """Whether least and largest value are finite."""
        return bool(np.isfinite(self.low).all() and np.isfinite(self.high).all())

    def add(self, number: Floats) -> Tail:
        """The values plus a constant."""
        return replace(self, low=self.low + number, high=self.high + number, offset=self.offset + number)

    def multiply(self, number: Floats) -> Tail:
        """The values times a constant."""
        with np.errstate(invalid="ignore"):
            ends = np.stack(np.broadcast_arrays(self.low * number, self.high * number))
        ends = np.where(np.isnan(ends), 0.0, ends)  # infinity times zero
        return Tail(ends.min(0), ends.max(0), self.scale * number, self.offset * number, self.root)

    def clip(self, low: float, high: float, root: str) -> Tail:
        """The values cut at two bounds, which count as the root where they cut anything."""
        cut = not (np.all(self.low >= low) and np.all(self.high <= high))
        found = replace(self, low=np.clip(self.low, low, high), high=np.clip(self.high, low, high))
        return replace(found, scale=np.array(1.0), offset=np.array(0.0), root=root) if cut else found

    def scalars(self) -> Tail:
        """The same for all elements, where it is not known any more which is which."""
        if max(self.low.size, self.high.size, self.scale.size, self.offset.size) == 1:
            return self._mapped(lambda values: values.reshape(()))
        return Tail.of(self.root, float(self.low.min()), float(self.high.max()))

    def transposed(self, order: Sequence[int], rank: int) -> Tail:
        """With the axes of the tensor exchanged."""

        def move(values: Floats) -> Floats:
            return values.reshape((1,) * (rank - values.ndim) + values.shape).transpose(tuple(order))

        return self._mapped(move)


class Tails:
    """Follows a graph back from a tensor to what gives it its values."""

    def __init__(self, walk: Trace) -> None:
        self._walk = walk
        self._writers = {name: node for node in walk.nodes for name in node.outputs}
        self._found: dict[str, Tail] = {}

    def of(self, name: str) -> Tail:
        """What is known of a tensor's values."""
        # Depth first without recursion: a chain may be as long as the graph.
        stack = [name]
        while stack:
            current = stack[-1]
            node = self._writers.get(current)
            open_inputs = [] if node is None else [n for n in self._sources(node) if n not in self._found]
            if current not in self._found and open_inputs:
                stack.extend(open_inputs)
                continue
            stack.pop()
            if current not in self._found:
                self._found[current] = Tail.of("input") if node is None else self._tail(node)
        return self._found[name]

    def _sources(self, node: Node) -> list[str]:
        if node.kind in (*ACTIVATIONS, *_FUSED, "Conv", "ConvTranspose", "Gemm", "MatMul"):
            return []
        data = node.inputs
        if node.kind == "Where":  # not which of two it takes
            data = data[1:]
        elif node.kind in ("Gather", "GatherElements", "GatherND"):  # not where it takes them from
            data = data[:1]
        return [name for name in data if name and self._walk.depends(name)]

    def _constant(self, node: Node, index: int) -> Floats | None:
        if not node.has(index):
            return None
        value = self._walk.values.get(node.inputs[index])
        return None if value is None or value.dtype.kind not in "fiu" else value.astype(np.float64)

    def _tail(self, node: Node) -> Tail:
        kind = node.kind
        if kind in _FUSED:  # as onnxruntime stores what it optimised
            kind = node.attributes.get("activation", kind)
        if kind in ACTIVATIONS:
            return Tail.of(kind, *ACTIVATIONS[kind])
        if kind == "ArgMax":  # of so many levels of brightness
            shape = self._walk.shape(node.inputs[0])
            return Tail.of(kind, 0.0, shape[attribute(node, "axis", len(shape))] - 1.0)
        sources = [self._found[name] for name in self._sources(node)]
        if not sources:
            return Tail.of(kind)
        first = sources[0]
        if kind in ("Concat", "Where", "Max", "Min", "Sum", "Pad") and len(sources) > 1:
            tails = [source.scalars() for source in sources]
            if kind != "Sum":
                low, high = min(float(t.low) for t in tails), max(float(t.high) for t in tails)
                return Tail.of(tails[0].root, low, high)
        if len(sources) == 1:
            found = self._unary(node, first)
            if found is not None:
                return found
        elif kind == "Mul" and all(np.all(s.low >= 0) and np.all(s.high <= 1) for s in sources):
            return Tail.of(kind, 0.0, 1.0)
        return Tail.of(kind)

    def _unary(self, node: Node, tail: Tail) -> Tail | None:
        """Of an operator with one input that depends on z; None where nothing follows."""
        kind = node.kind
        if kind == "Transpose":
            rank = len(self._walk.shape(node.inputs[0]))
            return tail.transposed(attribute(node, "perm", rank) or range(rank)[::-1], rank)
        if kind == "Cast":
            dtype = dtype_of(attribute(node, "to"))
            return tail.clip(0, 255, "Cast") if dtype is np.uint8 else tail
        if kind in _MOVEMENT:
            return tail.scalars()
        if kind == "Pad":
            value = self._constant(node, 2)
            fill = float(value.ravel()[0]) if value is not None and value.size else 0.0
            if attribute(node, "mode") != "constant":
                return tail.scalars()
            flat = tail.scalars()
            return replace(flat, low=np.minimum(flat.low, fill), high=np.maximum(flat.high, fill))
        if kind in ("QuantizeLinear", "DequantizeLinear"):
            return self._quantised(node, tail)
        if kind == "Clip":
            low, high = self._clip_bounds(node)
            return tail.clip(low, high, kind)
        if kind == "Relu":
            return tail.clip(0, math.inf, kind)
        if kind == "Neg":
            return tail.multiply(np.asarray(-1.0))
        if kind in ("Exp", "Sqrt", "Abs", "Softplus"):
            return Tail.of(kind, 0.0)
        if kind == "Reciprocal":
            return _reciprocal(tail)
        return self._with_constant(node, tail)

    def _quantised(self, node: Node, tail: Tail) -> Tail | None:
        """Of values in steps of a scale, by one scale for all."""
        scale = self._constant(node, 1)
        zero = self._constant(node, 2) if node.has(2) else np.zeros(1)
        if scale is None or zero is None or scale.size != 1 or zero.size != 1 or not np.all(scale > 0):
            return None
        scale, zero = scale.reshape(()), zero.reshape(())
        if node.kind == "DequantizeLinear":
            return tail.add(-zero).multiply(scale)
        return tail.multiply(1 / scale).add(zero)

    def _clip_bounds(self, node: Node) -> tuple[float, float]:
        low, high = self._constant(node, 1), self._constant(node, 2)
        return (
            float(low.ravel()[0]) if low is not None else attribute(node, "min"),
            float(high.ravel()[0]) if high is not None else attribute(node, "max"),
        )

    def _with_constant(self, node: Node, tail: Tail) -> Tail | None:
        """Of an operator of a tensor and a constant."""
        if len(node.inputs) != 2:
            return tail.scalars() if node.kind in ("Concat", "Sum", "Max", "Min") else None
        place = 1 if self._walk.depends(node.inputs[0]) else 0
        number = self._constant(node, place)
        if number is None or not np.isfinite(number).all():
            return None
        match node.kind, place:
            case "Add", _:
                return tail.add(number)
            case "Sub", 1:
                return tail.add(-number)
            case "Sub", 0:
                return tail.multiply(np.asarray(-1.0)).add(number)
            case "Mul", _:
                return tail.multiply(number)
            case "Div", 1 if np.all(number != 0):
                return tail.multiply(1 / number)
            case "Div", 0:
                found = _reciprocal(tail)
                return None if found is None else found.multiply(number)
            case "Max", _:
                return tail.clip(float(number.min()), math.inf, node.kind)
            case "Min", _:
                return tail.clip(-math.inf, float(number.max()), node.kind)
            case "Pow", 1 if np.all(tail.low >= 0) and np.all(number > 0):
                return replace(Tail.of(tail.root), low=tail.low**number, high=tail.high**number)
            case "Concat", _:
                flat = tail.scalars()
                return replace(
                    flat, low=np.minimum(flat.low, number.min()), high=np.maximum(flat.high, number.max())
                )
        return None


def _reciprocal(tail: Tail) -> Tail | None:
    """One over values that are all positive, as in 1 / (1 + exp(-x))."""
    if not np.all(tail.low > 0):
        return None
    return replace(Tail.of("Reciprocal"), low=1 / tail.high, high=1 / tail.low)
