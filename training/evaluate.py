"""Measure a trained model on images it has not seen: ``python -m training.evaluate mnist --data-root DIR``.

Prints the figures of the model card and leaves them in ``runs/MODEL/figures.json`` for ``training.export``.
What is measured is what ships: the averaged weights, without the dimensions that the model does not use.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch

from training import bundle, checkpoint, classifier, likelihood, objective, posterior, sheet
from training.checkpoint import Trained
from training.config import names, read_table
from training.data import Images, binarise, load_mnist
from training.dog import evaluate as dog
from training.dog.checkpoint import AVERAGE
from training.dog.config import DATASET
from training.networks import VAE
from training.posterior import Posteriors
from training.prior import MixturePrior, StandardNormal
from training.sizes import sizes
from training.trainer import resolve_precision
from vaevis_tui.errors import UserError

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


def evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options name; returns the figures, which are also printed and stored."""
    run = options.runs_dir / options.model
    if options.bundle:
        run.mkdir(parents=True, exist_ok=True)  # else training has made it
    table, _ = read_table(options.model)
    dogs = table.get("dataset") == DATASET
    trained, figures = (dog.evaluate if dogs else evaluate_mnist)(options, run)
    for name, figure in figures.items():
        print(f"{name:34} {figure}")
    stored = json.dumps({"weights": trained.digest, **figures}, indent=1)
    (run / "figures.json").write_text(stored + "\n", encoding="utf-8")
    return figures


def evaluate_mnist(options: argparse.Namespace, run: Path) -> tuple[Trained, dict[str, Any]]:
    """A model of digits and its figures."""
    trained = (
        bundle.load_trained(options.bundle)
        if options.bundle
        else checkpoint.load_trained(run / checkpoint.FILE)
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
    judged = classifier.load(options.runs_dir / "classifier.pt", train)
    figures |= {
        "class_mode_accuracy": round(classifier.accuracy_at_modes(judged, trained.model, space, train), 4),
        "classifier_test_accuracy": round(classifier.accuracy(judged, test.pixels, test.labels), 4),
    }
    return trained, figures


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("model", help=f"a trained model: {', '.join(names())}")
    parser.add_argument(
        "--data-root", type=Path, required=True, help="folder that holds MNIST/raw or dogfacenet"
    )
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="where training ran (runs)")
    parser.add_argument("--bundle", type=Path, help="weights of this bundle, not of a checkpoint")
    parser.add_argument("--samples", type=int, default=100, help="importance samples an image (100)")
    parser.add_argument("--images", type=int, help="only so many test images (all)")
    parser.add_argument(
        "--split", default="validation", choices=["validation", "test"], help="which dogs (validation)"
    )
    parser.add_argument("--weights", default=AVERAGE, help=f"which of the dogs' averaged weights ({AVERAGE})")
    parser.add_argument("--contact-sheet", type=Path, help="draw a sheet of pictures into this PNG file")
    parser.add_argument(
        "--nearest", type=int, default=0, help="search the nearest decodes of so many dogs, seconds each (0)"
    )
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    options = parser.parse_args(arguments)
    try:
        evaluate(options)
    except UserError as error:
        print(f"training: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
