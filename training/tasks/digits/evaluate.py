"""The figures of the digits' model card: likelihood, and what a classifier says of class modes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from ...core import checkpoint, sheet
from ...core.checkpoint import Trained
from ...core.loop import resolve_precision
from ...core.model import objective
from ...core.model.networks import VAE
from ...core.model.posterior import Posteriors
from ...core.model.prior import MixturePrior, StandardNormal
from ...core.sizes import sizes
from . import bundle, classifier, likelihood, posterior
from . import checkpoint as digits_checkpoint
from .data import Images, binarise, load_mnist

BINARISATION_SEED = 0
"""Which zeros and ones the test set is: one draw, always the same, from torch's CPU generator."""


def measure(
    trained: Trained, images: Images, samples: int, run: Path, device: torch.device
) -> dict[str, Any]:
    """The figures of a (pruned) model on test images.

    Args:
        trained: The model.
        images: Test images; binarised here with `BINARISATION_SEED`.
        samples: Importance samples an image for the likelihood; with two dimensions it is exact without.
        run: Folder for the unfinished part of a long measurement.
        device: Where the likelihood is computed.
    """
    x = binarise(images.pixels, torch.Generator().manual_seed(BINARISATION_SEED))
    model = trained.model.to(device)
    exact = model.decoder.hidden.in_features == 2 and isinstance(model.prior, StandardNormal)
    if exact:
        samples = 1  # for the bound alone
    screened = samples > 2 * likelihood.CHECKED and resolve_precision("auto", device) is torch.bfloat16
    precision = torch.bfloat16 if screened else torch.float32
    partial = run / "likelihood.npz"
    estimates = likelihood.estimate(model, x.to(device), samples, 0, partial, trained.digest, precision)
    log_likelihood = likelihood.quadrature(model.decoder, x.to(device)) if exact else estimates.log_likelihood
    lattice = f"lattice of step {likelihood.LATTICE_STEP} to {likelihood.LATTICE_REACH:g} prior deviations"
    model.cpu()
    posteriors = posterior.encode(model, images, BINARISATION_SEED)
    count = len(images)
    prior = "N(0, I)"
    if isinstance(model.prior, MixturePrior):
        prior = f"learned mixture of {len(model.prior.means)} Gaussians"
    return {
        "prior": prior,
        "test_nll_nats": round(float(-log_likelihood.mean()), 2),
        "test_nll_standard_error": round(float(log_likelihood.std() / count**0.5), 2),
        **({"quadrature": lattice} if exact else {"importance_samples": samples}),
        **({"screening": f"bfloat16; {likelihood.CHECKED} drawn by weight corrected it"} if screened else {}),
        "test_images": count,
        "binarisation": f"one draw, torch CPU generator, seed {BINARISATION_SEED}",
        "test_elbo_nats": round(float(estimates.bound.mean()), 2),
        "kl_nats": round(divergence(model, posteriors), 2),
        "active_dimensions": int(posteriors.active.sum()),
        "kl_a_dimension_nats": " ".join(f"{kl:.2f}" for kl in posteriors.kl),
        **sizes(trained),
    }


@torch.inference_mode()
def divergence(model: VAE, posteriors: Posteriors) -> float:
    """Mean KL(q(z|x) || p(z)) in nats, from one draw of each posterior."""
    mean, logvar = torch.from_numpy(posteriors.means), torch.from_numpy(posteriors.logvars)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))
    z = mean + torch.exp(0.5 * logvar) * noise
    return float((objective.gaussian_log_density(z, mean, logvar) - model.prior(z)).mean())


def evaluate_mnist(options: argparse.Namespace, run: Path) -> tuple[Trained, dict[str, Any]]:
    """A model of digits and its figures."""
    trained = (
        bundle.load_trained(options.bundle)
        if options.bundle
        else digits_checkpoint.load_trained(run / checkpoint.FILE)
    )
    train = load_mnist(options.data_root, train=True)
    test = load_mnist(options.data_root, train=False)
    trained, space = posterior.prepare(trained, train)
    if options.contact_sheet is not None:
        drawing = sheet.draw(trained.model, space, test.pixels, test.labels, seed=0)
        sheet.save(options.contact_sheet, drawing)
        print(f"contact sheet: {options.contact_sheet}")
    kept = test.slice(0, options.images or len(test))
    figures = measure(trained, kept, options.samples, run, torch.device(options.device))
    judged = classifier.load(train)
    figures |= {
        "class_mode_accuracy": round(classifier.accuracy_at_modes(judged, trained.model, space, train), 4),
        "classifier_test_accuracy": round(classifier.accuracy(judged, test.pixels, test.labels), 4),
    }
    return trained, figures
