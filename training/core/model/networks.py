"""What the networks of all tasks have in common."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .prior import MixturePrior, StandardNormal


class GaussianEncoder(nn.Module):
    """What all encoders have: the last layers, whose outputs are those of the latent dimensions."""

    mean: nn.Linear
    logvar: nn.Linear


class LatentDecoder(nn.Module):
    """What all decoders have: the first layer, whose inputs are the latent dimensions."""

    hidden: nn.Linear


@dataclass
class Pass:
    """What one pass through the VAE gives, for k samples of each of n images.

    Attributes:
        mean: (n, d) of q(z|x).
        logvar: (n, d) of q(z|x).
        z: (k, n, d), samples of q(z|x).
        logits: (k, n, c, h, w), of p(x|z).
        log_prior: (k, n), log p(z) in nats.
    """

    mean: Tensor
    logvar: Tensor
    z: Tensor
    logits: Tensor
    log_prior: Tensor


class VAE(nn.Module):
    """Encoder and decoder, tied by reparameterised samples, and the prior of those."""

    encoder: GaussianEncoder
    decoder: LatentDecoder
    prior: StandardNormal | MixturePrior
    image_shape: tuple[int, int, int]
    """Channels, height and width of what is encoded and decoded."""

    def __init__(self, encoder: GaussianEncoder, decoder: LatentDecoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.prior = StandardNormal()

    def forward(self, x: Tensor, noise: Tensor) -> Pass:
        """Encode ``x`` (n, c, h, w) and decode k samples; ``noise`` (k, n, d) is standard normal."""
        mean, logvar = self.encoder(x)
        return self.sample(mean.float(), logvar.float(), noise)

    def sample(self, mean: Tensor, logvar: Tensor, noise: Tensor) -> Pass:
        """Decode k samples of the posteriors N(mean, exp(logvar)); ``noise`` as in `forward`."""
        z = mean + torch.exp(0.5 * logvar) * noise
        logits = self.decoder(z.flatten(0, 1)).float()
        return Pass(mean, logvar, z, logits.unflatten(0, noise.shape[:2]), self.prior(z))


def multiply_adds(network: nn.Module, example: Tensor) -> int:
    """Multiply-adds of the Linear and Conv2d layers in one pass over ``example``, a batch of one."""
    count = 0

    def add(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal count
        weight = layer.weight
        assert isinstance(weight, Tensor)
        count += output.numel() * weight[0].numel()

    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    hooks = [layer.register_forward_hook(add) for layer in layers]
    with torch.inference_mode():
        network(example)
    for hook in hooks:
        hook.remove()
    return count
