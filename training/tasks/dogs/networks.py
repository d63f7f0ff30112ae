"""The dogs' networks: those of `training.core.model.conv_vae` for 128x128 RGB."""

from __future__ import annotations

import torch
from torch import nn

from ...core.model.conv_vae import ConvVAE, Sizes, Widths
from .photographs.dogfacenet import SIDE


def sizes(network: Widths) -> Sizes:
    """A configuration's sizes."""
    return Sizes(**vars(network), side=SIDE, colours=3)


class DogVAE(ConvVAE):
    """Encoder and decoder of the dogs; its flat field is 0 until the model ships."""

    def __init__(self, network: Widths) -> None:
        super().__init__(sizes(network))
        self.decoder.flat_field = nn.Parameter(torch.zeros(self.image_shape), requires_grad=False)
