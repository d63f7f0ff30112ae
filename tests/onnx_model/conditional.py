"""A decoder with a class, a number and noise, written for tests of those who show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.onnx_model.zoo.animals import HEIGHT, WIDTH, Writer

CLASSES = 5


def write_conditional(path: Path) -> Path:
    """z (n, 6), label of 5, psi, noise; to 20x16 in colour."""
    w = Writer(begin=False)
    inputs: tuple[tuple[str, int, list[str | int | None]], ...] = (
        ("label", TensorProto.INT64, ["n"]),
        ("psi", TensorProto.FLOAT, ["n", 1]),
        ("noise", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH]),
    )
    for name, dtype, dims in inputs:
        w.inputs.append(helper.make_tensor_value_info(name, dtype, dims))
    w.add("Mul", "psi")
    w.body(final=None)
    table = np.random.default_rng(0).standard_normal((CLASSES, 3)).astype(np.float32)
    moved = w.node("Gather", w.constant(table), "label", axis=0)
    w.last = w.node("Add", w.last, w.node("Reshape", moved, w.ints(-1, 3, 1, 1)))
    w.add("Add", w.node("Mul", "noise", w.floats(0.3))).add("Sigmoid")
    onnx.save(w.model(), path)
    return path
