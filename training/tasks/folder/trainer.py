"""Training steps on a folder of pictures, and the checkpoint that they go on from."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vaevis_tui.errors import UserError

from ...core import checkpoint
from ...core.checkpoint import State
from ...core.config import to_table
from ...core.data.augment import jitter
from ...core.data.subset import evenly_spread
from ...core.distributed import Process
from ...core.figures import held_out_figures
from ...core.loop import autocast
from ...core.model import components, pixel_loss
from ...core.model.conv_vae import ConvVAE
from ...core.model.networks import Pass
from ...core.model.objective import kl_to_standard_normal
from ...core.schedule import step_at
from ...core.trainer import BaseTrainer
from .pictures import PictureSet
from .recipe import FolderConfig, from_table

FITTED = 4000
"""Pictures that principal components are taken from."""

SHARE_OF_DEVICE = 0.5
"""Of a GPU's memory that pictures may take; more stay where they are and are sent batch by batch."""


@dataclass
class FolderState(State):
    """All that a step changes.

    Attributes:
        spent: Seconds since the training began, all sittings, whatever they went by with.
    """

    model: ConvVAE
    average: ConvVAE
    spent: float = 0.0


def fresh(config: FolderConfig, device: torch.device, pixels: Tensor | None) -> FolderState:
    """Weights drawn by the configuration's seed, the encoder's components fitted to training pictures.

    Args:
        config: The configuration.
        device: Where the state lives.
        pixels: uint8 (n, c, side, side); none where a checkpoint is about to be loaded.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = ConvVAE(config.sizes)
    if pixels is not None:
        found = components.of_coarse_images(pixels, config.sizes.encoder_components)
        model.encoder.set_components(*found.whitening())
    layout: Any = {"device": device, "memory_format": torch.channels_last}
    model = model.to(**layout)
    optimiser = torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        betas=config.optimiser.betas,
        weight_decay=0.0,
        fused=True,
    )
    return FolderState(model, copy.deepcopy(model).requires_grad_(False).eval(), optimiser)


def save(path: Path, state: FolderState, config: FolderConfig) -> None:
    """Write a checkpoint; a crash half-way leaves the previous one."""
    content = {
        "config": to_table(config),
        "model": state.model.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": state.step,
        "seconds": state.seconds,
        "spent": state.spent,
    }
    checkpoint.write(path, content)


def resume(path: Path, device: torch.device) -> tuple[FolderConfig, FolderState]:
    """The configuration and the state in a checkpoint, to go on with.

    Raises:
        UserError: It is broken, or of another training.
    """
    content = checkpoint.read(path)
    checkpoint.check_keys(path, content, ("config", "model", "average", "optimiser", "step", "spent"))
    config = from_table(content["config"], str(path))
    state = fresh(config, device, None)
    checkpoint.load_parts(
        path, content, {"model": state.model, "average": state.average, "optimiser": state.optimiser}
    )
    state.step, state.seconds, state.spent = content["step"], content["seconds"], content["spent"]
    return config, state


class FolderTrainer(BaseTrainer[FolderConfig, FolderState]):
    """Takes steps on a folder of pictures; of several processes each takes its part of a batch."""

    def __init__(
        self, config: FolderConfig, state: FolderState, pictures: PictureSet, process: Process
    ) -> None:
        super().__init__(config, state, process)
        self.pictures = pictures
        self.pixels = pictures.pixels
        self.positions = pictures.train
        if process.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(process.device)
            if pictures.pixels.numel() <= SHARE_OF_DEVICE * free:
                self.pixels = pictures.pixels.to(process.device)

    def step(self) -> Tensor:
        """Take one step; the loss of the reconstructions, detached."""
        config, state = self.config, self.state
        now = step_at(config, state.step)
        at = self.positions[self.draw(len(self.positions))].to(self.pixels.device)
        pixels = self.pixels[at].to(self.process.device)
        border = torch.zeros(len(at), *pixels.shape[2:], dtype=torch.bool, device=pixels.device)
        x, _ = jitter(pixels, border, config.jitter, self.generator, mirror=config.mirror)
        with autocast(self.process.device, self.precision):
            out: Pass = state.model(x, self.noise(1, len(x), config.sizes.latent))
        weights = config.objective
        logits = out.logits[0]
        loss = pixel_loss.reconstruction_loss(torch.sigmoid(logits), x, weights)
        loss = loss + weights.cross_entropy * F.binary_cross_entropy_with_logits(logits, x)
        kl = kl_to_standard_normal(out.mean, out.logvar).sum(1).mean()
        factor = weights.kl_factor(state.step, config.total_steps)
        self.latest = {"loss": loss.detach(), "kl": kl.detach()}
        self.optimise(loss + weights.kl * factor * kl, now.learning_rate)
        self.finish_step(config.optimiser.average_decay)
        return self.latest["loss"]

    def validate(self, held_out: Tensor) -> dict[str, float]:
        """PSNR and KL of the averaged weights on uint8 images (n, c, side, side)."""
        return held_out_figures(self.state.average, held_out)

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        save(folder / checkpoint.FILE, self.state, self.config)

    def timing_copy(self) -> FolderTrainer:
        """A copy whose steps change nothing here."""
        return FolderTrainer(self.config, self.state_copy(), self.pictures, self.process)

    def check(self, path: Path) -> None:
        """Refuse to go on with other pictures than before.

        Raises:
            UserError: They are others.
        """
        if self.config.pictures != self.pictures.digest:
            raise UserError(
                f"the pictures of {self.config.name} are not those that {path} was trained on; "
                "--restart starts over"
            )


def fitted_on(pictures: PictureSet) -> Tensor:
    """Training pictures spread over all, for `fresh`."""
    return pictures.pixels[evenly_spread(pictures.train, FITTED)]
