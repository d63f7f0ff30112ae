"""The networks, in plain PyTorch.

No normalisation layers: residual blocks that start near the identity train without them (Zhang, Dauphin & Ma
2019, "Fixup"), and nothing is left to fold at run time. The decoder keeps to what is cheap to write a fused
kernel for: fully connected, 3x3 convolution, nearest-neighbour upsampling, leaky ReLU, pixel shuffle.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.model.networks import VAE, GaussianEncoder, LatentDecoder
from .config import DenseNetwork, Network

SLOPE = 0.1
"""Slope of the leaky ReLU below zero."""


def activation(x: Tensor) -> Tensor:
    """Leaky ReLU: one operator in ONNX, one instruction or two in a kernel."""
    return F.leaky_relu(x, SLOPE)


class ResidualBlock(nn.Module):
    """x + conv(act(conv(act(x)))), 3x3; before the first step the identity, but for a bias."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        out: Tensor = x + self.second(activation(self.first(activation(x))))
        return out


class Encoder(GaussianEncoder):
    """q(z|x): image to the mean and log-variance of a diagonal Gaussian."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        wide, narrow = network.channels_7, network.channels_14
        self.to_14 = nn.Conv2d(1, narrow, 4, stride=2, padding=1)
        self.to_7 = nn.Conv2d(narrow, wide, 4, stride=2, padding=1)
        self.blocks_7 = nn.Sequential(*(ResidualBlock(wide) for _ in range(network.encoder_blocks)))
        self.hidden = nn.Linear(wide * 7 * 7, network.hidden)
        self.mean = nn.Linear(network.hidden, network.latent)
        self.logvar = nn.Linear(network.hidden, network.latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 1, 28, 28), values 0..1, to mean and log-variance, each (n, latent)."""
        x = activation(self.to_14(x - 0.5))
        x = activation(self.blocks_7(self.to_7(x)))
        x = activation(self.hidden(x.flatten(1)))
        return self.mean(x), self.logvar(x)


class Decoder(LatentDecoder):
    """p(x|z): latent to the logits of independent Bernoulli pixels."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        wide, narrow = network.channels_7, network.channels_14
        self.channels_7 = wide
        self.hidden = nn.Linear(network.latent, network.hidden)
        self.to_7 = nn.Linear(network.hidden, wide * 7 * 7)
        self.blocks_7 = nn.Sequential(*(ResidualBlock(wide) for _ in range(network.decoder_blocks_7)))
        self.to_14 = nn.Conv2d(wide, narrow, 3, padding=1)
        self.blocks_14 = nn.Sequential(*(ResidualBlock(narrow) for _ in range(network.decoder_blocks_14)))
        self.to_28 = nn.Conv2d(narrow, 4, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """(n, latent) to logits (n, 1, 28, 28)."""
        x = self.to_7(activation(self.hidden(z))).reshape(-1, self.channels_7, 7, 7)
        # Without this the convolutions would run on NCHW and copy at every layer: 20 % of a step.
        x = x.contiguous(memory_format=torch.channels_last)
        x = activation(self.blocks_7(x))
        x = self.to_14(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        x = activation(self.blocks_14(x))
        return F.pixel_shuffle(self.to_28(x), 2)


class DenseEncoder(GaussianEncoder):
    """q(z|x) without convolutions: enough for a latent of two dimensions, and many times faster."""

    def __init__(self, network: DenseNetwork) -> None:
        super().__init__()
        widths = [28 * 28, *reversed(network.layers)]
        self.layers = nn.ModuleList(map(nn.Linear, widths[:-1], widths[1:]))
        self.mean = nn.Linear(widths[-1], network.latent)
        self.logvar = nn.Linear(widths[-1], network.latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 1, 28, 28), values 0..1, to mean and log-variance, each (n, latent)."""
        x = (x - 0.5).flatten(1)
        for layer in self.layers:
            x = activation(layer(x))
        return self.mean(x), self.logvar(x)


class DenseDecoder(LatentDecoder):
    """p(x|z) without convolutions: several layers, since two numbers must become a picture."""

    def __init__(self, network: DenseNetwork) -> None:
        super().__init__()
        first, *others = widths = network.layers
        self.hidden = nn.Linear(network.latent, first)
        self.layers = nn.ModuleList(map(nn.Linear, widths[:-1], others))
        self.to_28 = nn.Linear(widths[-1], 28 * 28)

    def forward(self, z: Tensor) -> Tensor:
        """(n, latent) to logits (n, 1, 28, 28)."""
        x = activation(self.hidden(z))
        for layer in self.layers:
            x = activation(layer(x))
        logits: Tensor = self.to_28(x)
        return logits.reshape(-1, 1, 28, 28)


class DigitVAE(VAE):
    """Encoder and decoder of the digits."""

    image_shape = (1, 28, 28)

    def __init__(self, network: Network | DenseNetwork) -> None:
        if isinstance(network, DenseNetwork):
            super().__init__(DenseEncoder(network), DenseDecoder(network))
        else:
            super().__init__(Encoder(network), Decoder(network))
