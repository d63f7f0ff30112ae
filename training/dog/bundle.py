"""The weights of the dogs' bundle, to train on where the checkpoint they came from is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.bundle import stored_weights
from training.dog import checkpoint
from training.dog.checkpoint import DogState
from training.dog.config import DogConfig
from training.dog.networks import DogEncoder
from training.schedule import stage_ends
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle

BATCH = 100
"""Images at once."""


def load(folder: Path, config: DogConfig, device: torch.device, pixels: Tensor) -> DogState:
    """A state that goes on after the steps that the bundle's card names.

    Weights and average are the bundle's; the optimisers' moments and the discriminator, which no bundle
    holds, begin anew.

    Args:
        folder: Of the bundle.
        config: What to go on with: its first stages are those that the bundle went through.
        device: Where the state lives.
        pixels: uint8 training images (n, 3, 128, 128), for the statistics that batches are normalised by: a
            bundle's encoder has them folded into its convolutions.

    Raises:
        UserError: No bundle with a card and an encoder, of other networks, or between two stages.
    """
    bundle = open_bundle(folder)
    if bundle.card is None or bundle.encoder_path is None:
        raise UserError(f"{folder} has no model.toml or no encoder.onnx; both are needed to train on")
    step = int(bundle.card.training.get("steps", 0))
    if step not in (ends := stage_ends(config)):
        raise UserError(
            f"{folder} went through {step} steps, and no stage of {config.name} ends there, but at "
            f"{', '.join(map(str, ends))}"
        )
    state = checkpoint.fresh(config, device, None)
    stored = stored_weights(bundle.decoder_path)
    stored |= {f"encoder.{name}": values for name, values in stored_weights(bundle.encoder_path).items()}
    weights = state.model.state_dict()
    folded = {name for name in weights if "norm_" in name}
    if missing := [name for name in weights if name not in stored and name not in folded]:
        raise UserError(f"{folder} has no weights {missing[0]}; its network is not the configuration's")
    try:
        state.model.load_state_dict({name: stored.get(name, values) for name, values in weights.items()})
    except RuntimeError as error:
        raise UserError(f"{folder}: {str(error).splitlines()[-1].strip()}") from None
    unfold(state.model.encoder, pixels)
    state.average.load_state_dict(state.model.state_dict())
    with torch.no_grad():
        for block in torch.split(pixels, BATCH):
            state.moments.update(*state.average.encoder(block.to(device).float() / 255))
    state.step, state.seconds = step, 60.0 * float(bundle.card.training.get("minutes", 0))
    return state


@torch.no_grad()
def unfold(encoder: DogEncoder, pixels: Tensor) -> None:
    """Set the normalisations to what changes nothing: to the statistics that they will see, and back.

    Args:
        encoder: Its convolutions have the normalisation folded into them.
        pixels: uint8 (n, 3, 128, 128), of which the statistics are taken.
    """
    layers = (encoder.norm_16, encoder.norm_8, encoder.norm_4)
    device = next(encoder.parameters()).device
    encoder.eval()
    for layer in layers:  # nothing but the identity, until each has seen its input
        layer.running_mean.zero_()  # type: ignore[union-attr]
        layer.running_var.fill_(1 - layer.eps)  # type: ignore[union-attr]
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
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
