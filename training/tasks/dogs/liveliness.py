"""Turn a model's latent space so that one sees what each of its dimensions does, and drop the rest.

A VAE's dimensions are any basis of its space: most move an image hardly at all. First they become the
principal axes of the visible effect, the expected squared change of an image as the aggregated posterior's
unit ball is walked, and only the liveliest are kept. Of those the first would still move an image many times
as far as the last, and each a little of everything; so they are turned again, to be as independent of each
other over the data as can be: a blaze, an open mouth, the colour behind the dog. The networks stay what they
are: the turn goes into the decoder's first layer and the encoder's last ones.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...core.checkpoint import Trained
from ...core.data.subset import evenly_spread
from ...core.model.conv_vae import ComponentEncoder
from ...core.model.networks import LatentDecoder
from ...core.model.posterior import Posteriors

POINTS = 256
"""Images at which the decoder's derivative is taken."""


PROBES = 4
"""Random images at each that it is multiplied with."""


FITTED = 2048
"""Images that the layer of log-variances is fitted to."""


ROUNDS = 200
"""Of the search for independent dimensions; twice as many make them a hundredth less like normal deviates."""


@dataclass(frozen=True)
class Turn:
    """A linear map between latents z (d) and turned ones u (k), of mean 0 and covariance I over the data.

    Attributes:
        mean: Of z, float64 (d,).
        forward: float64 (k, d): u = forward @ (z - mean).
        back: float64 (d, k): z = mean + back @ u.
    """

    mean: NDArray[np.float64]
    forward: NDArray[np.float64]
    back: NDArray[np.float64]

    def kept(self, count: int) -> Turn:
        """The first dimensions alone."""
        return Turn(self.mean, self.forward[:count], self.back[:, :count])

    def rotated(self, rows: NDArray[np.float64]) -> Turn:
        """To ``rows @ u`` in place of u, with orthonormal rows (k, k)."""
        return Turn(self.mean, rows @ self.forward, self.back @ rows.T)

    def __call__(self, z: NDArray[np.float32]) -> NDArray[np.float64]:
        """Latents (n, d) to turned ones (n, k)."""
        return np.asarray((z - self.mean) @ self.forward.T)


def find(decoder: LatentDecoder, posteriors: Posteriors, count: int) -> Turn:
    """The turn to ``count`` independent dimensions that span the liveliest part of the space."""
    turn = by_effect(decoder, posteriors).kept(count)
    return turn.rotated(independent(turn(posteriors.means)))


def by_effect(decoder: LatentDecoder, posteriors: Posteriors) -> Turn:
    """The turn to the principal axes of the visible effect, the liveliest first, all of them.

    With J the decoder's derivative and v white noise, the covariance of J^T v is that of J^T J: no derivative
    by all dimensions is needed.
    """
    mu, variances = posteriors.means.astype(np.float64), np.exp(posteriors.logvars.astype(np.float64))
    mean = mu.mean(0)
    covariance = np.cov(mu, rowvar=False, bias=True) + np.diag(variances.mean(0))
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(values)) @ vectors.T
    spread = np.linspace(0, len(mu) - 1, min(POINTS, len(mu))).astype(np.int64)
    gradients = _gradients(decoder, torch.from_numpy(posteriors.means[spread])).double().numpy() @ root
    columns = np.linalg.eigh(gradients.T @ gradients)[1]
    axes = columns.T[::-1]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    return Turn(mean, axes @ np.linalg.inv(root), root @ axes.T)


def independent(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal rows (k, k) whose readings of the points x (n, k) are least like normal deviates.

    Hyvärinen's fixed point (1999, "Fast and robust fixed-point algorithms for independent component
    analysis") with tanh, all rows at once. Each points to the side of its longer tail, where what is rare is.
    """
    x = (x - x.mean(0)) / x.std(0)
    rows = np.eye(x.shape[1])
    for _ in range(ROUNDS):
        read = np.tanh(x @ rows.T)
        left, _, right = np.linalg.svd(read.T @ x / len(x) - (1 - read**2).mean(0)[:, None] * rows)
        rows = left @ right
    skewness = ((x @ rows.T) ** 3).mean(0)
    return np.asarray(rows * np.where(skewness < 0, -1, 1)[:, None])


def _gradients(decoder: LatentDecoder, points: Tensor) -> Tensor:
    """J^T v / sqrt(pixels) at points (n, d) with `PROBES` of white noise v each: (n * PROBES, d)."""
    generator = torch.Generator().manual_seed(0)
    device = next(decoder.parameters()).device
    found = []
    for block in torch.split(points, 16):
        z = block.to(device).requires_grad_(True)
        images = torch.sigmoid(decoder(z).float())
        for probe in range(PROBES):
            noise = torch.randn(images.shape, generator=generator).to(device)
            total = (images * noise).sum() / images[0].numel() ** 0.5
            found.append(torch.autograd.grad(total, z, retain_graph=probe + 1 < PROBES)[0].cpu())
    return torch.cat(found)


def turned(trained: Trained, posteriors: Posteriors, count: int, pixels: Tensor) -> Trained:
    """The model with ``count`` independent dimensions, which span the liveliest part of its space.

    Args:
        trained: The model.
        posteriors: Of the images.
        count: How many dimensions it will have.
        pixels: Training images, uint8 (n, 3, 128, 128), in the order of ``posteriors``.
    """
    return apply(trained, posteriors, find(trained.model.decoder, posteriors, count), pixels)


@torch.no_grad()
def apply(trained: Trained, posteriors: Posteriors, turn: Turn, pixels: Tensor) -> Trained:
    """The model on turned latents: the same images from u as from z = mean + back @ u.

    Means are turned exactly. Log-variances of turned latents are no linear function of what the encoder's
    last layer is given; the best one by least squares over the images takes their place.

    Args:
        trained: The model.
        posteriors: Of the images.
        turn: To what.
        pixels: The images, uint8 (n, 3, 128, 128), in the order of ``posteriors``.
    """
    model = copy.deepcopy(trained.model)
    encoder = model.encoder
    assert isinstance(encoder, ComponentEncoder)
    first, mean = model.decoder.hidden, encoder.mean
    model.decoder.hidden = _linear(
        first.weight.double() @ torch.from_numpy(turn.back),
        first.bias.double() + first.weight.double() @ torch.from_numpy(turn.mean),
    )
    forward = torch.from_numpy(turn.forward)
    encoder.mean = _linear(
        forward @ mean.weight.double(), forward @ (mean.bias.double() - torch.from_numpy(turn.mean))
    )
    encoder.logvar = _fitted(encoder, pixels, turned_logvars(posteriors, turn))
    return replace(trained, model=model.requires_grad_(False))


def turned_logvars(posteriors: Posteriors, turn: Turn) -> NDArray[np.float64]:
    """Logarithms of the marginal variances of turned posteriors, (n, k)."""
    variances = np.exp(posteriors.logvars.astype(np.float64))
    return np.asarray(np.log(variances @ (turn.forward**2).T))


def _fitted(encoder: ComponentEncoder, pixels: Tensor, logvars: NDArray[np.float64]) -> nn.Linear:
    """The linear layer from what the encoder's heads are given that is nearest to these log-variances."""
    given: list[Tensor] = []
    handle = encoder.logvar.register_forward_pre_hook(lambda _layer, inputs: given.append(inputs[0]))
    wanted = evenly_spread(torch.from_numpy(logvars), FITTED)
    for block in torch.split(evenly_spread(pixels, FITTED), 100):
        encoder(block.float() / 255)
    handle.remove()
    inputs = torch.cat(given).double()
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1, dtype=torch.float64)], 1)
    ridge = 1e-3 * len(inputs) * torch.eye(inputs.shape[1], dtype=torch.float64)
    ridge[-1, -1] = 0
    solution = torch.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ wanted)
    return _linear(solution[:-1].T, solution[-1])


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight.float(), "bias": bias.float()})
    return layer
