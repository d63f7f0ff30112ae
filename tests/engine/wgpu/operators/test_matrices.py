"""Products of matrices on the device against onnxruntime."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.operator_check import BOUNDED, agrees, image
from tests.engine.reference import Builder

KINDS = st.sampled_from(["Gemm", "MatMul"])


@BOUNDED
@given(st.integers(1, 70), st.integers(1, 70), KINDS, st.booleans())
def test_matrices(inputs: int, outputs: int, kind: str, fuse: bool) -> None:
    b = Builder(inputs, seed=inputs * 100 + outputs)
    b.linear(inputs, outputs, kind)
    agrees(b, fuse=fuse)


def test_gemm_with_factors_and_no_bias() -> None:
    b = Builder(5)
    b.add("Gemm", b.weight(5, 3), alpha=2.0)
    b.add("Gemm", b.weight(4, 3), b.weight(4), transB=1, alpha=0.5, beta=-3.0)
    agrees(b, fuse=False)


def test_a_matrix_after_an_image_and_before_one() -> None:
    b = image(3, 2, 5)
    b.add("Flatten")
    b.linear(30, 18)
    b.reshape(2, 3, 3)
    agrees(b)
    agrees(b, fuse=False)


@BOUNDED
@given(
    tokens=st.integers(1, 9),
    inputs=st.integers(1, 9),
    outputs=st.integers(1, 9),
    kind=KINDS,
    fuse=st.booleans(),
)
def test_matrices_of_every_token(tokens: int, inputs: int, outputs: int, kind: str, fuse: bool) -> None:
    b = Builder(tokens * inputs, seed=tokens * 10 + inputs)
    b.reshape(tokens, inputs)
    if kind == "Gemm":  # as exporters fold the tokens into the examples
        b.add("Reshape", b.constant(np.array((-1, inputs), np.int64)))
    b.linear(inputs, outputs, kind)
    b.add("Reshape", b.constant(np.array((-1, tokens, outputs), np.int64)))
    b.add("Mul", b.weight(tokens, 1))
    agrees(b, fuse=fuse)


@settings(BOUNDED, max_examples=14)
@given(
    batch=st.sampled_from([(), (1,), (3,), (2, 2)]),
    rows=st.integers(1, 9),
    inner=st.integers(1, 9),
    columns=st.integers(1, 9),
    side=st.sampled_from(["both", "left", "right", "left, alone", "right, alone"]),
    fuse=st.booleans(),
)
def test_products_of_matrices(
    batch: tuple[int, ...], rows: int, inner: int, columns: int, side: str, fuse: bool
) -> None:
    """Of two that depend on the latent vector, or of one and a constant, the same for a batch or not."""
    shapes = (*batch, rows, inner), (*batch, inner, columns)
    sizes = [int(np.prod(shape)) for shape in shapes]
    b = Builder(sum(sizes), seed=rows * 100 + inner * 10 + columns)
    sides = []
    for index, (shape, ends) in enumerate(zip(shapes, ((0, sizes[0]), (sizes[0], sum(sizes))), strict=True)):
        if side.startswith(("right", "left")[index]):
            sides.append(b.weight(*(shape[-2:] if "alone" in side else (1, *shape))))
            continue
        bounds = [b.constant(np.array([n], np.int64)) for n in (*ends, 1)]
        own = b.node("Slice", "z", *bounds)
        sides.append(b.node("Reshape", own, b.constant(np.array((-1, *shape), np.int64))))
    b.last = b.node("MatMul", *sides)
    b.add("Mul", b.constant(np.float32(0.5)))
    agrees(b, fuse=fuse)
