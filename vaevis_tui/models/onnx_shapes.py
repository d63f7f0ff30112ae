"""Every shape of a decoder before anything runs: by ONNX's rules, one operator at a time, within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.models.onnx_operators import NORMALIZATIONS, POINTWISE
from vaevis_tui.models.onnx_structure import MAX_RANK, UnsupportedError, label, opset
from vaevis_tui.models.text import one_line, quoted
from vaevis_tui.onnx_model.folding import FOLD_ERRORS, TooLargeError, fold

if TYPE_CHECKING:
    import onnx

Shape: TypeAlias = tuple[int, ...]

MAX_ELEMENTS = 1024
"""Of a value that is followed: sizes, axes and scales are far shorter, weights are longer and left alone."""

MAX_TENSOR_ELEMENTS = 1 << 27
"""Of one tensor for one picture: 512 MiB of float32, 128 channels at 1024x1024."""

MAX_TOTAL_ELEMENTS = 1 << 29
"""Of all tensors for one picture together: 2 GiB of float32, some tens of layers at full size."""

MAX_MULTIPLY_ADDS = 10**12
"""Of one picture: 400 times the decoder of VAE-Vis, minutes on a laptop."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one run of a graph makes and takes.

    Attributes:
        output: Shape of the graph's only output.
        multiply_adds: In convolutions, matrix products and pools.
    """

    output: Shape
    multiply_adds: int


def measure(model: onnx.ModelProto, latent: str, shape: Shape) -> Measure:
    """Work out all shapes of a graph for a latent input of a given shape.

    Raises:
        UnsupportedError: an operator's shapes do not fit or do not follow from the input's, or sizes or the
            work for one picture go beyond the bounds above; names the operator.
    """
    walk = _ShapeWalk(model)
    walk.give(latent, _float_type(shape))
    for node in model.graph.node:
        walk.step(node)
    return Measure(walk.shape(model.graph.output[0].name), walk.multiply_adds)


class _ShapeWalk:
    """Types of all names written so far, the values of those that are shape arithmetic, and the work."""

    def __init__(self, model: onnx.ModelProto) -> None:
        from onnx import helper, numpy_helper

        self._opset = opset(model)
        self._ir_version = model.ir_version
        self._types: dict[str, onnx.TypeProto] = {}
        self._values: dict[str, NDArray[Any]] = {}
        self._elements = 0
        self.multiply_adds = 0
        for tensor in model.graph.initializer:
            self._types[tensor.name] = helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
            if math.prod(tensor.dims) <= MAX_ELEMENTS:
                self._values[tensor.name] = numpy_helper.to_array(tensor)

    def give(self, name: str, kind: onnx.TypeProto) -> None:
        self._types[name] = kind

    def shape(self, name: str) -> Shape:
        return tuple(d.dim_value for d in self._types[name].tensor_type.shape.dim)

    def step(self, node: onnx.NodeProto) -> None:
        """Find the types of a node's outputs and count its work."""
        value = self._fold(node)
        if value is not None:
            self._know(node.output[0], value)
            return
        for name, kind in self._infer(node).items():
            self._check(node, name, kind)
            self._types[name] = kind
        self._count(node)

    def _fold(self, node: onnx.NodeProto) -> NDArray[Any] | None:
        if len(node.output) != 1:
            return None
        if node.op_type in ("Shape", "Size"):
            return self._size(node)
        if not all(name in self._values or not name for name in node.input):
            return None
        try:
            inputs = [self._values.get(name) for name in node.input]
            value = fold(node.op_type, inputs, attributes(node), MAX_ELEMENTS)
        except TooLargeError:
            return None
        except FOLD_ERRORS as error:
            raise UnsupportedError(f"{label(node)} cannot be computed: {one_line(error)}") from None
        return None if value is None or value.size > MAX_ELEMENTS else value

    def _size(self, node: onnx.NodeProto) -> NDArray[np.int64]:
        shape = self.shape(node.input[0])
        if node.op_type == "Size":
            return np.array(math.prod(shape), np.int64)
        found = attributes(node)
        return np.array(shape[found.get("start", 0) : found.get("end", None)], np.int64)

    def _know(self, name: str, value: NDArray[Any]) -> None:
        from onnx import helper

        self._values[name] = value
        self._types[name] = helper.make_tensor_type_proto(
            helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )

    def _infer(self, node: onnx.NodeProto) -> dict[str, onnx.TypeProto]:
        import onnx
        from onnx import numpy_helper, shape_inference

        names = [name for name in node.input if name]
        schema = onnx.defs.get_schema(node.op_type, self._opset.version, "")
        values = {n: numpy_helper.from_array(self._values[n], n) for n in names if n in self._values}
        try:
            types: dict[str, onnx.TypeProto] = shape_inference.infer_node_outputs(
                schema,
                node,
                {name: self._types[name] for name in names},
                values,
                opset_imports=[self._opset],
                ir_version=self._ir_version,
            )
        except Exception as error:  # C++ exceptions of several kinds
            reason = one_line(error).removeprefix("[ShapeInferenceError]").strip()
            raise UnsupportedError(
                f"{label(node)} does not fit its inputs {self._inputs(node)}: {reason}"
            ) from None
        if node.op_type in POINTWISE | NORMALIZATIONS:  # some are functions, for which ONNX infers nothing
            types[node.output[0]] = self._types[node.input[0]]
        return types

    def _inputs(self, node: onnx.NodeProto) -> str:
        shown = ("x".join(map(str, self.shape(name))) or "scalar" for name in node.input[:4] if name)
        return f"({', '.join(shown)})"

    def _check(self, node: onnx.NodeProto, name: str, kind: onnx.TypeProto) -> None:
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

    def _count(self, node: onnx.NodeProto) -> None:
        self.multiply_adds += self._work(node)
        if self.multiply_adds > MAX_MULTIPLY_ADDS:
            raise UnsupportedError(
                f"{label(node)}: up to it one picture takes {self.multiply_adds} multiply-adds; "
                f"up to {MAX_MULTIPLY_ADDS} are supported"
            )

    def _work(self, node: onnx.NodeProto) -> int:
        """Multiply-adds of a node, and the bounds that only its own kind has."""
        made = math.prod(self.shape(node.output[0]))
        if node.op_type in ("Conv", "ConvTranspose"):
            return self._convolution(node, made)
        if node.op_type == "MatMul":
            return made * self.shape(node.input[0])[-1]
        if node.op_type == "Gemm":
            return made * self.shape(node.input[0])[0 if attributes(node).get("transA", 0) else 1]
        if node.op_type in ("AveragePool", "MaxPool"):
            kernel: Sequence[int] = attributes(node).get("kernel_shape", ())
            return made * math.prod(kernel)
        return 0

    def _convolution(self, node: onnx.NodeProto, made: int) -> int:
        x, w = self.shape(node.input[0]), self.shape(node.input[1])
        group = attributes(node).get("group", 1)
        fits = len(x) == len(w) >= 3 and min(w) >= 1 and w[0] % group == 0
        if not fits or x[1] != (w[1] * group if node.op_type == "Conv" else w[0]):
            raise UnsupportedError(
                f"{label(node)} with group {group} does not fit its inputs {self._inputs(node)}"
            )
        taps = math.prod(w[1:])
        if node.op_type == "Conv":
            return made * taps
        # Implementations make all products before they add them where the outputs overlap.
        scratch = taps * group * math.prod(x[2:])
        if scratch > MAX_TENSOR_ELEMENTS:
            raise UnsupportedError(
                f"{label(node)} needs {scratch} numbers in between; up to {MAX_TENSOR_ELEMENTS} are supported"
            )
        return math.prod(x) * taps


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Attributes of a node as Python values, tensors as small arrays (None where they are large)."""
    from onnx import helper, numpy_helper

    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.type == attribute.TENSOR:
            small = math.prod(attribute.t.dims) <= MAX_ELEMENTS
            found[attribute.name] = numpy_helper.to_array(attribute.t) if small else None
        else:
            found[attribute.name] = helper.get_attribute_value(attribute)
    return found


def _float_type(shape: Sequence[int]) -> onnx.TypeProto:
    from onnx import TensorProto, helper

    return helper.make_tensor_type_proto(TensorProto.FLOAT, shape)
