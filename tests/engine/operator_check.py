"""One operator on the device against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings

from tests.engine.reference import Builder, onnxruntime_output
from tests.engine.wgpu.device import compute

BOUNDED = settings(
    max_examples=6,
    deadline=None,
    # A new example is a new text to compile: the same ones each time are in the driver's cache.
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

ACTIVATIONS: dict[str, dict[str, Any]] = {
    "Abs": {},
    "Clip": {},
    "Cos": {},
    "Elu": {"alpha": 0.7},
    "Erf": {},
    "Exp": {},
    "HardSigmoid": {"alpha": 0.3, "beta": 0.4},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.2},
    "Mish": {},
    "Neg": {},
    "Relu": {},
    "Selu": {},
    "Sigmoid": {},
    "Sin": {},
    "Softplus": {},
    "Softsign": {},
    "Tanh": {},
}
"""Pointwise operators of one input, with attributes that are not the defaults."""


def agrees(b: Builder, *, n: int = 2, scale: float = 1.0, fuse: bool = True, **options: Any) -> None:
    model = b.model()
    z = b.latents(n) * np.float32(scale)
    expected = onnxruntime_output(model, z)
    actual = compute(model, z, fuse=fuse, **options)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, atol=1e-3 * max(1.0, np.abs(expected).max() / 10), rtol=1e-4)


def image(channels: int, height: int, width: int, seed: int = 0, opset: int = 17) -> Builder:
    b = Builder(channels * height * width, seed=seed, opset=opset)
    b.view(channels, height, width)
    return b
