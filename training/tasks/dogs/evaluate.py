"""The figures of the dogs' model card: against principal components, and as TAEF2 sees the pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaevis_tui.errors import UserError
from vaevis_tui.latent.inversion import invert
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import open_bundle

from ...core import figures, sheet
from ...core.checkpoint import Trained
from ...core.data.subset import evenly_spread
from ...core.model import components
from ...core.model.networks import VAE
from ...core.onnx_graph import decode
from ...core.progress import progress_bar
from ...core.sizes import sizes
from . import bundle, checkpoint, flat_field, posterior
from . import config as dog_config
from .judges import efficientnet, realism, taef2
from .photographs import dogfacenet
from .photographs.dogfacenet import Dogs

SAMPLES = 300
"""Samples and midpoints that are measured."""


def evaluate(options: argparse.Namespace, run: Path) -> tuple[Trained, dict[str, Any]]:
    """A model of dogs and its figures on one split of whatever archive is under the data root.

    What a bundle holds is measured as it is; of a checkpoint, what would ship.

    Raises:
        UserError: The weights or the data are missing, or the split is empty.
    """
    trained = (
        bundle.load_trained(options.bundle)
        if options.bundle
        else checkpoint.load_trained(run / options.weights)
    )
    assert isinstance(trained.config, dog_config.DogConfig)
    splits = dogfacenet.load(options.data_root, trained.config.crop)
    train = splits.train.with_little_border()
    held_out: Dogs = getattr(splits, options.split)
    held_out = held_out.take(held_out.curated)
    if options.images:
        held_out = held_out.take(torch.arange(min(options.images, len(held_out))))
    if len(held_out) < 2 * sheet.COLUMNS:
        raise UserError(
            f"the {options.split} split has {len(held_out)} photographs here; it needs {2 * sheet.COLUMNS}"
        )
    device = torch.device(options.device)
    trained.model.to(device)
    if options.bundle:
        space = open_bundle(options.bundle).space
    else:
        trained, space = posterior.prepare(trained, train)
        trained.model.to(device)
    images = {
        "real": held_out.pixels,
        "reconstructions": reconstruct(trained.model, held_out.pixels),
        "samples": decode(trained.model, torch.from_numpy(space.sample(0, SAMPLES))),
        "midpoints": decode(trained.model, torch.from_numpy(midpoints(trained.model, space, held_out))),
    }
    found = {
        "split": options.split,
        "photographs": len(held_out),
        "dogs": len(torch.unique(held_out.labels)),
        **reconstruction(trained.model, images["reconstructions"], held_out.pixels, train.pixels, device),
        **nearest(trained.model, space, held_out.pixels, options.nearest),
        **realism_figures(images, train, device),
        **distances(images, train.pixels, options.data_root, device),
        "median_effect": round(float(np.median(effects(trained.model, space))), 1),
        **information(trained.model, held_out.pixels),
    }
    trained.model.cpu()
    if options.contact_sheet is not None:
        # Photographs of a dog follow each other: every seventh is of another one.
        shown = held_out.take(torch.arange(0, 7 * len(held_out), 7) % len(held_out))
        drawing = sheet.draw(trained.model, space, shown.pixels, shown.labels, seed=0)
        sheet.save(options.contact_sheet, drawing, scale=1)
        print(f"contact sheet: {options.contact_sheet}")
    return trained, found if options.bundle else found | sizes(trained)  # a bundle's card tells them


def reconstruct(model: VAE, pixels: Tensor) -> Tensor:
    """Decodes of the posterior means of uint8 images."""
    return decode(model, torch.from_numpy(posterior.encode(model, pixels).means))


def reconstruction(
    model: VAE, rebuilt: Tensor, pixels: Tensor, training: Tensor, device: torch.device
) -> dict[str, float]:
    """How near reconstructions come, and how near as many principal components of the same images do."""
    x = pixels.float() / 255
    count = model.decoder.hidden.in_features
    linear = components.of_images(training.to(device), count)
    projected = linear.project(x.to(device).flatten(1)).reshape(x.shape).clamp(0, 1).cpu()
    cb, cr = figures.explained_chroma(rebuilt, x)
    return {
        "psnr_db": round(figures.psnr(rebuilt, x), 2),
        "psnr_pca_db": round(figures.psnr(projected, x), 2),
        "ssim": round(figures.ssim(rebuilt, x), 3),
        "ssim_pca": round(figures.ssim(projected, x), 3),
        "sharpness": round(figures.sharpness(rebuilt, x), 2),
        "explained_variance_cb": round(cb, 2),
        "explained_variance_cr": round(cr, 2),
    }


def nearest(model: VAE, space: LatentSpace, pixels: Tensor, count: int) -> dict[str, float]:
    """PSNR of the nearest decodes to ``count`` of the photographs, found as ``--from`` finds them.

    What the encoder's of the same photographs lacks of it is the encoder's fault, the rest the decoder's.
    A search takes seconds.
    """
    if not count:
        return {}
    pixels = evenly_spread(pixels, count)

    def pictures(z: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
        levels = (decode(model, torch.from_numpy(z)) * 255).round().to(torch.uint8)
        return levels.permute(0, 2, 3, 1).numpy()

    starts, wanted = posterior.encode(model, pixels).means, pixels.permute(0, 2, 3, 1).numpy()
    pairs = progress_bar(
        zip(wanted, starts, strict=True), "search", len(wanted), unit="photograph", leave=False
    )
    errors = np.array([invert(pictures, space, picture, start).error for picture, start in pairs])
    return {
        "searched": len(pixels),
        "psnr_searched_db": round(figures.psnr(reconstruct(model, pixels), pixels.float() / 255), 2),
        "psnr_nearest_db": round(float(20 * np.log10(255 / errors).mean()), 2),
    }


def realism_figures(images: dict[str, Tensor], train: Dogs, device: torch.device) -> dict[str, float]:
    """How real they look to EfficientNet-Lite1, and which detail all samples have at the same pixels."""
    network = efficientnet.load(1, device)
    reference = realism.reference(network, train.pixels, dogfacenet.default_cache())
    seen = {name: realism.look(network, x) for name, x in images.items()}
    distances = {
        f"kid_{name}": round(1000 * realism.kernel_distance(reference, each.features), 1)
        for name, each in seen.items()
    }
    dogs = {f"top1_dog_{name}": round(each.share_of_dogs, 3) for name, each in seen.items()}
    photographs = reference[:: -(-len(reference) // SAMPLES)]
    covering = {"photographs": photographs, "samples": seen["samples"].features}
    covered = {
        f"recall_{name}": round(realism.recall(seen["real"].features, features), 3)
        for name, features in covering.items()
    }
    some = evenly_spread(train.pixels, SAMPLES)
    still = {}
    for name, each in (("photographs", some), ("samples", images["samples"])):
        still[f"specks_{name}"] = round(realism.specks(each), 2)
        still[f"fixed_detail_{name}"] = round(realism.fixed_detail(each), 2)
    common = flat_field.common_detail(train.pixels)
    still["specks_beyond_photographs"] = round(realism.specks(images["samples"], common), 2)
    return {**distances, **covered, **dogs, **still}


def distances(
    images: dict[str, Tensor], training: Tensor, root: Path, device: torch.device
) -> dict[str, float]:
    """Fréchet distances by TAEF2's features from training dogs; none where its weights are missing."""
    try:
        network = taef2.load(root, device)
    except UserError as error:
        print(f"no Fréchet distances: {error}")
        return {}
    reference = taef2.reference(network, training)
    found = {
        f"fd_{name}": round(reference.distance(taef2.pooled_features(network, x[: taef2.SAMPLES])), 1)
        for name, x in images.items()
    }
    return {**found, "fd_images": taef2.SAMPLES, "fd_reference_images": taef2.REFERENCE_IMAGES}


@torch.inference_mode()
def effects(model: VAE, space: LatentSpace) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean change of an image in levels of 255 as each dimension goes from -3 to +3 sigma, (d,).

    The others stay at a typical dog.
    """
    steps = 3 * torch.diag(torch.tensor(space.std))
    start = torch.tensor(space.first_look)
    low, high = decode(model, start - steps), decode(model, start + steps)
    return (255 * (high - low).abs().mean((1, 2, 3)).double()).numpy()


def midpoints(model: VAE, space: LatentSpace, dogs: Dogs) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Half-way points of spherical interpolations between pairs of unlike dogs, float32 (n, d)."""
    means, labels = posterior.encode(model, dogs.pixels).means, dogs.labels.numpy()
    rng = np.random.default_rng(0)
    points: list[np.ndarray[Any, np.dtype[np.float32]]] = []
    while len(points) < SAMPLES:
        one, other = rng.integers(len(means), size=2)
        if labels[one] != labels[other]:
            points.append(sheet.interpolate(space, means[one], means[other], 3)[1])
    return np.stack(points)


def information(model: VAE, pixels: Tensor) -> dict[str, Any]:
    """How much the dimensions tell of these images."""
    found = posterior.encode(model, pixels)
    return {
        "kl_nats": round(float(found.kl.sum()), 1),
        "active_dimensions": int(found.active.sum()),
        "kl_a_dimension_nats": " ".join(f"{kl:.2f}" for kl in found.kl),
    }
