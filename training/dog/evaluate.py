"""The figures of the dogs' model card: against principal components, and as TAEF2 sees the pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from training import sheet
from training.checkpoint import Trained
from training.dog import checkpoint, components, data, figures, judge, posterior
from training.dog import config as dog_config
from training.dog.data import Dogs
from training.networks import VAE
from training.onnx_graph import Picture
from training.sizes import sizes
from vaevis_tui.errors import UserError
from vaevis_tui.latent.inversion import invert
from vaevis_tui.latent.space import LatentSpace

TRAINED_BY = ", which also judged textures in training"
"""Then the distances flatter the model."""


def evaluate(options: argparse.Namespace, run: Path) -> tuple[Trained, dict[str, Any]]:
    """A model of dogs and its figures on one split of whatever archive is under the data root.

    Raises:
        UserError: The weights or the data are missing, or the split is empty.
    """
    trained = checkpoint.load_trained(run / options.weights)
    assert isinstance(trained.config, dog_config.DogConfig)
    textured = any(stage.judge > 0 for stage in trained.config.stage)
    splits = data.load(options.data_root, trained.config.crop)
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
    trained, space = posterior.prepare(trained, splits.train)
    trained.model.to(device)
    found = {
        "split": options.split,
        "photographs": len(held_out),
        "dogs": len(torch.unique(held_out.labels)),
        **reconstruction(trained.model, held_out.pixels, splits.train.pixels, device),
        **nearest(trained.model, space, held_out.pixels),
        **before_discriminator(run, trained, held_out.pixels),
        **distances(trained.model, space, held_out, splits.train, options.data_root, device),
        "fd_judge": "TAEF2" + TRAINED_BY * textured,
        **information(trained.model, held_out.pixels),
    }
    trained.model.cpu()
    if options.contact_sheet is not None:
        # Photographs of a dog follow each other: every seventh is of another one.
        shown = held_out.take(torch.arange(0, 7 * len(held_out), 7) % len(held_out))
        drawing = sheet.draw(trained.model, space, shown.pixels, shown.labels, seed=0)
        sheet.save(options.contact_sheet, drawing, scale=1)
        print(f"contact sheet: {options.contact_sheet}")
    return trained, found | sizes(trained)


@torch.inference_mode()
def decode(model: VAE, z: Tensor, batch: int = 50) -> Tensor:
    """Latents (n, d) to pictures (n, 3, 128, 128) on the CPU, values 0..1."""
    device = next(model.parameters()).device
    return torch.cat([Picture(model)(block.to(device)).float().cpu() for block in torch.split(z, batch)])


def reconstruct(model: VAE, pixels: Tensor) -> Tensor:
    """Decodes of the posterior means of uint8 images."""
    return decode(model, torch.from_numpy(posterior.encode(model, pixels).means))


def reconstruction(model: VAE, pixels: Tensor, training: Tensor, device: torch.device) -> dict[str, float]:
    """How near reconstructions come, and how near as many principal components of the same images do."""
    x = pixels.float() / 255
    rebuilt = reconstruct(model, pixels)
    count = model.decoder.hidden.in_features
    linear = components.of_pictures(training.to(device), count)
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


def nearest(model: VAE, space: LatentSpace, pixels: Tensor) -> dict[str, float]:
    """How near the decodes come that the program's own search finds, from the encoder's estimates on.

    What the encoder falls short of by guessing at photographs that it has not seen is the amortisation gap of
    Cremer et al. 2018 (arXiv:1801.03558); what is left is the decoder's.
    """

    def pictures(z: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
        levels = (decode(model, torch.from_numpy(z)) * 255).round().to(torch.uint8)
        return levels.permute(0, 2, 3, 1).numpy()

    starts, wanted = posterior.encode(model, pixels).means, pixels.permute(0, 2, 3, 1).numpy()
    pairs = tqdm(zip(wanted, starts, strict=True), "search", len(wanted), unit="photograph", leave=False)
    errors = np.array([invert(pictures, space, picture, start).error for picture, start in pairs])
    return {"psnr_nearest_db": round(float(20 * np.log10(255 / errors).mean()), 2)}


def before_discriminator(run: Path, trained: Trained, pixels: Tensor) -> dict[str, float]:
    """What sharpening cost: PSNR of the averaged weights at the end of the stages without a discriminator."""
    assert isinstance(trained.config, dog_config.DogConfig)
    smooth = [stage.name for stage in trained.config.stage if not stage.sharpens]
    path = checkpoint.stage_average(run, smooth[-1]) if smooth else run
    if not path.is_file():
        return {}
    rebuilt = reconstruct(checkpoint.load_trained(path).model, pixels)
    return {"psnr_before_discriminator_db": round(figures.psnr(rebuilt, pixels.float() / 255), 2)}


def distances(
    model: VAE, space: LatentSpace, held_out: Dogs, train: Dogs, root: Path, device: torch.device
) -> dict[str, float]:
    """Fréchet distances by TAEF2's features from training dogs; none where its weights are missing."""
    try:
        network = judge.load(root, device)
    except UserError as error:
        print(f"no Fréchet distances: {error}")
        return {}
    reference = judge.reference(network, train.pixels)
    sampled = torch.from_numpy(space.sample(0, judge.SAMPLES))
    shown = held_out.pixels[: judge.SAMPLES]
    pictures = {
        "fd_real": shown,
        "fd_reconstructions": reconstruct(model, shown),
        "fd_samples": decode(model, sampled),
        "fd_midpoints": decode(model, torch.from_numpy(midpoints(model, space, held_out))),
    }
    found = {
        name: round(reference.distance(judge.pooled_features(network, x)), 1) for name, x in pictures.items()
    }
    return {**found, "fd_pictures": judge.SAMPLES, "fd_reference_images": judge.REFERENCE_IMAGES}


def midpoints(model: VAE, space: LatentSpace, dogs: Dogs) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Half-way points of spherical interpolations between pairs of unlike dogs, float32 (n, d)."""
    means, labels = posterior.encode(model, dogs.pixels).means, dogs.labels.numpy()
    rng = np.random.default_rng(0)
    points: list[np.ndarray[Any, np.dtype[np.float32]]] = []
    while len(points) < judge.SAMPLES:
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
