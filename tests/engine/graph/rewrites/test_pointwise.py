"""What becomes the epilogue of the operator before it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.graph.rewrites.compared import kinds, unchanged
from tests.engine.reference import (
    Builder,
)
from vaevis_tui.engine.graph import import_onnx, rewrite
from vaevis_tui.engine.graph import rewrites as r
from vaevis_tui.engine.graph.expression import size


def test_silu_and_gelu_spelled_out_become_one_pointwise_operator() -> None:
    b = Builder(8, seed=6)
    x = b.add("Mul", b.constant(np.float32(3)))
    b.last = b.node("Mul", x, b.node("Sigmoid", x))
    x = b.last
    erf = b.node("Erf", b.node("Div", x, b.constant(np.float32(np.sqrt(2)))))
    b.last = b.node("Mul", x, b.node("Add", erf, b.constant(np.float32(1))))
    b.add("Mul", b.constant(np.float32(0.5)))
    graph = import_onnx(b.model())
    merged = r.merge_pointwise(graph)
    # x is read twice and so stays a tensor of its own
    assert len(merged.operators) <= 3
    unchanged(graph, merged, b)


def test_silu_after_a_convolution_is_its_epilogue() -> None:
    b = Builder(32, seed=7)
    b.view(2, 4, 4)
    x = b.conv(2, 3)
    b.last = b.node("Mul", x, b.node("Sigmoid", x))
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution"]
    unchanged(graph, fused, b)


def test_a_residual_is_added_where_the_convolution_stores() -> None:
    b = Builder(32, seed=8)
    x = b.view(2, 4, 4)
    b.conv(2, 2)
    b.add("LeakyRelu", alpha=0.2)
    b.conv(2, 2)
    b.last = b.node("Add", b.last, x)
    b.add("Relu")
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution", "Convolution"]
    assert fused.operators[-1].operands == (fused.operators[0].output,)
    unchanged(graph, fused, b)


@pytest.mark.parametrize(("activation", "left"), [("LeakyRelu", 3), ("Relu", 4)])
def test_what_is_read_activated_and_as_it_is_is_kept_once(activation: str, left: int) -> None:
    """Activation before each convolution, as residual networks have it; only what can be undone."""
    b = Builder(4 * 3 * 5)
    b.view(4, 3, 5)
    b.conv(4, 4)
    residual = b.last
    b.add(activation)
    b.conv(4, 4)
    b.last = b.node("Add", b.last, residual)
    b.conv(4, 3)
    before = import_onnx(b.model())
    after = rewrite(before)
    assert len([kind for kind in kinds(after) if kind != "Permute"]) == left
    unchanged(before, after, b)


def test_a_tensor_that_is_also_the_output_is_not_fused_away() -> None:
    b = Builder(8)
    b.linear(8, 8)
    middle = b.last
    b.add("Relu")
    b.last = middle
    graph = import_onnx(b.model())
    assert rewrite(graph).output == middle
    unchanged(graph, rewrite(graph), b)


def test_long_chains_are_cut() -> None:
    b = Builder(8)
    for _ in range(200):
        b.add("Sin")
    fused = r.merge_pointwise(import_onnx(b.model()))
    assert 4 <= len(fused.operators) <= 8
    assert all(size(operator.epilogue) <= r.MAX_EPILOGUE for operator in fused.operators)


def test_many_operands_are_split_over_operators() -> None:
    b = Builder(8, seed=9)
    tensors = [b.node("Sin", b.node("Mul", "z", b.constant(np.float32(k + 1)))) for k in range(9)]
    for index, name in enumerate(tensors):  # as convolutions would be: something pointwise cannot swallow
        tensors[index] = b.node("Gemm", name, b.weight(8, 8), transB=1)
    b.last = b.node("Sum", *tensors)
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert all(len(operator.operands) <= r.MAX_OPERANDS for operator in fused.operators)
    unchanged(graph, fused, b)
