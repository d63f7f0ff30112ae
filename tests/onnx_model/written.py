"""Models as files, and what tests change about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.load import load_decoder

Change = Callable[[onnx.ModelProto], object]


def write(path: Path, model: onnx.ModelProto) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def load(tmp_path: Path, model: onnx.ModelProto) -> CheckedModel:
    return load_decoder(write(tmp_path / "model.onnx", model))


def run(model: onnx.ModelProto, z: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (image,) = session.run(None, {session.get_inputs()[0].name: z})
    return np.asarray(image)


def latents(n: int, dim: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)


def append(
    model: onnx.ModelProto, operator: str, *, inputs: list[str] | None = None, **attributes: Any
) -> None:
    """Put an operator behind the image and make its output the graph's."""
    graph = model.graph
    node = helper.make_node(operator, inputs or ["image"], ["last"], name="last", **attributes)
    graph.node.append(node)
    graph.output[0].CopyFrom(helper.make_tensor_value_info("last", TensorProto.FLOAT, None))


def constant(model: onnx.ModelProto, name: str, values: object, dtype: type = np.int64) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.array(values, dtype), name))
    return name


def weight(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    found: onnx.TensorProto = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    return found


def set_int64(model: onnx.ModelProto, name: str, values: list[int]) -> None:
    weight(model, name).CopyFrom(numpy_helper.from_array(np.array(values, np.int64), name))
