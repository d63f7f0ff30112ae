"""The bundle of a model that is still being trained: what the explorer opens, renewed now and then."""

from __future__ import annotations

import copy
import math
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor

from vaevis_tui.bundling.fitting import fit_space
from vaevis_tui.bundling.pictures import Pictures
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import CARD, DECODER, ENCODER, LATENTS, open_bundle, write_latents
from vaevis_tui.text import one_line

from ...core import onnx_graph, sheet
from ...core.data.subset import evenly_spread
from ...core.export import LARGEST_STEP, card_text, decoder_facts
from ...core.model.networks import VAE
from ...core.model.posterior import Posteriors, posteriors_of, prune
from .pictures import PictureSet
from .trainer import FolderTrainer

SHEET = "sheet.png"

ENCODED = 5000
"""Pictures whose posteriors are taken together, at most; of more, evenly spread ones."""

BATCH = 100

KEPT_FROM_CARD = ("title", "summary", "limits")
KEPT_FROM_DATA = ("licence", "attribution", "url")
"""What a person may have written into the card while the model trained."""


@dataclass(frozen=True)
class Written:
    """What a bundle was written with.

    Attributes:
        dimensions: Of its latent space.
        figures: Of its card.
    """

    dimensions: int
    figures: Mapping[str, float | str]


def write_bundle(trainer: FolderTrainer, out: Path, staging: Path) -> Written:
    """Write the averaged weights as a bundle: files are made elsewhere, then put in their places.

    Whoever opens the folder finds the old bundle or the new one; the card comes last.

    Args:
        trainer: Whose model it is.
        out: Folder of the bundle.
        staging: Where files are made; on the same disk as ``out``.

    Raises:
        UserError: It cannot be written, or is not what was trained.
    """
    pictures, step = trainer.pictures, trainer.state.step
    model: VAE = copy.deepcopy(trainer.state.average).eval().cpu()
    at = evenly_spread(pictures.train, ENCODED)
    posteriors = encode(trainer, at)
    if posteriors.worth_shipping.sum() > 1:
        model, posteriors = prune(model, posteriors)
    space = _space(posteriors, pictures, at)
    figures = _figures(trainer, model, posteriors, step)
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        graph = onnx_graph.decoder_model(model)
        _compare(graph, model, space)
        decoder = graph.SerializeToString()
        (staging / DECODER).write_bytes(decoder)
        (staging / ENCODER).write_bytes(onnx_graph.encoder_model(model).SerializeToString())
        write_latents(staging / LATENTS, space)
        text = _card(trainer, model, len(decoder), figures, out / CARD)
        (staging / CARD).write_text(text, encoding="utf-8")
        _draw(model, space, staging / SHEET)
        open_bundle(staging)  # what cannot be opened does not replace what can
        out.mkdir(parents=True, exist_ok=True)
        for name in (DECODER, ENCODER, LATENTS, SHEET, CARD):
            (staging / name).replace(out / name)
        shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {reason(error)}") from None
    return Written(space.dim, figures)


def _compare(graph: onnx.ModelProto, model: VAE, space: LatentSpace) -> None:
    """See that the graph draws what PyTorch does.

    Raises:
        UserError: It does not.
    """
    z = np.concatenate([space.sample(0, 16), space.anchors.z[:16]])
    with torch.inference_mode():
        wanted = onnx_graph.ShippedDecoder(model)(torch.from_numpy(z)).numpy()
    if not (off := float(np.abs(onnx_graph.run(graph, z)[0] - wanted).max())) <= LARGEST_STEP:  # NaN too
        raise UserError(f"the exported decoder is off by {255 * off:.2g} of 255; at most 1 is right")


def encode(trainer: FolderTrainer, at: Tensor) -> Posteriors:
    """Posteriors of some pictures by the averaged weights."""
    pixels, device = trainer.pictures.pixels, trainer.process.device
    blocks = torch.split(at, BATCH)
    return posteriors_of(trainer.state.average, (pixels[block].to(device).float() / 255 for block in blocks))


def _space(posteriors: Posteriors, pictures: PictureSet, at: Tensor) -> LatentSpace:
    places = at.tolist()
    stems = tuple(one_line(Path(pictures.names[i]).stem, 60) for i in places)
    labels = tuple(pictures.labels[i] for i in places)
    nothing = np.empty((len(places), 0, 0, 3), np.uint8)  # what they look like has no part in it
    return fit_space(posteriors.means, posteriors.logvars, Pictures(nothing, stems, labels))


def _figures(trainer: FolderTrainer, model: VAE, posteriors: Posteriors, step: int) -> dict[str, float | str]:
    pictures = trainer.pictures
    measured = trainer.validate(pictures.pixels[pictures.held_out])
    return {
        "pictures": len(pictures),
        "held_out": len(pictures.held_out),
        "psnr_db": round(measured["validation_psnr"], 2),
        "psnr_of_the_mean_picture_db": round(_psnr_of_mean(trainer), 2),
        "kl_nats": round(measured["validation_kl"], 1),
        "active_dimensions": posteriors.means.shape[1],
        "steps": step,
    }


def _psnr_of_mean(trainer: FolderTrainer) -> float:
    """What is reached by a decoder that always draws the mean picture: every model has to be better."""
    pictures = trainer.pictures
    mean = pictures.pixels[evenly_spread(pictures.train, 1000)].float().mean(0)
    held_out = pictures.pixels[pictures.held_out].float()
    errors = ((held_out - mean) ** 2).flatten(1).mean(1) / 255**2
    return float(-10 * torch.log10(errors.clamp(min=1e-9)).mean())


def _card(
    trainer: FolderTrainer,
    model: VAE,
    decoder_bytes: int,
    figures: Mapping[str, float | str],
    before: Path,
) -> str:
    """The card, as `vaevis_tui.models.card` reads it; what a person wrote into the one before stays."""
    config, pictures, state = trainer.config, trainer.pictures, trainer.state
    side = config.sizes.side
    head: dict[str, Any] = {
        "format": 1,
        "name": one_line(config.name, 40),
        "title": f"{one_line(config.name, 60)}, {side}x{side}",
        "summary": f"What the pictures in the folder {one_line(config.name, 60)} have in common.",
        "version": "1" if state.step >= config.total_steps else f"0.{state.step}",
        "limits": "Softer than the pictures it was trained on; far from them images fall apart.",
    }
    data = {"name": one_line(config.name, 60), "licence": "", "attribution": "", "url": ""}
    _keep(head, data, before)
    tables: dict[str, dict[str, Any]] = {
        "data": data,
        "latent": {"size": model.decoder.hidden.in_features},
        "image": {"channels": config.sizes.colours, "height": side, "width": side, "range": "0..1"},
        "decoder": decoder_facts(model, decoder_bytes),
        "training": {
            "machine": machine(trainer),
            "minutes": round(state.spent / 60, 1),
            "steps": state.step,
            "planned_steps": config.total_steps,
            "seed": config.seed,
            "batch_size": config.stage[0].batch_size,
            "learning_rate": config.stage[0].learning_rate,
            "mirrored": config.mirror,
            "kl_weight": config.objective.kl,
            "latent_at_first": config.sizes.latent,
            "files_dropped": len(pictures.dropped),
        },
        "figures": dict(figures),
    }
    return card_text(head, tables)


def _keep(head: dict[str, Any], data: dict[str, Any], before: Path) -> None:
    """Take over what a person wrote into the card that is there."""
    try:
        table = tomllib.loads(before.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    said = table.get("data", {})
    for target, keys, source in ((head, KEPT_FROM_CARD, table), (data, KEPT_FROM_DATA, said)):
        target |= {key: source[key] for key in keys if isinstance(source.get(key), str)}


def machine(trainer: FolderTrainer) -> str:
    """What trains, for people."""
    if trainer.process.device.type == "cuda":
        return torch.cuda.get_device_name(trainer.process.device)
    return f"{torch.get_num_threads()} threads of a CPU"


def _draw(model: VAE, space: LatentSpace, path: Path) -> None:
    """Anchors, samples and ways between anchors, all decoded."""
    columns = 8
    examples = space.anchors.z[space.anchors.indices >= 0]
    examples = examples[np.linspace(0, len(examples) - 1, columns).round().astype(int)]
    ways = [sheet.interpolate(space, examples[i], examples[j], columns) for i, j in ((0, 4), (2, 7))]
    parts = (examples, space.sample(0, 2 * columns), np.concatenate(ways))
    with torch.inference_mode():
        groups = [onnx_graph.ShippedDecoder(model)(torch.from_numpy(z)) for z in parts]
    scale = max(1, math.ceil(96 / model.image_shape[1]))
    sheet.save(path, sheet.in_groups(groups, columns), scale)


@torch.inference_mode()
def draw_progress(trainer: FolderTrainer, path: Path) -> None:
    """Pictures that were held out over their reconstructions, then images of random latents.

    Raises:
        UserError: The file cannot be written.
    """
    columns, average = 8, trainer.state.average
    pictures, device = trainer.pictures, trainer.process.device
    at = evenly_spread(pictures.held_out, columns).repeat(columns)[:columns]
    shown = pictures.pixels[at].to(device).float() / 255
    noise = torch.randn(2 * columns, trainer.config.sizes.latent, generator=torch.Generator().manual_seed(0))
    decoded = [torch.sigmoid(average.decoder(z)) for z in (average.encoder(shown)[0], noise.to(device))]
    groups = [torch.cat([shown, decoded[0]]).cpu(), decoded[1].cpu()]
    scale = max(1, math.ceil(64 / shown.shape[2]))
    try:
        sheet.save(path, sheet.in_groups(groups, columns), scale)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {reason(error)}") from None
