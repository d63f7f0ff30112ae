"""How probable a model makes images it has not seen: importance sampling, or a lattice over z, in nats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ...core.loop import autocast
from ...core.model import objective
from ...core.model.networks import VAE
from ...core.progress import progress_bar
from ...core.schedule import noise_seed

BLOCK = 100
"""Images at once: the unit that is saved. With 5,000 samples most of a minute on one core (bfloat16)."""


CHECKED = 50
"""Samples an image that are decoded in float32 where the others are only screened in bfloat16."""


@dataclass
class Estimates:
    """Estimates for n images, NaN where an image has not been done yet.

    Attributes:
        log_likelihood: log (1/k) sum_k w, float64 (n,): below log p(x) on average, and tends to it.
        bound: Mean of log w, float64 (n,): the evidence lower bound.
    """

    log_likelihood: NDArray[np.float64]
    bound: NDArray[np.float64]


def samples_a_pass(device: torch.device) -> int:
    """Samples of each image decoded at once: as many as caches (CPU) or memory (GPU) like."""
    return 5 if device.type == "cpu" else 200


@torch.inference_mode()
def estimate_block(
    model: VAE, x: Tensor, samples: int, generator: torch.Generator, precision: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Both log (1/k) sum w and mean log w of binarised images ``x`` (n, c, h, w), float64 (n,) each.

    With bfloat16, which is two to three times as fast, the weights v it gives are but a proposal: `CHECKED`
    samples are drawn by them and decoded again in float32, and (1/k) sum v times the mean of w / v over those
    has the expectation (1/k) sum w, whatever the rounding did. The mean of log w is corrected by its first
    samples likewise.
    """
    mean, logvar = model.encoder(x)
    noise = torch.randn((samples, *mean.shape), generator=generator, device=x.device)
    log_weights = _log_weights(model, x, mean, logvar, noise, precision)
    bound = log_weights.mean(0)
    log_likelihood = objective.importance_weighted_bound(log_weights)
    if precision is torch.float32:
        return log_likelihood, bound

    first = _log_weights(model, x, mean, logvar, noise[:CHECKED], torch.float32)
    drawn = torch.multinomial(
        torch.softmax(log_weights, 0).T, CHECKED, replacement=True, generator=generator
    ).T
    again = noise.gather(0, drawn[..., None].expand(-1, -1, noise.shape[-1]))
    exact = _log_weights(model, x, mean, logvar, again, torch.float32)
    ratio = objective.importance_weighted_bound(exact - log_weights.gather(0, drawn))
    return log_likelihood + ratio, bound + (first - log_weights[:CHECKED]).mean(0)


def _log_weights(
    model: VAE, x: Tensor, mean: Tensor, logvar: Tensor, noise: Tensor, precision: torch.dtype
) -> Tensor:
    """Log w of the samples that ``noise`` (k, n, d) makes, float64 (k, n)."""
    parts = []
    for part in torch.split(noise, samples_a_pass(x.device)):
        with autocast(x.device, precision):
            out = model.sample(mean, logvar, part)
        parts.append(objective.log_importance_weights(out, x).double())
    return torch.cat(parts)


def estimate(
    model: VAE,
    x: Tensor,
    samples: int,
    seed: int,
    partial: Path,
    identity: str,
    precision: torch.dtype = torch.float32,
) -> Estimates:
    """Importance-sampled log-likelihoods of binarised images, block by block.

    Args:
        model: The VAE.
        x: Binarised images (n, c, h, w), on the model's device.
        samples: Importance samples of q(z|x) an image.
        seed: Of the samples; each block has its own stream, so a resumed run gives what a whole one gives.
        partial: File that holds finished blocks; one of another ``identity`` or size is begun anew.
        identity: Which weights and images these are, as text.
        precision: bfloat16 to screen the samples in it; see `estimate_block`.
    """
    key = f"{identity} {len(x)} {samples} {seed} {x.device.type} {precision}"
    done = _load(partial, key) or Estimates(np.full(len(x), np.nan), np.full(len(x), np.nan))
    starts = [start for start in range(0, len(x), BLOCK) if np.isnan(done.bound[start])]
    for start in progress_bar(starts, desc=f"likelihood, {samples} samples", unit=f"{BLOCK} images"):
        block = slice(start, start + BLOCK)
        generator = torch.Generator(x.device).manual_seed(noise_seed(seed, start, 0))
        log_likelihood, bound = estimate_block(model, x[block], samples, generator, precision)
        done.log_likelihood[block], done.bound[block] = log_likelihood.cpu().numpy(), bound.cpu().numpy()
        _save(partial, key, done)
    return done


LATTICE_REACH, LATTICE_STEP = 5.0, 0.025
"""Of the lattice over z, in prior deviations: all but 1e-6 of the prior; half the step moves 0.002 nats."""


@torch.inference_mode()
def quadrature(
    decoder: nn.Module, x: Tensor, reach: float = LATTICE_REACH, step: float = LATTICE_STEP
) -> NDArray[np.float64]:
    """Log-likelihoods of binarised images under a model of two dimensions and N(0, I): a sum over a lattice.

    The sum of a smooth function that vanishes at the ends converges faster than any power of the step; for a
    Gaussian as wide as the step its relative error is 1e-8 (Trefethen & Weideman 2014).

    Args:
        decoder: (m, 2) to logits (m, c, h, w).
        x: Binarised images (n, c, h, w).
        reach: The lattice's ends, in prior deviations.
        step: Between its points.

    Returns:
        log p(x), float64 (n,), in nats.
    """
    line = torch.arange(-reach, reach + step / 2, step, device=x.device)
    lattice = torch.cartesian_prod(line, line)
    flat = x.flatten(1)
    total = torch.full((len(x),), -torch.inf, dtype=torch.float64, device=x.device)
    for z in progress_bar(torch.split(lattice, 1000), desc="likelihood, lattice", unit="1,000 points"):
        logits = decoder(z).flatten(1)
        constant = objective.gaussian_log_density(z, 0.0, 0.0) - F.softplus(logits).sum(1)
        joint = logits @ flat.T + constant[:, None]
        total = torch.logaddexp(total, torch.logsumexp(joint, 0).double())
    return (total + 2 * math.log(step)).cpu().numpy()


def _load(path: Path, key: str) -> Estimates | None:
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        if str(stored["key"]) != key:
            return None
        return Estimates(stored["log_likelihood"], stored["bound"])


def _save(path: Path, key: str, estimates: Estimates) -> None:
    unfinished = path.with_name("unfinished.npz")
    np.savez(unfinished, key=key, log_likelihood=estimates.log_likelihood, bound=estimates.bound)
    unfinished.replace(path)
