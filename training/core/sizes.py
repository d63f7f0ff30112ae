"""How large a model is, as it ships."""

from __future__ import annotations

import torch

from . import onnx_graph
from .checkpoint import Trained
from .model.networks import multiply_adds


def sizes(trained: Trained) -> dict[str, int]:
    """Weights, multiply-adds a picture and bytes of both networks, as shipped."""
    decoder, encoder = trained.model.decoder, trained.model.encoder
    latent = torch.zeros(1, decoder.hidden.in_features)
    return {
        "decoder_parameters": _parameters(decoder),
        "decoder_multiply_adds": multiply_adds(decoder, latent),
        "decoder_bytes": onnx_graph.decoder_model(trained.model).ByteSize(),
        "encoder_parameters": _parameters(encoder),
        "encoder_multiply_adds": multiply_adds(encoder, torch.zeros(1, *trained.model.image_shape)),
    }


def _parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
