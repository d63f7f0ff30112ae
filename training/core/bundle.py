"""Weights read back from a bundle's networks."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor


def stored_weights(path: Path) -> dict[str, Tensor]:
    """Initializers by name, in float32: `training.core.onnx_graph.store_half` marks those that are halved."""
    graph = onnx.load(path).graph
    return {
        tensor.name.removesuffix(".half"): torch.tensor(numpy_helper.to_array(tensor), dtype=torch.float32)
        for tensor in graph.initializer
    }
