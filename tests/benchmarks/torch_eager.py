"""PyTorch in eager mode on the operator graph as imported: each operator is the one call that users write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vaevis_tui.engine.graph import Graph, ir
from vaevis_tui.engine.graph.expression import Call, Expression, Literal, Operand


class TorchEager:
    """A decoder of latent vectors on one of PyTorch's devices."""

    def __init__(self, graph: Graph, device: str) -> None:
        self._graph, self._device = graph, torch.device(device)
        self._constants = {name: self._tensor(array) for name, array in graph.constants.items()}
        self._weights = {
            operator.output: (self._tensor(operator.weight), self._tensor(operator.bias))
            for operator in graph.operators
            if isinstance(operator, ir.Linear | ir.Convolution)
        }

    def decode(self, z: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Decode latent vectors, float32 (n, d), to pictures, uint8 (n, h, w, 3)."""
        with torch.inference_mode():
            tensors = {self._graph.input: self._tensor(z), **self._constants}
            for operator in self._graph.operators:
                inputs = [tensors[name] for name in operator.reads]
                weights = self._weights.get(operator.output, ())
                tensors[operator.output] = _CALLS[type(operator)](operator, *inputs, *weights)
            levels = (tensors[self._graph.output].clamp(0, 1) * 255).round().to(torch.uint8)
            return np.asarray(levels.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).cpu().numpy())

    def _tensor(self, array: NDArray[np.float32]) -> Tensor:
        return torch.tensor(array).to(self._device)


def _resize(operator: ir.Resize, x: Tensor) -> Tensor:
    if operator.mode == "nearest":
        return F.interpolate(x, size=operator.shape[2:], mode="nearest")
    return F.interpolate(x, size=operator.shape[2:], mode="bilinear", align_corners=False)


def _depth_to_space(operator: ir.DepthToSpace, x: Tensor) -> Tensor:
    if operator.mode != "CRD":
        raise ValueError("PyTorch's pixel shuffle is of mode CRD")
    return F.pixel_shuffle(x, operator.block)


_FUNCTIONS: Mapping[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "mul": torch.mul,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "sigmoid": torch.sigmoid,
}


def _pointwise(operator: ir.Pointwise, *operands: Tensor) -> Tensor:
    def value(node: Expression) -> Any:
        match node:
            case Operand(index):
                return operands[index]
            case Literal(number):
                return number
            case Call(function, arguments):
                return _FUNCTIONS[function](*map(value, arguments))
        raise ValueError(f"no PyTorch call for {node}")

    result: Tensor = value(operator.epilogue)
    return result


_CALLS: Mapping[type[ir.Operator], Callable[..., Tensor]] = {
    ir.Linear: lambda operator, x, weight, bias: F.linear(x, weight, bias),
    ir.Convolution: lambda operator, x, weight, bias: F.conv2d(x, weight, bias, padding=operator.pads[:2]),
    ir.Resize: _resize,
    ir.DepthToSpace: _depth_to_space,
    ir.Permute: lambda operator, x: x.reshape(len(x), *operator.shape[1:]),
    ir.Pointwise: _pointwise,
}
