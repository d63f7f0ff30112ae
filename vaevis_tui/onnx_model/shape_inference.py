"""Shape inference: one walk through a graph tells every shape before anything runs, within bounds.

The walk tells what depends on the latent vector from what does not. Values of a few numbers are computed on
the way, since shapes hang on them; weights are left as they lie until somebody asks for `Trace.constants`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.limits import (
    MAX_MULTIPLY_ADDS,
    MAX_TENSOR_ELEMENTS,
    MAX_TOTAL_ELEMENTS,
    beyond,
    supported,
)
from vaevis_tui.onnx_model.node import MAX_ELEMENTS, Node, Shape, UnsupportedError, label, reads
from vaevis_tui.onnx_model.operators.evaluate import evaluate
from vaevis_tui.onnx_model.operators.folding import FOLD_ERRORS, Array, TooLargeError, dtype_of, fold
from vaevis_tui.onnx_model.operators.kinds import LIKE_INPUT, RANDOM, SUBGRAPHS, WORK, shown
from vaevis_tui.onnx_model.operators.signatures import attribute
from vaevis_tui.onnx_model.probe import probe
from vaevis_tui.onnx_model.structure import MAX_RANK, opset
from vaevis_tui.text import one_line, quoted

if TYPE_CHECKING:
    import onnx


class Trace:
    """A graph as far as it has been walked, for one shape of its input.

    Attributes:
        input: Name of the first input.
        nodes: What depends on the input, in order.
        constant_nodes: What does not and is not among ``values`` yet, in order.
        values: Constants of a few numbers, by name.
        drawn: What random operators are taken to make, by the names of their outputs.
        multiply_adds: In convolutions, matrix products and pools.
    """

    def __init__(self, model: onnx.ModelProto, sources: Mapping[str, onnx.TypeProto], seed: int = 0) -> None:
        self.input = next(iter(sources))
        self.nodes: list[Node] = []
        self.constant_nodes: list[Node] = []
        self.values: dict[str, Array] = {}
        self.multiply_adds = 0
        self._model = model
        self._opset = opset(model)
        self._types: dict[str, onnx.TypeProto] = {}
        self._sources = dict(sources)
        self._probed: dict[str, tuple[int, Shape]] | None = None
        self._live = set(sources)
        self._elements = 0
        self._random = np.random.default_rng(seed)
        self.drawn: dict[str, Array] = {}
        for tensor in model.graph.initializer:
            self.give(tensor)
        self._types.update(sources)

    def give(self, tensor: onnx.TensorProto) -> None:
        """Take one more initializer of the model."""
        from onnx import helper, numpy_helper

        self._types[tensor.name] = helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
        if math.prod(tensor.dims) <= MAX_ELEMENTS:
            self.values[tensor.name] = numpy_helper.to_array(tensor)

    @property
    def opset(self) -> int:
        """Version of ONNX's own operators."""
        return int(self._opset.version)

    def shape(self, name: str) -> Shape:
        """Shape of a tensor."""
        return tuple(d.dim_value for d in self._types[name].tensor_type.shape.dim)

    def data_type(self, name: str) -> int:
        """onnx.TensorProto.DataType of a tensor."""
        return int(self._types[name].tensor_type.elem_type)

    def depends(self, name: str) -> bool:
        """Whether a tensor depends on the input."""
        return name in self._live

    def constants(self) -> dict[str, Array]:
        """Everything that does not depend on the input, weights among it, by name.

        Raises:
            UnsupportedError: Something cannot be computed; names the operator.
        """
        from onnx import numpy_helper

        found = {tensor.name: numpy_helper.to_array(tensor) for tensor in self._model.graph.initializer}
        found |= self.values
        for node in self.constant_nodes:
            inputs = [found[name] if name else None for name in node.inputs]
            found.update(zip(node.outputs, evaluate(node, inputs, self.opset), strict=True))
        return found

    def step(self, proto: onnx.NodeProto) -> None:
        """Find the types of a node's outputs, its value if it has a small one, and count its work.

        Raises:
            UnsupportedError: Its shapes do not fit or do not follow from the input's, or sizes or the work
                for one image go beyond the bounds; names the operator.
        """
        node = Node.of(proto)
        value = self._fold(node)
        if value is not None:
            self._know(node.outputs[0], value)
            return
        if node.kind in RANDOM:
            self._draw(node)
            return
        for name, kind in self._infer(node, proto).items():
            if not _is_sequence(kind):
                self._check(node, name, kind)
            self._types[name] = kind
        self._count(node)
        if any(name in self._live for name in reads(proto)):
            self._live.update(node.outputs)
            self.nodes.append(node)
        else:
            self.constant_nodes.append(node)

    def _fold(self, node: Node) -> Array | None:
        if len(node.outputs) != 1:
            return None
        if node.kind in ("Shape", "Size"):
            return self._size(node)
        if not all(name in self.values or not name for name in node.inputs):
            return None
        try:
            inputs = [self.values.get(name) for name in node.inputs]
            value = fold(node.kind, inputs, node.attributes, MAX_ELEMENTS)
        except TooLargeError:
            return None
        except FOLD_ERRORS as error:
            raise UnsupportedError(f"{label(node)} cannot be computed: {one_line(error)}") from None
        return None if value is None or value.size > MAX_ELEMENTS else value

    def _draw(self, node: Node) -> None:
        """Noise that is the same each time: random operators stand for constants."""
        shape = self.shape(node.inputs[0]) if node.inputs else attribute(node, "shape")
        if math.prod(shape) > supported(MAX_TENSOR_ELEMENTS):
            raise UnsupportedError(f"{label(node)} makes a tensor of shape {shape}")
        if "Normal" in node.kind:
            value = self._random.standard_normal(shape)
            value = attribute(node, "mean") + attribute(node, "scale") * value
        else:
            value = self._random.uniform(attribute(node, "low"), attribute(node, "high"), shape)
        dtype = dtype_of(attribute(node, "dtype") or 1) or np.float32
        self.drawn[node.outputs[0]] = value.astype(dtype)
        self._know(node.outputs[0], self.drawn[node.outputs[0]])

    def _size(self, node: Node) -> NDArray[np.int64]:
        shape = self.shape(node.inputs[0])
        if node.kind == "Size":
            return np.array(math.prod(shape), np.int64)
        return np.array(shape[attribute(node, "start") : attribute(node, "end")], np.int64)

    def _know(self, name: str, value: Array) -> None:
        from onnx import helper

        self.values[name] = value
        self._types[name] = helper.make_tensor_type_proto(
            helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )

    def _infer(self, node: Node, proto: onnx.NodeProto) -> dict[str, onnx.TypeProto]:
        import onnx
        from onnx import numpy_helper, shape_inference

        if proto.domain or node.kind in SUBGRAPHS:
            return self._probe(node)
        schema = onnx.defs.get_schema(proto.op_type, self._opset.version, "")
        # GroupNormalization of opset 18, which runtimes have
        if schema.deprecated and node.kind in LIKE_INPUT:
            return {node.outputs[0]: self._types[node.inputs[0]]}
        names = [name for name in node.inputs if name]
        values = {n: numpy_helper.from_array(self.values[n], n) for n in names if n in self.values}
        try:
            types: dict[str, onnx.TypeProto] = shape_inference.infer_node_outputs(
                schema,
                proto,
                {name: self._types[name] for name in names},
                values,
                opset_imports=[self._opset],
                ir_version=self._model.ir_version,
            )
        except Exception as error:  # C++ exceptions of several kinds
            reason = one_line(error).removeprefix("[ShapeInferenceError]").strip()
            raise UnsupportedError(
                f"{label(node)} does not fit its inputs {shown([self.shape(n) for n in names[:4]])}: {reason}"
            ) from None
        if node.kind in LIKE_INPUT:
            types[node.outputs[0]] = self._types[node.inputs[0]]
        if node.kind == "Resize":
            self._resize(node, types)
        made = [name for name in node.outputs if name]
        if all(_known(types.get(name)) for name in made):
            return types
        sequences = {name: kind for name, kind in types.items() if _is_sequence(kind)}
        return sequences if len(sequences) == len(made) else self._probe(node)

    def _resize(self, node: Node, types: Mapping[str, onnx.TypeProto]) -> None:
        """Correct what Resize makes: onnxruntime multiplies in float32, ONNX's inference does not."""
        scales = self.values.get(node.inputs[2]) if node.has(2) and not node.has(3) else None
        shape = self.shape(node.inputs[0])
        if scales is None or scales.shape != (len(shape),):
            return
        for axis, dim in enumerate(types[node.outputs[0]].tensor_type.shape.dim):
            with np.errstate(all="ignore"):  # what is infinite is no size, and changes nothing
                size = float(np.floor(np.float32(shape[axis]) * np.float32(scales[axis])))
            if size == dim.dim_value + 1:
                dim.dim_value += 1

    def _probe(self, node: Node) -> dict[str, onnx.TypeProto]:
        """Types of what a node makes, seen by running the graph."""
        from onnx import helper

        if self._probed is None:
            every = [name for proto in self._model.graph.node for name in proto.output if name]
            try:
                self._probed = probe(self._model, self._sources, [n for n in every if n not in self._types])
            except UnsupportedError as error:
                raise UnsupportedError(
                    f"{label(node)}: its output shape does not follow from the latent input's; {error}"
                ) from None
        return {
            name: helper.make_tensor_type_proto(*self._probed[name])
            for name in node.outputs
            if name in self._probed
        }

    def _check(self, node: Node, name: str, kind: onnx.TypeProto) -> None:
        if not _known(kind):
            raise UnsupportedError(f"{label(node)} makes {quoted(name)}, which is no tensor")
        shape = [d.dim_value for d in kind.tensor_type.shape.dim]
        if len(shape) > MAX_RANK or any(n < 0 for n in shape):
            raise UnsupportedError(f"{label(node)} makes a tensor of shape {shape[: MAX_RANK + 1]}")
        elements = math.prod(shape)
        self._elements += elements
        if elements > supported(MAX_TENSOR_ELEMENTS):
            raise UnsupportedError(
                f"{label(node)} makes {'x'.join(map(str, shape))} numbers; {beyond(MAX_TENSOR_ELEMENTS)}"
            )
        if self._elements > supported(MAX_TOTAL_ELEMENTS):
            raise UnsupportedError(
                f"{label(node)}: the tensors up to it hold {self._elements} numbers for one image; "
                f"{beyond(MAX_TOTAL_ELEMENTS)}"
            )

    def _count(self, node: Node) -> None:
        work = WORK.get(node.kind)
        if work is None:
            return
        inputs = [self.shape(name) for name in node.inputs if name]
        self.multiply_adds += work(node, inputs, self.shape(node.outputs[0]))
        if self.multiply_adds > supported(MAX_MULTIPLY_ADDS):
            raise UnsupportedError(
                f"{label(node)}: up to it one image takes {self.multiply_adds} multiply-adds; "
                f"{beyond(MAX_MULTIPLY_ADDS)}"
            )


def _known(kind: onnx.TypeProto | None) -> bool:
    """Whether a type is that of a tensor whose sizes are all known."""
    if kind is None or not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
        return False
    return all(d.HasField("dim_value") for d in kind.tensor_type.shape.dim)


def _is_sequence(kind: onnx.TypeProto) -> bool:
    """Whether a type is that of a list of tensors, which has no shape; what is taken from it has one."""
    return bool(kind.HasField("sequence_type"))


def trace(model: onnx.ModelProto, source: str, shape: Shape) -> Trace:
    """Walk a whole graph with one input, float32.

    Raises:
        UnsupportedError: See `Trace.step`.
    """
    from onnx import TensorProto

    return trace_all(model, {source: (TensorProto.FLOAT, shape)})


def trace_all(model: onnx.ModelProto, sources: Mapping[str, tuple[int, Shape]], seed: int = 0) -> Trace:
    """Walk a whole graph.

    Args:
        model: A well-formed model with its weights inside.
        sources: onnx.TensorProto.DataType and shape of each input.
        seed: Of what random operators are taken to make.

    Raises:
        UnsupportedError: See `Trace.step`.
    """
    from onnx import helper

    types = {name: helper.make_tensor_type_proto(*source) for name, source in sources.items()}
    walk = Trace(model, types, seed)
    for node in model.graph.node:
        walk.step(node)
    return walk
