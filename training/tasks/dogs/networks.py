"""The dogs' networks: those of `training.core.model.conv_vae` for 128x128 RGB."""

from __future__ import annotations

import torch
from torch import nn

from ...core.model.conv_vae import ConvVAE, Sizes
from .config import DogNetwork
from .photographs.dogfacenet import SIDE


def sizes(network: DogNetwork) -> Sizes:
    """A configuration's sizes."""
    return Sizes(
        SIDE,
        3,
        network.latent,
        network.decoder_hidden,
        network.decoder_channels,
        network.encoder_channels,
        network.encoder_hidden,
        network.encoder_components,
    )


class DogVAE(ConvVAE):
    """Encoder and decoder of the dogs; its flat field is 0 until the model ships."""

    def __init__(self, network: DogNetwork) -> None:
        super().__init__(sizes(network))
        self.decoder.flat_field = nn.Parameter(torch.zeros(self.image_shape), requires_grad=False)
