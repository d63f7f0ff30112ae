"""One walk through a graph: every shape before anything runs, by ONNX's rules and within bounds.

The walk tells what depends on the latent vector from what does not. Values of a few numbers are computed on
the way, since shapes hang on them; weights are left as they lie until somebody asks for `Trace.constants`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.evaluate import evaluate
from vaevis_tui.onnx_model.folding import FOLD_ERRORS, Array, TooLargeError, fold
from vaevis_tui.onnx_model.node import MAX_ELEMENTS, Node, Shape, UnsupportedError, label
from vaevis_tui.onnx_model.operators import OPERATORS, Operator, shown
from vaevis_tui.onnx_model.structure import MAX_RANK, opset
from vaevis_tui.text import one_line, quoted

if TYPE_CHECKING:
    import onnx

MAX_TENSOR_ELEMENTS = 1 << 27
"""Of one tensor for one picture: 512 MiB of float32, 128 channels at 1024x1024."""

MAX_TOTAL_ELEMENTS = 1 << 29
"""Of all tensors for one picture together: 2 GiB of float32, some tens of layers at full size."""

MAX_MULTIPLY_ADDS = 10**12
"""Of one picture: 400 times the decoder of VAE-Vis, minutes on a laptop."""


class Trace:
    """A graph as far as it has been walked, for one shape of its input.

    Attributes:
        input: Name of the input.
        nodes: What depends on the input, in order.
        constant_nodes: What does not and is not among ``values`` yet, in order.
        values: Constants of a few numbers, by name.
        multiply_adds: In convolutions, matrix products and pools.
    """

    def __init__(self, model: onnx.ModelProto, source: str, kind: onnx.TypeProto) -> None:
        self.input = source
        self.nodes: list[Node] = []
        self.constant_nodes: list[Node] = []
        self.values: dict[str, Array] = {}
        self.multiply_adds = 0
        self._model = model
        self._opset = opset(model)
        self._types: dict[str, onnx.TypeProto] = {}
        self._live = {source}
        self._elements = 0
        for tensor in model.graph.initializer:
            self.give(tensor)
        self._types[source] = kind

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
                for one picture go beyond the bounds; names the operator.
        """
        node = Node.of(proto)
        value = self._fold(node)
        if value is not None:
            self._know(node.outputs[0], value)
            return
        operator = OPERATORS.get(node.kind, Operator())
        for name, kind in self._infer(node, proto, operator).items():
            self._check(node, name, kind)
            self._types[name] = kind
        self._count(node, operator)
        if any(name in self._live for name in node.inputs):
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

    def _size(self, node: Node) -> NDArray[np.int64]:
        shape = self.shape(node.inputs[0])
        if node.kind == "Size":
            return np.array(math.prod(shape), np.int64)
        get = node.attributes.get
        return np.array(shape[get("start", 0) : get("end", None)], np.int64)

    def _know(self, name: str, value: Array) -> None:
        from onnx import helper

        self.values[name] = value
        self._types[name] = helper.make_tensor_type_proto(
            helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )

    def _infer(self, node: Node, proto: onnx.NodeProto, operator: Operator) -> dict[str, onnx.TypeProto]:
        import onnx
        from onnx import numpy_helper, shape_inference

        schema = onnx.defs.get_schema(proto.op_type, self._opset.version, "")
        if schema.deprecated and operator.like_input:  # GroupNormalization of opset 18, which runtimes have
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
        if operator.like_input:
            types[node.outputs[0]] = self._types[node.inputs[0]]
        return types

    def _check(self, node: Node, name: str, kind: onnx.TypeProto) -> None:
        if not kind.HasField("tensor_type"):
            raise UnsupportedError(f"{label(node)} makes {quoted(name)}, which is no tensor")
        tensor = kind.tensor_type
        known = tensor.HasField("shape") and all(d.HasField("dim_value") for d in tensor.shape.dim)
        if not known:
            raise UnsupportedError(f"{label(node)}: its output shape does not follow from the latent input's")
        shape = [d.dim_value for d in tensor.shape.dim]
        if len(shape) > MAX_RANK or any(n < 0 for n in shape):
            raise UnsupportedError(f"{label(node)} makes a tensor of shape {shape[: MAX_RANK + 1]}")
        elements = math.prod(shape)
        self._elements += elements
        if elements > MAX_TENSOR_ELEMENTS:
            raise UnsupportedError(
                f"{label(node)} makes {'x'.join(map(str, shape))} numbers; "
                f"up to {MAX_TENSOR_ELEMENTS} are supported"
            )
        if self._elements > MAX_TOTAL_ELEMENTS:
            raise UnsupportedError(
                f"{label(node)}: the tensors up to it hold {self._elements} numbers for one picture; "
                f"up to {MAX_TOTAL_ELEMENTS} are supported"
            )

    def _count(self, node: Node, operator: Operator) -> None:
        if operator.work is None:
            return
        inputs = [self.shape(name) for name in node.inputs if name]
        self.multiply_adds += operator.work(node, inputs, self.shape(node.outputs[0]))
        if self.multiply_adds > MAX_MULTIPLY_ADDS:
            raise UnsupportedError(
                f"{label(node)}: up to it one picture takes {self.multiply_adds} multiply-adds; "
                f"up to {MAX_MULTIPLY_ADDS} are supported"
            )


def trace(model: onnx.ModelProto, source: str, shape: Shape, data_type: int = 1) -> Trace:
    """Walk a whole graph.

    Args:
        model: A well-formed model with its weights inside.
        source: Name of its one input.
        shape: Shape of that input.
        data_type: Its onnx.TensorProto.DataType; float32 unless said otherwise.

    Raises:
        UnsupportedError: See `Trace.step`.
    """
    from onnx import helper

    walk = Trace(model, source, helper.make_tensor_type_proto(data_type, shape))
    for node in model.graph.node:
        walk.step(node)
    return walk
