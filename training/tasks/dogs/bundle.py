"""The weights of the dogs' bundle, to measure, or to train on where the checkpoint they came from is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle, open_bundle

from ...core.bundle import stored_weights
from ...core.checkpoint import Trained, weights_digest
from ...core.model.conv_vae import ComponentEncoder, Widths
from . import checkpoint, config, liveliness, posterior
from .checkpoint import DogState
from .config import DogConfig
from .networks import DogVAE

BATCH = 100
"""Images at once."""


def load_trained(folder: Path) -> Trained:
    """The model that ``folder`` holds, its weights as rounded to float16, whatever sizes its networks have.

    Raises:
        UserError: There is no bundle with a card and an encoder, or not of dogs.
    """
    bundle, stored = _opened(folder)
    try:
        network = _sizes(stored)
    except KeyError as error:
        raise UserError(f"{folder} has no weights {error.args[0]}; it is not a model of dogs") from None
    model = DogVAE(network)
    values = {name: stored.get(name, tensor) for name, tensor in model.state_dict().items()}
    model.load_state_dict(values)
    model.eval()
    for layer in model.encoder.norms:
        _make_identity(layer)
    recipe = bundle.card.training if bundle.card else {}
    return Trained(
        model.to(memory_format=torch.channels_last).requires_grad_(False),
        replace(config.load("dog"), network=network),
        recipe.get("steps", 0),
        60.0 * recipe.get("minutes", 0),
        weights_digest(model),
        commit=str(recipe.get("commit", "")),
        machine=str(recipe.get("machine", "")),
        began_with=str(recipe.get("began_with", "")),
    )


def _opened(folder: Path) -> tuple[Bundle, dict[str, Tensor]]:
    """A bundle and the weights of its networks by their names in `DogVAE`."""
    bundle = open_bundle(folder)
    if bundle.card is None or bundle.encoder_path is None:
        raise UserError(f"{folder} has no model.toml or no encoder.onnx; both are needed here")
    stored = stored_weights(bundle.decoder_path)
    return bundle, stored | {
        f"encoder.{name}": values for name, values in stored_weights(bundle.encoder_path).items()
    }


def _sizes(stored: dict[str, Tensor]) -> Widths:
    """The networks' sizes, as the shapes of their weights tell."""
    decoder = ("block_4", "block_8", "to_16", "to_32", "to_64")
    encoder = ("to_32", "to_16", "to_8", "to_4")
    hidden, latent = stored["decoder.hidden.weight"].shape
    return Widths(
        latent,
        hidden,
        tuple(len(stored[f"decoder.{name}.weight"]) for name in decoder),
        tuple(len(stored[f"encoder.{name}.weight"]) for name in encoder),
        len(stored["encoder.features.weight"]),
        len(stored["encoder.components.weight"]),
    )


def _make_identity(layer: nn.BatchNorm2d) -> None:
    """Set a normalisation to what changes nothing: a bundle has it folded into the convolution before."""
    assert layer.running_mean is not None
    assert layer.running_var is not None
    with torch.no_grad():
        layer.running_mean.zero_()
        layer.running_var.fill_(1 - layer.eps)
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)


def load(folder: Path, recipe: DogConfig, device: torch.device, pixels: Tensor) -> DogState:
    """A state that begins with the stage that sharpens, with the weights of a bundle.

    Of a bundle with more latent dimensions than the configuration's the liveliest are kept, see
    `training.tasks.dogs.liveliness`. Where another layer is narrower than the configuration's it fills the
    first channels, and what reads the others begins at 0, so that images are the bundle's at first;
    modulation that it lacks begins as the identity.

    Args:
        folder: Of the bundle.
        recipe: What to go on with.
        device: Where the state lives.
        pixels: uint8 training images (n, 3, 128, 128): what is lively is measured on them, and the statistics
            that batches are normalised by, which a bundle's encoder has folded into its convolutions.

    Raises:
        UserError: No bundle with a card and an encoder, of wider or of other networks.
    """
    trained = load_trained(folder)
    dimensions, kept = trained.model.decoder.hidden.in_features, recipe.network.latent
    if dimensions > kept:
        trained = liveliness.turned(trained, posterior.encode(trained.model, pixels), kept, pixels)
    state = checkpoint.fresh(recipe, device, None)
    stored = trained.model.state_dict()
    with torch.no_grad():
        for name, values in state.model.state_dict().items():
            if "norm_" not in name:
                _fill(values, stored[name], f"{folder}: {name}")
    unfold(state.model.encoder, pixels)
    state.average.load_state_dict(state.model.state_dict())
    state.step = sum(stage.steps for stage in recipe.stage if not stage.sharpens)
    state.seconds = trained.seconds
    bundle = open_bundle(folder)
    assert bundle.card is not None
    whose = f"{bundle.name} {bundle.card.version}, {trained.step:,} steps"
    narrowed = f", the {kept} liveliest of {dimensions} dimensions" if dimensions > kept else ""
    state.began_with = f"weights of {whose}{narrowed}, in place of what does not sharpen"
    return state


def _fill(values: Tensor, stored: Tensor, where: str) -> None:
    """Copy weights into the first channels of a layer that may be wider, in place."""
    if values.ndim != stored.ndim or any(
        have > room for have, room in zip(stored.shape, values.shape, strict=True)
    ):
        raise UserError(f"{where} is {tuple(stored.shape)}, which does not fit {tuple(values.shape)}")
    if values.ndim > 1:
        values[:, stored.shape[1] :] = 0
    values[tuple(slice(size) for size in stored.shape)] = stored


@torch.no_grad()
def unfold(encoder: ComponentEncoder, pixels: Tensor) -> None:
    """Set the normalisations to what changes nothing: to the statistics that they will see, and back.

    Args:
        encoder: Its convolutions have the normalisation folded into them.
        pixels: uint8 (n, 3, 128, 128), of which the statistics are taken.
    """
    layers = encoder.norms
    device = next(encoder.parameters()).device
    encoder.eval()
    for layer in layers:  # nothing but the identity, until each has seen its input
        _make_identity(layer)
    with _watched(layers) as seen:
        for block in torch.split(pixels, BATCH):
            encoder(block.to(device).float() / 255)
    for layer, (count, total, squares) in zip(layers, seen, strict=True):
        mean = total / count
        variance = squares / count - mean**2
        layer.running_mean.copy_(mean)  # type: ignore[union-attr]
        layer.running_var.copy_(variance)  # type: ignore[union-attr]
        layer.weight.copy_((variance + layer.eps).sqrt())
        layer.bias.copy_(mean)
    encoder.train()


@contextmanager
def _watched(layers: tuple[nn.Module, ...]) -> Iterator[list[list[Any]]]:
    """How many values a channel enter each layer, their sum and that of their squares, in float64."""
    seen: list[list[Any]] = [[0, 0.0, 0.0] for _ in layers]

    def watch(sums: list[Any]) -> Any:
        def hook(_layer: nn.Module, inputs: tuple[Tensor]) -> None:
            x = inputs[0].double()
            sums[0] += x.numel() // x.shape[1]
            sums[1] = sums[1] + x.sum((0, 2, 3))
            sums[2] = sums[2] + (x**2).sum((0, 2, 3))

        return hook

    handles = [layer.register_forward_pre_hook(watch(sums)) for layer, sums in zip(layers, seen, strict=True)]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
