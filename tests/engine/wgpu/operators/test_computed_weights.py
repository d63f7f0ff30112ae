"""Convolutions whose weights depend on the latent vector, on the device against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.operator_check import agrees
from tests.engine.reference import Builder
from vaevis_tui.engine.graph import import_onnx, rewrite

SIDE = 5


def ints(b: Builder, *values: int) -> str:
    return b.constant(np.array(values, np.int64))


def modulated(kind: str, *, demodulate: bool = True, **attributes: Any) -> Builder:
    """StyleGAN2's: weights times a style for each channel that goes in, divided by their norm."""
    inputs, outputs = 4, 6
    b = Builder(inputs * SIDE * SIDE)
    image = b.view(inputs, SIDE, SIDE)
    b.last = "z"
    style = b.linear(b.latent, inputs)
    style = b.node("Reshape", style, ints(b, 1, 1, inputs, 1, 1))
    shape = (1, outputs, inputs, 3, 3) if kind == "Conv" else (1, outputs, inputs, 4, 4)
    weight = b.node("Mul", b.constant(np.float32(0.3)), b.weight(*shape))
    weight = b.node("Mul", weight, style)
    if demodulate:
        squares = b.node("Pow", weight, b.constant(np.float32(2)))
        total = b.node("ReduceSum", squares, ints(b, 2, 3, 4), keepdims=0)
        norm = b.node("Sqrt", b.node("Add", total, b.constant(np.float32(1e-8))))
        factor = b.node("Reshape", b.node("Reciprocal", norm), ints(b, 1, outputs, 1, 1, 1))
        weight = b.node("Mul", weight, factor)
    if kind == "ConvTranspose":
        weight = b.node("Transpose", weight, perm=[0, 2, 1, 3, 4])
        weight = b.node("Reshape", weight, ints(b, inputs, outputs, 4, 4))
    else:
        weight = b.node("Reshape", weight, ints(b, outputs, inputs, 3, 3))
    b.last = b.node(kind, image, weight, b.weight(outputs), **attributes)
    return b


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("Conv", {"pads": [1, 1, 1, 1]}), ("ConvTranspose", {"strides": [2, 2], "pads": [1, 1, 1, 1]})],
)
def test_modulated_weights_scale_channels_instead(
    kind: str, attributes: dict[str, Any], demodulate: bool
) -> None:
    b = modulated(kind, demodulate=demodulate, **attributes)
    agrees(b, n=1)
    kinds = [operator.kind for operator in rewrite(import_onnx(b.model())).operators]
    assert "MatrixProduct" not in kinds
    assert "SpatialReduction" not in kinds  # the norm is a matrix times squared styles


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("strides", [[1, 1], [2, 3]])
def test_weights_made_of_the_latent_vector(kind: str, groups: int, strides: list[int]) -> None:
    """By a network of their own: nothing is left but to lay out every window."""
    inputs, outputs, kernel = 4, 6, (3, 2)
    b = Builder(inputs * SIDE * SIDE)
    image = b.view(inputs, SIDE, SIDE)
    b.last = "z"
    shape = (outputs, inputs // groups, *kernel) if kind == "Conv" else (inputs, outputs // groups, *kernel)
    b.linear(b.latent, int(np.prod(shape)))
    weight = b.node("Reshape", b.node("Tanh", b.last), ints(b, *shape))
    b.last = b.node(
        kind,
        image,
        weight,
        b.weight(outputs),
        group=groups,
        strides=strides,
        dilations=[1, 2],
        pads=[1, 0, 2, 1],
    )
    agrees(b, n=1)


def test_the_first_convolution_of_a_learned_constant() -> None:
    b = Builder(8)
    b.linear(8, 6 * 4 * 9)
    weight = b.node("Reshape", b.last, ints(b, 6, 4, 3, 3))
    b.last = b.node("Conv", b.weight(1, 4, SIDE, SIDE), weight, pads=[1, 1, 1, 1])
    agrees(b, n=1)
