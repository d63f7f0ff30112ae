"""Operators that ONNX defines by others, on the device against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.operator_check import agrees, image
from tests.engine.reference import Builder
from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx


@pytest.mark.parametrize(
    ("kind", "opset", "attributes"),
    [
        ("LogSoftmax", 18, {"axis": 1}),
        ("MeanVarianceNormalization", 18, {"axes": [2, 3]}),
        ("ReduceLogSumExp", 18, {"keepdims": 1}),
        ("Shrink", 18, {"lambd": 0.3, "bias": 0.1}),
        ("ThresholdedRelu", 18, {"alpha": 0.4}),
    ],
)
def test_functions_of_one_tensor(kind: str, opset: int, attributes: dict[str, Any]) -> None:
    b = image(3, 4, 6, opset=opset)
    b.add(kind, *([b.constant(np.array([1], np.int64))] if kind.startswith("Reduce") else []), **attributes)
    agrees(b)


@pytest.mark.parametrize("align", [0, 1])
def test_an_affine_grid(align: int) -> None:
    """A spatial transformer: the latent vector turns and moves a learned image."""
    b = Builder(5, opset=20)
    b.linear(5, 6)
    theta = b.reshape(2, 3)
    grid = b.node("AffineGrid", theta, b.constant(np.array([1, 3, 6, 5], np.int64)), align_corners=align)
    b.last = b.node("GridSample", b.weight(1, 3, 4, 4), grid, align_corners=align)
    agrees(b, n=1)


@pytest.mark.parametrize("heads", [(2, 2), (4, 2)])
def test_attention(heads: tuple[int, int]) -> None:
    """Of opset 23, with queries of more heads than keys too."""
    queries, keys = heads
    b = Builder(6, opset=23)
    tensors = []
    for count, tokens in ((queries, 5), (keys, 7), (keys, 7)):
        b.last = "z"
        b.linear(6, count * tokens * 4)
        tensors.append(b.reshape(count, tokens, 4))
    b.last = b.node("Attention", *tensors)
    agrees(b)


def test_root_mean_squares() -> None:
    b = Builder(12, opset=23)
    b.reshape(3, 4)
    b.add("RMSNormalization", b.weight(4), axis=-1)
    agrees(b)


def test_swish() -> None:
    b = Builder(12, opset=24)
    b.add("Swish", alpha=1.3)
    agrees(b)


def test_what_is_no_function_is_named() -> None:
    b = image(3, 4, 6)
    b.add("LRN", size=3)
    with pytest.raises(UnsupportedGraph, match="LRN 'n2': this operator is not in the engine's set"):
        import_onnx(b.model())
