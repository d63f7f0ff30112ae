"""Kinds of ONNX operators by what they do to shapes, draw or hold, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from vaevis_tui.onnx_model.limits import MAX_SCRATCH_ELEMENTS, beyond, supported
from vaevis_tui.onnx_model.node import Node, Shape, UnsupportedError, label
from vaevis_tui.onnx_model.operators.signatures import attribute

Work: TypeAlias = Callable[[Node, Sequence[Shape], Shape], int]
"""Multiply-adds of a node by its inputs' shapes and its first output's; refuses what cannot be computed."""


def _convolution(node: Node, inputs: Sequence[Shape], output: Shape) -> int:
    x, w = inputs[0], inputs[1]
    group = attribute(node, "group")
    fits = len(x) == len(w) >= 3 and min(w) >= 1 and w[0] % group == 0
    if not fits or x[1] != (w[1] * group if node.kind == "Conv" else w[0]):
        raise UnsupportedError(f"{label(node)} with group {group} does not fit its inputs {shown(inputs)}")
    taps, positions = math.prod(w[1:]), math.prod(output[2:])
    if node.kind == "Conv":
        # Where there are more filters than positions, implementations lay out every window before they sum.
        _check_scratch(node, taps * positions if w[0] > positions else 0)
        return math.prod(output) * taps
    # Implementations make all products before they add them where the outputs overlap.
    _check_scratch(node, taps * group * math.prod(x[2:]))
    return math.prod(x) * taps


def _check_scratch(node: Node, scratch: int) -> None:
    if scratch > supported(MAX_SCRATCH_ELEMENTS):
        raise UnsupportedError(
            f"{label(node)} needs {scratch} numbers in between; {beyond(MAX_SCRATCH_ELEMENTS)}"
        )


def _matmul(node: Node, inputs: Sequence[Shape], output: Shape) -> int:
    return math.prod(output) * (inputs[0][-1] if inputs[0] else 1)


def _gemm(node: Node, inputs: Sequence[Shape], output: Shape) -> int:
    return math.prod(output) * inputs[0][0 if attribute(node, "transA") else 1]


def _pool(node: Node, inputs: Sequence[Shape], output: Shape) -> int:
    return math.prod(output) * math.prod(map(int, attribute(node, "kernel_shape")))


def shown(shapes: Sequence[Shape]) -> str:
    """Shapes for people: ``(1x392, 4)``."""
    return f"({', '.join('x'.join(map(str, shape)) or 'scalar' for shape in shapes)})"


WORK: Mapping[str, Work] = {
    "AveragePool": _pool,
    "Conv": _convolution,
    "ConvTranspose": _convolution,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "MaxPool": _pool,
}
"""Multiply-adds by op_type; others have too few to count."""

_LIKE_INPUT = """
    Abs Celu Ceil Clip Cos Dropout Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity LeakyRelu Log
    Mish Neg PRelu Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Swish Tanh
    ThresholdedRelu

    BatchNormalization GroupNormalization InstanceNormalization LayerNormalization LogSoftmax
    LpNormalization LRN MeanVarianceNormalization RMSNormalization Softmax
"""

LIKE_INPUT = frozenset(_LIKE_INPUT.split())
"""Whose first output has the first input's shape and type; of some, which are functions, ONNX tells none."""

SUBGRAPHS = ("If", "Loop", "Scan")
"""Control flow: what holds graphs of its own."""

RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
"""What is drawn once by a seed: the same z must give the same image."""

UNREPEATABLE = ("Bernoulli", "Multinomial")
"""What draws by its inputs, and so each time anew."""
