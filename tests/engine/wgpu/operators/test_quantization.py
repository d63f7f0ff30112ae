"""Quantised operators on the device against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.engine.operator_check import agrees, image
from tests.engine.reference import Builder, onnxruntime_output
from tests.engine.wgpu.device import compute


def number(b: Builder, value: float, dtype: Any = np.float32) -> str:
    return b.constant(np.array(value, dtype))


@pytest.mark.parametrize(("dtype", "zero"), [(np.uint8, 100), (np.int8, -3), (np.uint8, None)])
def test_activations_are_rounded(dtype: Any, zero: int | None) -> None:
    b = image(3, 4, 5)
    step = [number(b, 0.05)] + ([] if zero is None else [number(b, zero, dtype)])
    b.add("QuantizeLinear", *step)
    b.add("DequantizeLinear", *step)
    agrees(b, scale=3.0)


@pytest.mark.parametrize("axis", [1, -1])
def test_a_step_for_each_channel(axis: int) -> None:
    b = image(4, 3, 4)
    steps = b.constant(np.array([0.1, 0.02, 0.05, 0.3], np.float32))
    zeros = b.constant(np.array([10, 128, 250, 0], np.uint8))
    b.add("QuantizeLinear", steps, zeros, axis=axis)
    b.add("DequantizeLinear", steps, zeros, axis=axis)
    agrees(b)


def test_weights_are_folded() -> None:
    b = image(4, 5, 5)
    weight = b.constant(b.rng.integers(-127, 128, (3, 4, 3, 3)).astype(np.int8))
    steps = b.constant(np.array([0.01, 0.02, 0.03], np.float32))
    weight = b.node("DequantizeLinear", weight, steps, b.constant(np.zeros(3, np.int8)), axis=0)
    b.add("Conv", weight, pads=[1, 1, 1, 1])
    agrees(b)


def test_a_range_found_as_it_runs() -> None:
    b = image(3, 4, 5)
    b.nodes.append(onnx.helper.make_node("DynamicQuantizeLinear", [b.last], ["q", "step", "zero"], name="q"))
    b.last = b.node("DequantizeLinear", "q", "step", "zero")
    agrees(b, n=1)  # the range is that of all examples


@pytest.mark.parametrize("kind", ["MatMulInteger", "ConvInteger"])
def test_sums_of_integers(kind: str) -> None:
    b = image(4, 5, 5) if kind == "ConvInteger" else Builder(8)
    b.nodes.append(onnx.helper.make_node("DynamicQuantizeLinear", [b.last], ["q", "step", "zero"], name="q"))
    shape, how = ((3, 4, 3, 3), {"pads": [1, 1, 1, 1]}) if kind == "ConvInteger" else ((8, 5), {})
    weight = b.constant(b.rng.integers(0, 255, shape).astype(np.uint8))
    b.last = b.node(kind, "q", weight, "zero", number(b, 128, np.uint8), **how)
    b.last = b.node("Mul", b.node("Cast", b.last, to=1), b.node("Mul", "step", number(b, 0.01)))
    agrees(b, n=1)


@pytest.mark.parametrize("how", ["QDQ", "QOperator", "dynamic"])
def test_a_decoder_that_onnxruntime_quantised(how: str, tmp_path: Path) -> None:
    """Its whole output within a level of 255, most of it the same."""
    quantization = pytest.importorskip("onnxruntime.quantization")
    b = Builder(6)
    b.linear(6, 8 * 4 * 4, "MatMul")
    b.add("Relu")
    b.reshape(8, 4, 4)
    b.conv(8, 8)
    b.add("Relu")
    b.upsample()
    b.conv(8, 3)
    b.add("Sigmoid")
    onnx.save(b.model(), tmp_path / "float.onnx")
    target = tmp_path / "quantised.onnx"
    z = b.latents(4)

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.rows = [{"z": row[None]} for row in z]

        def get_next(self) -> dict[str, Any] | None:
            return self.rows.pop() if self.rows else None

    if how == "dynamic":
        quantization.quantize_dynamic(tmp_path / "float.onnx", target)
    else:
        form = getattr(quantization.QuantFormat, how)
        quantization.quantize_static(
            tmp_path / "float.onnx",
            target,
            Reader(),
            quant_format=form,
            per_channel=True,
            op_types_to_quantize=["Conv", "MatMul"],
        )
    model = onnx.load(target)
    for row in z:
        expected, made = onnxruntime_output(model, row[None]), compute(model, row[None])
        assert np.abs(expected - made).max() <= 2 / 255
