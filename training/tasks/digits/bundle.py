"""The weights of a bundle, to measure or to export again where the checkpoint they came from is gone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle

from ...core.bundle import stored_weights
from ...core.checkpoint import Trained, weights_digest
from ...core.model.prior import MixturePrior
from . import config as configuration
from .networks import DigitVAE


def load_trained(folder: Path) -> Trained:
    """The model of digits that ``folder`` holds, its weights as rounded to float16.

    Raises:
        UserError: There is no bundle with a card and an encoder, or not of the network that the configuration
            of its name describes.
    """
    bundle = open_bundle(folder)
    if bundle.card is None or bundle.encoder_path is None:
        raise UserError(f"{folder} has no model.toml or no encoder.onnx; both are needed here")
    config = configuration.load(bundle.name)
    model = DigitVAE(dataclasses.replace(config.network, latent=bundle.latent_dim))
    if "mixture" in str(bundle.card.figures.get("prior")):
        assert bundle.space.mixture is not None
        model.prior = MixturePrior.of(bundle.space.mixture)
    stored = stored_weights(bundle.decoder_path) | {
        f"encoder.{name}": values for name, values in stored_weights(bundle.encoder_path).items()
    }
    wanted = model.state_dict()
    if missing := [name for name in wanted if name not in stored and not name.startswith("prior.")]:
        raise UserError(f"{folder} has no weights {missing[0]}; its network is not the configuration's")
    try:
        model.load_state_dict({name: stored.get(name, values) for name, values in wanted.items()})
    except RuntimeError as error:
        raise UserError(f"{folder}: {str(error).splitlines()[-1].strip()}") from None
    model = model.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    recipe = bundle.card.training
    return Trained(
        model,
        config,
        recipe.get("steps", 0),
        60.0 * recipe.get("minutes", 0),
        weights_digest(model),
        commit=str(recipe.get("commit", "")),
        machine=str(recipe.get("machine", "")),
    )
