"""Pointwise operators on the device against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.operator_check import ACTIVATIONS, BOUNDED, agrees, image
from tests.engine.reference import Builder


@pytest.mark.parametrize("kind", list(ACTIVATIONS))
def test_activations(kind: str) -> None:
    b = Builder(61, opset=18)
    b.add(kind, **ACTIVATIONS[kind])
    agrees(b, scale=3.0)


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "Softplus", "Elu", "Erf", "Mish"])
def test_activations_stay_finite_far_out(kind: str) -> None:
    b = Builder(8, opset=18)
    b.add(kind)
    agrees(b, scale=1e4)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str) -> None:
    b = Builder(33, opset=20)
    b.add("Gelu", approximate=approximate)
    agrees(b, scale=3.0)


@pytest.mark.parametrize("kind", ["Sqrt", "Log", "Reciprocal"])
def test_functions_of_positive_numbers(kind: str) -> None:
    b = Builder(16)
    b.add("Abs")
    b.add("Add", b.constant(np.float32(0.1)))
    b.add(kind)
    agrees(b)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.5, -1.0])
def test_powers(exponent: float) -> None:
    b = Builder(16)
    if exponent % 1:
        b.add("Abs")
    b.add("Pow", b.constant(np.float32(exponent)))
    agrees(b)


def test_clip_of_one_side_and_prelu() -> None:
    b = image(5, 2, 3)
    b.add("Clip", b.constant(np.float32(-1.5)))
    b.add("PRelu", b.weight(5, 1, 1))
    b.add("Clip", "", b.constant(np.float32(0.75)))
    agrees(b)


SHAPES = st.sampled_from(
    [(1,), (5, 1, 1), (1, 5, 1, 1), (3, 4), (4,), (1, 3, 1), (1, 1, 3, 4), (5, 3, 4), (1, 5, 3, 4)]
)


@settings(BOUNDED, max_examples=12)
@given(st.sampled_from(["Add", "Sub", "Mul", "Div", "Max", "Min"]), SHAPES, st.booleans())
def test_broadcasting(kind: str, shape: tuple[int, ...], constant_first: bool) -> None:
    b = image(5, 3, 4)
    other = b.constant(b.rng.uniform(0.5, 2, shape).astype(np.float32))
    b.last = b.node(kind, other, b.last) if constant_first else b.node(kind, b.last, other)
    agrees(b)


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 2, 1, 1, 1), (2, 2), (1, 1, 3, 1, 2)])
def test_broadcasting_in_five_dimensions(shape: tuple[int, ...]) -> None:
    b = Builder(24)
    b.reshape(2, 3, 2, 2)
    b.add("Mul", b.weight(*shape))
    agrees(b)
    agrees(b, fuse=False)


def test_broadcasting_of_computed_styles_in_five_dimensions() -> None:
    b = Builder(24)
    image = b.reshape(2, 3, 2, 2)
    b.last = "z"
    b.linear(24, 3)
    b.last = b.node("Mul", image, b.reshape(1, 3, 1, 1))
    agrees(b)


def test_broadcasting_of_two_activations() -> None:
    b = image(6, 3, 4)
    pooled = b.node("GlobalAveragePool", b.last)
    gate = b.node("Sigmoid", b.node("Conv", pooled, b.weight(6, 6, 1, 1)))
    b.last = b.node("Mul", b.last, gate)
    agrees(b)


def test_sums_of_several() -> None:
    b = image(3, 2, 2)
    x = b.last
    b.last = b.node("Sum", x, b.node("Sin", x), b.node("Cos", x), b.node("Abs", x))
    agrees(b)
    agrees(b, fuse=False)


def test_batch_normalization_on_its_own() -> None:
    b = image(5, 3, 2)
    b.batch_normalization(5)
    b.add("Relu")
    agrees(b)
    agrees(b, fuse=False)


def test_batch_normalization_of_a_vector() -> None:
    b = Builder(6)
    b.linear(6, 7)
    b.batch_normalization(7)
    agrees(b)


def test_activations_spelled_out() -> None:
    b = image(3, 4, 4)
    x = b.conv(3, 4)
    x = b.node("Mul", x, b.node("Sigmoid", x))  # SiLU
    inner = b.node("Mul", b.node("Pow", x, b.constant(np.float32(3))), b.constant(np.float32(0.044715)))
    inner = b.node("Mul", b.node("Add", x, inner), b.constant(np.float32(np.sqrt(2 / np.pi))))
    gate = b.node("Add", b.node("Tanh", inner), b.constant(np.float32(1)))
    b.last = b.node("Mul", b.node("Mul", x, gate), b.constant(np.float32(0.5)))  # GELU by tanh
    agrees(b)
