"""The posteriors of a model's data: which dimensions it uses, and the model without the others."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .networks import VAE
from .prior import MixturePrior

ACTIVE_VARIANCE = 0.01
"""A dimension is active if its posterior mean varies by more over the data (Burda et al. 2016, 5.2)."""


LEAST_KL = 0.05
"""Nats; a dimension that tells less is not shipped either: its slider would move nothing that one sees."""


@dataclass(frozen=True)
class Posteriors:
    """q(z|x) of many images: float32 (n, d) each."""

    means: NDArray[np.float32]
    logvars: NDArray[np.float32]

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which dimensions the model uses, bool (d,)."""
        return np.asarray(self.means.var(0) > ACTIVE_VARIANCE)

    @property
    def worth_shipping(self) -> NDArray[np.bool_]:
        """Which dimensions are active and tell at least `LEAST_KL`, bool (d,)."""
        return self.active & (self.kl >= LEAST_KL)

    @property
    def kl(self) -> NDArray[np.float64]:
        """Mean KL(q(z_j|x) || N(0, 1)) of every dimension in nats, (d,)."""
        means, logvars = self.means.astype(np.float64), self.logvars.astype(np.float64)
        return np.asarray(0.5 * (means**2 + np.exp(logvars) - 1 - logvars).mean(0))


@torch.inference_mode()
def posteriors_of(model: VAE, blocks: Iterable[Tensor]) -> Posteriors:
    """Posteriors of images block by block, values 0..1, on the model's device."""
    found = [tuple(part.cpu() for part in model.encoder(x)) for x in blocks]
    means, logvars = (torch.cat(parts).numpy() for parts in zip(*found, strict=True))
    return Posteriors(means, logvars)


def prune(model: VAE, posteriors: Posteriors) -> tuple[VAE, Posteriors]:
    """Drop the dimensions that are not worth shipping and put the others in order of falling KL.

    What the decoder made of a dropped dimension's mean goes into the bias of its first layer. The
    configuration still says with how many dimensions the training began.
    """
    shipped = posteriors.worth_shipping
    order = np.argsort(-posteriors.kl, kind="stable")
    kept, dropped = order[shipped[order]], np.flatnonzero(~shipped)

    model = copy.deepcopy(model)
    first = model.decoder.hidden
    constant = torch.from_numpy(posteriors.means.mean(0))[dropped]
    bias = first.bias + first.weight[:, dropped] @ constant
    model.decoder.hidden = _linear(first.weight[:, kept], bias)
    for name in ("mean", "logvar"):
        layer: nn.Linear = getattr(model.encoder, name)
        setattr(model.encoder, name, _linear(layer.weight[kept], layer.bias[kept]))
    if isinstance(model.prior, MixturePrior):
        model.prior = MixturePrior.of(model.prior.mixture(kept))

    kept_posteriors = Posteriors(posteriors.means[:, kept], posteriors.logvars[:, kept])
    return model.requires_grad_(False), kept_posteriors


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer
