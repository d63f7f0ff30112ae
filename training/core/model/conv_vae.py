"""Convolutional networks for pictures of any of the usual sizes, in plain PyTorch.

The decoder has no normalisation, upsamples by nearest neighbours and ends with a pixel shuffle: each of these
fuses into a neighbouring kernel. Half of its weights lie at the two coarsest sizes, where they cost least.
Layers are named by the side, in pixels, of what they make: ``to_16``, ``block_8``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .networks import VAE, GaussianEncoder, LatentDecoder

SLOPE = 0.2
"""Slope of the leaky ReLU below zero."""

LOGVAR_RANGE = (-9.0, 2.0)
"""Log-variances are held to this: a posterior can neither become a point nor run away."""

UNSHUFFLED = 4
"""The encoder's first layer sees squares of so many pixels as channels."""


@dataclass(frozen=True)
class Widths:
    """Sizes of both networks but for those of pictures.

    Attributes:
        latent: Dimensions.
        decoder_hidden: Width of the decoder's first layer.
        decoder_channels: At every side from the coarsest to half of ``side``.
        encoder_channels: At every side from a quarter of ``side`` to the coarsest.
        encoder_hidden: Width of the encoder's last layer but one.
        encoder_components: Principal components of the coarse picture that the encoder is given.
    """

    latent: int
    decoder_hidden: int
    decoder_channels: tuple[int, ...]
    encoder_channels: tuple[int, ...]
    encoder_hidden: int
    encoder_components: int


@dataclass(frozen=True)
class Sizes(Widths):
    """Sizes of both networks.

    Attributes:
        side: Of the pictures, in pixels: 4 or 6 times a power of two, 32 at least.
        colours: Channels of the pictures, 1 or 3.
    """

    side: int
    colours: int

    @property
    def coarsest(self) -> int:
        """Side of the smallest feature maps, 4 or 6 pixels."""
        return coarsest(self.side)

    @property
    def coarse(self) -> int:
        """Side of the picture whose principal components the encoder begins with."""
        return coarse_side(self.side)


def coarsest(side: int) -> int:
    """Side of the smallest feature maps of networks for pictures of ``side``: 4 or 6 pixels.

    Raises:
        ValueError: It is not 4 or 6 times a power of two, or less than 32.
    """
    for base in (4, 6):
        if side >= 32 and side % base == 0 and (side // base).bit_count() == 1:
            return base
    raise ValueError(f"a side of {side} pixels is not 4 or 6 times a power of two")


def coarse_side(side: int) -> int:
    """Side of the picture whose principal components the encoder begins with: 32 or 24 pixels."""
    return 32 if coarsest(side) == 4 else 24


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


class ModulatedDecoder(LatentDecoder):
    """p(x|z): latent to logits of a picture, by way of feature maps of 4 (or 6), 8, 16 ... pixels.

    The latent sets where everything is at the coarsest size, and after that the scale and shift of every
    channel at every size, so that the kind of fur need not travel through all layers. A scale and a shift
    begin as 1 and 0.

    Attributes:
        flat_field: (colours, side, side), added to the logits of every picture; None for nothing.
    """

    flat_field: nn.Parameter | None

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        channels, first = sizes.decoder_channels, sizes.coarsest
        self.sides = [first << level for level in range(len(channels))]
        if 2 * self.sides[-1] != sizes.side:
            raise ValueError(f"{len(channels)} sizes of feature maps do not end at {sizes.side} pixels")
        self.coarsest, self.channels = first, channels[0]
        self.hidden = nn.Linear(sizes.latent, sizes.decoder_hidden)
        self.add_module(f"to_{first}", nn.Linear(sizes.decoder_hidden, channels[0] * first**2))
        for level, side in enumerate(self.sides):
            if level:
                self.add_module(f"to_{side}", nn.Conv2d(channels[level - 1], channels[level], 3, padding=1))
            if level < 2:
                self.add_module(f"block_{side}", nn.Conv2d(channels[level], channels[level], 3, padding=1))
        last = nn.Conv2d(channels[-1], sizes.colours * 2 * 2, 3, padding=1)
        self.add_module(f"to_{sizes.side}", last)
        modulated = (*channels[:2], *channels[1:])
        self.register_parameter("flat_field", None)
        # A layer each: parts of one would have to be copied out of it at run time.
        self.scales = nn.ModuleList(nn.Linear(sizes.decoder_hidden, size) for size in modulated)
        self.shifts = nn.ModuleList(nn.Linear(sizes.decoder_hidden, size) for size in modulated)
        initialise(self)
        for layer in (*self.scales, *self.shifts):
            nn.init.zeros_(cast(nn.Linear, layer).weight)
        for layer in self.scales:
            nn.init.ones_(cast(nn.Linear, layer).bias)
        nn.init.normal_(last.weight, std=0.01)  # begins with grey, which is nearer to pictures than noise

    def forward(self, z: Tensor) -> Tensor:
        """(n, latent) to logits (n, c, side, side)."""
        hidden = activation(self.hidden(z))
        layers = zip(self.scales, self.shifts, strict=True)

        def styled(x: Tensor) -> Tensor:
            scale, shift = (layer(hidden)[:, :, None, None] for layer in next(layers))
            return activation(x * scale + shift)

        first, second, *others = self.sides
        x = activation(self._layer("to", first)(hidden))
        x = x.reshape(-1, self.channels, self.coarsest, self.coarsest)
        x = x.contiguous(memory_format=torch.channels_last)
        x = x + styled(self._layer("block", first)(x))
        x = styled(self._layer("to", second)(_twice(x)))
        x = x + styled(self._layer("block", second)(x))
        for side in others:
            x = styled(self._layer("to", side)(_twice(x)))
        logits = F.pixel_shuffle(self._layer("to", 2 * self.sides[-1])(x), 2)
        return logits if self.flat_field is None else logits + self.flat_field

    def _layer(self, kind: str, side: int) -> nn.Module:
        return self.get_submodule(f"{kind}_{side}")


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class ComponentEncoder(GaussianEncoder):
    """q(z|x): a convolutional network beside principal components of the coarse picture.

    The mean begins as the whitened components themselves, which is the best that a linear encoder can do; the
    convolutional features only have to add what is missing.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        channels, first = sizes.encoder_channels, sizes.side // UNSHUFFLED
        self.sides = [first >> level for level in range(len(channels))]
        if self.sides[-1] != sizes.coarsest:
            raise ValueError(f"{len(channels)} sizes of feature maps do not end at {sizes.coarsest} pixels")
        self.pooled = sizes.side // sizes.coarse
        colours = sizes.colours * UNSHUFFLED**2
        self.add_module(f"to_{first}", nn.Conv2d(colours, channels[0], 3, padding=1))
        for level, side in enumerate(self.sides[1:], 1):
            layer = nn.Conv2d(channels[level - 1], channels[level], 3, stride=2, padding=1)
            self.add_module(f"to_{side}", layer)
        for level, side in enumerate(self.sides[1:], 1):
            self.add_module(f"norm_{side}", nn.BatchNorm2d(channels[level]))
        self.features = nn.Linear(channels[-1] * sizes.coarsest**2, sizes.encoder_hidden)
        self.components = nn.Linear(sizes.colours * sizes.coarse**2, sizes.encoder_components)
        inputs = sizes.encoder_components + sizes.encoder_hidden
        self.mean = nn.Linear(inputs, sizes.latent)
        self.logvar = nn.Linear(inputs, sizes.latent)
        initialise(self)
        self.components.requires_grad_(False)  # fitted once, see set_components
        for head in (self.mean, self.logvar):
            nn.init.zeros_(head.weight)
        nn.init.eye_(self.mean.weight)
        nn.init.constant_(self.logvar.bias, -2.0)

    @property
    def norms(self) -> tuple[nn.BatchNorm2d, ...]:
        """The normalisations, the finest first."""
        return tuple(cast(nn.BatchNorm2d, self.get_submodule(f"norm_{side}")) for side in self.sides[1:])

    def set_components(self, weight: Tensor, bias: Tensor) -> None:
        """Set the linear map from the flattened coarse picture to its whitened principal components."""
        with torch.no_grad():
            self.components.weight.copy_(weight)
            self.components.bias.copy_(bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, c, side, side), values 0..1, to mean and log-variance, each (n, latent) float32."""
        coarse = F.avg_pool2d(x, self.pooled).flatten(1)
        x = F.pixel_unshuffle(x - 0.5, UNSHUFFLED).contiguous(memory_format=torch.channels_last)
        x = activation(self.get_submodule(f"to_{self.sides[0]}")(x))
        for side in self.sides[1:]:
            x = activation(self.get_submodule(f"norm_{side}")(self.get_submodule(f"to_{side}")(x)))
        x = activation(self.features(x.flatten(1)))
        # In float32 even under autocast: bfloat16 would add noise of 1/256 to every latent.
        with torch.autocast(x.device.type, enabled=False):
            heads = torch.cat([self.components(coarse.float()), x.float()], 1)
            return self.mean(heads), self.logvar(heads).clamp(*LOGVAR_RANGE)


class ConvVAE(VAE):
    """Encoder and decoder for square pictures."""

    encoder: ComponentEncoder
    decoder: ModulatedDecoder

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(ComponentEncoder(sizes), ModulatedDecoder(sizes))
        self.image_shape = (sizes.colours, sizes.side, sizes.side)
