"""Networks as single ONNX files: small, free of the exporting machine's traces, checked against PyTorch."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from .model.networks import VAE

OPSET = 18  # the first in which Resize and the rest of these operators are unchanged to this day's readers


LARGE = 1024
"""Values; smaller tensors (biases) stay float32: halving them saves nothing."""


class ShippedDecoder(nn.Module):
    """The decoder as it is shipped: latent to pixel intensities, values 0..1."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.decoder = model.decoder

    def forward(self, z: Tensor) -> Tensor:
        """(n, d) to (n, c, h, w): intensities; of MNIST, the probabilities that pixels are white."""
        return torch.sigmoid(self.decoder(z))


@torch.inference_mode()
def decode(model: VAE, z: Tensor, batch: int = 50) -> Tensor:
    """Latents (n, d) to images (n, c, h, w) on the CPU, values 0..1."""
    decoder, device = ShippedDecoder(model), next(model.parameters()).device
    return torch.cat([decoder(block.to(device)).float().cpu() for block in torch.split(z, batch)])


def decoder_model(model: VAE, *, half: bool = True) -> onnx.ModelProto:
    """``z`` (n, d) float32 to ``image`` (n, c, h, w), values 0..1."""
    latent = model.decoder.hidden.in_features
    return _export(ShippedDecoder(model), torch.zeros(2, latent), "z", ["image"], half)


def encoder_model(model: VAE, *, half: bool = True) -> onnx.ModelProto:
    """``image`` (n, c, h, w), values 0..1, to ``mean`` and ``logvar``, each (n, d)."""
    return _export(model.encoder, torch.zeros(2, *model.image_shape), "image", ["mean", "logvar"], half)


def _export(
    network: nn.Module, example: Tensor, name: str, outputs: list[str], half: bool
) -> onnx.ModelProto:
    batch = torch.export.Dim("n")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # of the exporter about itself
        program = torch.onnx.export(
            network.eval(),
            (example,),
            dynamo=True,
            input_names=[name],
            output_names=outputs,
            opset_version=OPSET,
            dynamic_shapes=({0: batch},),
        )
    assert program is not None
    model = strip(program.model_proto)
    return store_half(model) if half else model


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove what names the exporting machine or helps nobody: stack traces, metadata, inferred shapes."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    del graph.value_info[:]
    return model


def store_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 weights as float16, each followed by a Cast to float32: half the bytes."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < LARGE:
            continue
        name, half = tensor.name, f"{tensor.name}.half"
        with np.errstate(over="ignore"):  # to infinity: export compares the pictures and refuses
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    return model


def run(model: onnx.ModelProto, array: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Outputs of the graph by onnxruntime on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs: list[np.ndarray[Any, Any]] = session.run(None, {model.graph.input[0].name: array})
    return outputs
