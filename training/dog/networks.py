"""The dogs' networks, in plain PyTorch.

The decoder has no normalisation, upsamples by nearest neighbours and ends with a pixel shuffle: each of these
fuses into a neighbouring kernel. Half of its weights lie at 4x4 and 8x8 pixels, where they cost least.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.dog.config import DogNetwork
from training.dog.data import SIDE
from training.networks import VAE, GaussianEncoder, LatentDecoder
from training.prior import StandardNormal

SLOPE = 0.2
"""Slope of the leaky ReLU below zero."""

LOGVAR_RANGE = (-9.0, 2.0)
"""Log-variances are held to this: a posterior can neither become a point nor run away."""

COARSE = 32
"""Side of the picture whose principal components the encoder begins with."""


def activation(x: Tensor) -> Tensor:
    """Leaky ReLU."""
    return F.leaky_relu(x, SLOPE)


def initialise(network: nn.Module) -> None:
    """Keep the size of activations from layer to layer (He et al. 2015), biases at 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, SLOPE)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class DogDecoder(LatentDecoder):
    """p(x|z): latent to logits of 128x128 RGB, by way of 4x4, 8x8, 16x16, 32x32 and 64x64 feature maps.

    The latent sets where everything is at 4x4 pixels, and after that the scale and shift of every channel at
    every size, so that the kind of fur need not travel through all layers. A scale and a shift begin as 1 and
    0.
    """

    def __init__(self, network: DogNetwork) -> None:
        super().__init__()
        at_4, at_8, at_16, at_32, at_64 = network.decoder_channels
        self.channels_4 = at_4
        self.hidden = nn.Linear(network.latent, network.decoder_hidden)
        self.to_4 = nn.Linear(network.decoder_hidden, at_4 * 4 * 4)
        self.block_4 = nn.Conv2d(at_4, at_4, 3, padding=1)
        self.to_8 = nn.Conv2d(at_4, at_8, 3, padding=1)
        self.block_8 = nn.Conv2d(at_8, at_8, 3, padding=1)
        self.to_16 = nn.Conv2d(at_8, at_16, 3, padding=1)
        self.to_32 = nn.Conv2d(at_16, at_32, 3, padding=1)
        self.to_64 = nn.Conv2d(at_32, at_64, 3, padding=1)
        self.to_128 = nn.Conv2d(at_64, 3 * 2 * 2, 3, padding=1)
        modulated = (at_4, at_8, at_8, at_16, at_32, at_64)
        # A layer each: parts of one would have to be copied out of it at run time.
        self.scales = nn.ModuleList(nn.Linear(network.decoder_hidden, size) for size in modulated)
        self.shifts = nn.ModuleList(nn.Linear(network.decoder_hidden, size) for size in modulated)
        initialise(self)
        for layer in (*self.scales, *self.shifts):
            nn.init.zeros_(layer.weight)
        for layer in self.scales:
            nn.init.ones_(layer.bias)  # type: ignore[arg-type]
        nn.init.normal_(self.to_128.weight, std=0.01)  # begins with grey, which is nearer to dogs than noise

    def forward(self, z: Tensor) -> Tensor:
        """(n, latent) to logits (n, 3, 128, 128)."""
        hidden = activation(self.hidden(z))
        layers = zip(self.scales, self.shifts, strict=True)

        def styled(x: Tensor) -> Tensor:
            scale, shift = (layer(hidden)[:, :, None, None] for layer in next(layers))
            return activation(x * scale + shift)

        x = activation(self.to_4(hidden)).reshape(-1, self.channels_4, 4, 4)
        x = x.contiguous(memory_format=torch.channels_last)
        x = x + styled(self.block_4(x))
        x = styled(self.to_8(_twice(x)))
        x = x + styled(self.block_8(x))
        for layer in (self.to_16, self.to_32, self.to_64):
            x = styled(layer(_twice(x)))
        return F.pixel_shuffle(self.to_128(x), 2)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class DogEncoder(GaussianEncoder):
    """q(z|x): a convolutional network beside principal components of the coarse picture.

    The mean begins as the whitened components themselves, which is the best that a linear encoder can do; the
    convolutional features only have to add what is missing.
    """

    def __init__(self, network: DogNetwork) -> None:
        super().__init__()
        at_32, at_16, at_8, at_4 = network.encoder_channels
        self.to_32 = nn.Conv2d(3 * 4 * 4, at_32, 3, padding=1)
        self.to_16 = nn.Conv2d(at_32, at_16, 3, stride=2, padding=1)
        self.to_8 = nn.Conv2d(at_16, at_8, 3, stride=2, padding=1)
        self.to_4 = nn.Conv2d(at_8, at_4, 3, stride=2, padding=1)
        self.norm_16, self.norm_8, self.norm_4 = (nn.BatchNorm2d(size) for size in (at_16, at_8, at_4))
        self.features = nn.Linear(at_4 * 4 * 4, network.encoder_hidden)
        self.components = nn.Linear(3 * COARSE * COARSE, network.encoder_components)
        inputs = network.encoder_components + network.encoder_hidden
        self.mean = nn.Linear(inputs, network.latent)
        self.logvar = nn.Linear(inputs, network.latent)
        initialise(self)
        self.components.requires_grad_(False)  # fitted once, see set_components
        for head in (self.mean, self.logvar):
            nn.init.zeros_(head.weight)
        nn.init.eye_(self.mean.weight)
        nn.init.constant_(self.logvar.bias, -2.0)

    def set_components(self, weight: Tensor, bias: Tensor) -> None:
        """Set the linear map from the flattened 32x32 picture to its whitened principal components."""
        with torch.no_grad():
            self.components.weight.copy_(weight)
            self.components.bias.copy_(bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3, 128, 128), values 0..1, to mean and log-variance, each (n, latent) float32."""
        coarse = F.avg_pool2d(x, SIDE // COARSE).flatten(1)
        x = F.pixel_unshuffle(x - 0.5, 4).contiguous(memory_format=torch.channels_last)
        x = activation(self.to_32(x))
        x = activation(self.norm_16(self.to_16(x)))
        x = activation(self.norm_8(self.to_8(x)))
        x = activation(self.norm_4(self.to_4(x)))
        x = activation(self.features(x.flatten(1)))
        # In float32 even under autocast: bfloat16 would add noise of 1/256 to every latent.
        with torch.autocast(x.device.type, enabled=False):
            heads = torch.cat([self.components(coarse.float()), x.float()], 1)
            return self.mean(heads), self.logvar(heads).clamp(*LOGVAR_RANGE)


class DogVAE(VAE):
    """Encoder and decoder of the dogs."""

    encoder: DogEncoder
    decoder: DogDecoder
    image_shape = (3, SIDE, SIDE)

    def __init__(self, network: DogNetwork) -> None:
        nn.Module.__init__(self)
        self.encoder = DogEncoder(network)
        self.decoder = DogDecoder(network)
        self.prior = StandardNormal()
