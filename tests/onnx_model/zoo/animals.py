"""A zoo of decoders as people export them: one idea a file, each with what it should look like.

All begin at one small good decoder whose images are known in NumPy, and end in somebody's own way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from vaevis_tui.onnx_model.adapter.options import AdapterOptions

DIM = 6
HEIGHT, WIDTH = 20, 16
Floats = NDArray[np.floating[Any]]


def patterns(channels: int, height: int = HEIGHT, width: int = WIDTH, dim: int = DIM) -> Floats:
    """Smooth patterns, (dim, channels, height, width), of which logits are sums."""
    y, x = np.mgrid[:height, :width] / np.array([height, width]).reshape(2, 1, 1)
    rows = [
        [np.cos(np.pi * ((i % 3 + 0.5) * y + (i // 3 + 0.5 + c) * x) + c + i) for c in range(channels)]
        for i in range(dim)
    ]
    return np.asarray(rows, np.float32) * 2.5


def logits(z: Floats, channels: int = 3, **size: int) -> Floats:
    """What stands before the last activation, (n, channels, height, width)."""
    return np.asarray(np.einsum("nd,dchw->nchw", z, patterns(channels, **size)), np.float32)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), np.float32)


def truth(z: Floats, channels: int = 3, **size: int) -> Floats:
    """Images in 0..1, (n, channels, height, width)."""
    return sigmoid(logits(z, channels, **size))


class Writer:
    """Writes a decoder node by node, beginning with the good one."""

    def __init__(
        self,
        channels: int = 3,
        *,
        opset: int = 18,
        shape: tuple[Any, ...] = ("n", DIM),
        dtype: int = TensorProto.FLOAT,
        final: str | None = "Sigmoid",
        height: int = HEIGHT,
        width: int = WIDTH,
        batch: int = -1,
        name: str = "z",
        begin: bool = True,
    ) -> None:
        self.opset, self.dtype, self.name = opset, dtype, name
        self.channels, self.height, self.width = channels, height, width
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.inputs = [helper.make_tensor_value_info(name, dtype, list(shape))]
        self.outputs: list[onnx.ValueInfoProto] = []
        self.domains: list[str] = []
        self.last = name
        self.number_type = {10: np.float16, 11: np.float64}.get(dtype, np.float32)
        if begin:
            self.body(batch, final)

    def body(self, batch: int = -1, final: str | None = "Sigmoid") -> None:
        """The good decoder: a matrix, an image, a convolution that leaves it as it is, an activation."""
        rows = patterns(self.channels, self.height, self.width).reshape(DIM, -1)
        self.add("MatMul", self.constant(rows.astype(self.number_type)))
        shape = [batch, self.channels, self.height, self.width]
        self.add("Reshape", self.constant(np.array(shape, np.int64)))
        kernel = np.zeros((self.channels, self.channels, 3, 3), self.number_type)
        kernel[range(self.channels), range(self.channels), 1, 1] = 1
        self.add("Conv", self.constant(kernel), pads=[1, 1, 1, 1])
        if final is not None:
            self.add(final)

    def constant(self, value: Any, dtype: Any = None) -> str:
        array = np.asarray(value, dtype)
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def floats(self, *values: float) -> str:
        array = np.array(values, np.float32)
        return self.constant(array if len(values) != 1 else array.reshape(()))

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        names = [f"t{len(self.nodes)}.{i}" if i else f"t{len(self.nodes)}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0]

    def add(self, kind: str, *constants: str, **attributes: Any) -> Writer:
        self.last = self.node(kind, self.last, *constants, **attributes)
        return self

    def output(self, dtype: int = TensorProto.FLOAT, name: str | None = None) -> Writer:
        self.outputs.append(helper.make_tensor_value_info(name or self.last, dtype, None))
        return self

    def model(self) -> onnx.ModelProto:
        if not self.outputs:
            self.output(self.dtype)
        graph = helper.make_graph(self.nodes, "zoo", self.inputs, self.outputs, self.weights)
        opsets = [helper.make_opsetid("", self.opset), *(helper.make_opsetid(d, 1) for d in self.domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8 if self.opset < 21 else 10)


@dataclass(frozen=True)
class Animal:
    """A decoder and what it should show.

    Attributes:
        model: The file.
        image: From z (n, d) to images (n, channels, h, w) in 0..1.
        note: Words of what the program says it took; empty where it should say nothing.
        options: What a person has to say.
        wgpu: Whether the shaders can compute it.
        dim: Length of z.
    """

    model: onnx.ModelProto
    image: Callable[[Floats], Floats] = truth
    note: str = ""
    options: AdapterOptions = field(default_factory=AdapterOptions)
    wgpu: bool = True
    dim: int = DIM


ZOO: dict[str, Callable[[], Animal]] = {}
"""Every animal by its name, made when it is asked for."""


def animal(name: str) -> Callable[[Callable[[], Animal]], Callable[[], Animal]]:
    def enter(make: Callable[[], Animal]) -> Callable[[], Animal]:
        assert name not in ZOO
        ZOO[name] = make
        return make

    return enter
