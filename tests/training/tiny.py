"""A training that takes a second: small networks, a few steps, drawn images."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from training.core import checkpoint
from training.core.checkpoint import State, Trained
from training.core.distributed import Process
from training.tasks.digits import checkpoint as digits_checkpoint
from training.tasks.digits import config
from training.tasks.digits.config import Config, Network, Stage
from training.tasks.digits.data import Images
from training.tasks.digits.trainer import Trainer

ONE_PROCESS = Process(0, 1, torch.device("cpu"))


def tiny_config(latent: int = 4) -> Config:
    """Two stages of 4 and 6 steps over 20 images, so that an epoch ends inside the first stage."""
    full = config.load("mnist")
    assert isinstance(full.network, Network)
    return dataclasses.replace(
        full,
        network=dataclasses.replace(full.network, latent=latent, hidden=8, channels_7=8, channels_14=4),
        optimiser=dataclasses.replace(full.optimiser, warmup_steps=3),
        objective=dataclasses.replace(full.objective, kl_warmup_steps=5),
        stage=(
            Stage("explore", 4, 8, 1, "normal", (1e-2, 1e-2)),
            Stage("tighten", 6, 4, 3, "mixture", (1e-2, 1e-3)),
        ),
        run=dataclasses.replace(full.run, precision="float32"),
    )


def bars(count: int = 20) -> Images:
    """Images of a vertical (class 0) or horizontal (class 1) bar, some greys among them."""
    pixels = torch.zeros(count, 1, 28, 28, dtype=torch.uint8)
    labels = torch.arange(count) % 2
    for i in range(count):
        at = 4 + i % 20
        band = pixels[i, 0, :, at : at + 3] if labels[i] == 0 else pixels[i, 0, at : at + 3, :]
        band[:] = 255 - 10 * (i % 5)
    return Images(pixels, labels)


def tiny_trainer(state: State | None = None, process: Process = ONE_PROCESS) -> Trainer:
    settings = tiny_config()
    return Trainer(settings, state or digits_checkpoint.fresh(settings, process.device), bars(), process)


def tiny_trained(steps: int = 6) -> Trained:
    trainer = tiny_trainer()
    for _ in range(steps):
        trainer.step()
    state = trainer.state
    model = state.average.eval()
    return Trained(model, trainer.config, state.step, 1.0, checkpoint.weights_digest(model))


def write_checkpoint(folder: Path) -> Path:
    """A tiny run named mnist under ``folder``; returns its folder."""
    trainer = tiny_trainer()
    for _ in range(3):
        trainer.step()
    digits_checkpoint.save(folder / "mnist" / checkpoint.FILE, trainer.state, trainer.config)
    return folder / "mnist"
