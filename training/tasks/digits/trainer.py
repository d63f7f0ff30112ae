"""Training steps: one process's part of them, their precision, and how long they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...core import checkpoint
from ...core.checkpoint import State
from ...core.distributed import Process
from ...core.loop import autocast
from ...core.model import objective
from ...core.model.networks import Pass
from ...core.model.prior import MixturePrior
from ...core.schedule import step_at
from ...core.trainer import BaseTrainer
from . import checkpoint as digits_checkpoint
from . import posterior
from .config import Config
from .data import Images, binarise


class Trainer(BaseTrainer[Config, State]):
    """Takes steps of the digits."""

    logged = "bound"

    def __init__(self, config: Config, state: State, images: Images, process: Process) -> None:
        super().__init__(config, state, process)
        self.images = images
        self.pixels = images.pixels.to(process.device)

    def begin_mixture(self) -> None:
        """Fit a mixture to the aggregated posterior of the averaged weights: the prior from now on."""
        posteriors = posterior.encode(self.state.average, self.images, self.config.seed)
        fitted = posterior.fit(posteriors, self.images.labels.numpy(), self.config)
        prior = MixturePrior.of(fitted).to(self.process.device)
        self.process.agree(prior)
        digits_checkpoint.begin_mixture(self.state, prior)

    def step(self) -> Tensor:
        """Take one step; the mean bound of this process's part of the batch, in nats, detached."""
        state = self.state
        now = step_at(self.config, state.step)
        if now.stage.prior == "mixture" and not isinstance(state.model.prior, MixturePrior):
            self.begin_mixture()
        draws = self.draw(len(self.pixels)).to(self.process.device)
        x = binarise(self.pixels[draws], self.generator)
        noise = self.noise(now.stage.importance_samples, len(x), self.config.network.latent)
        with autocast(self.process.device, self.precision):
            out: Pass = state.model(x, noise)
        weight = objective.kl_weight(state.step, self.config.objective.kl_warmup_steps)
        loss, bound = objective.doubly_reparameterised_loss(out, x, weight)
        self.optimise(loss, now.learning_rate)
        self.finish_step(self.config.optimiser.average_decay)
        return bound.mean()

    def figures(self, value: float) -> dict[str, Any]:
        """What to log of the latest step; ``value`` is the bound in nats."""
        now = step_at(self.config, self.state.step - 1)
        return {"stage": now.stage.name, **super().figures(value)}

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        digits_checkpoint.save(folder / checkpoint.FILE, self.state, self.config)

    def timing_copy(self) -> Trainer:
        """A copy whose steps change nothing here; on few images, so that a mixture is fitted in no time."""
        return Trainer(self.config, self.state_copy(), self.images.slice(0, 2000), self.process)

    def validate(self, held_out: Tensor, batch: int = 100, samples: int = 10) -> dict[str, float]:
        """Bounds of the averaged weights on binarised images (n, 1, 28, 28), in nats.

        The importance-weighted one with ``samples``, and the evidence lower bound from the same samples.
        """
        generator = torch.Generator(self.process.device).manual_seed(self.config.seed)
        weighted, bound = 0.0, 0.0
        with torch.inference_mode():
            for x in torch.split(held_out, batch):
                shape = (samples, len(x), self.config.network.latent)
                noise = torch.randn(shape, generator=generator, device=x.device)
                log_weights = objective.log_importance_weights(self.state.average(x, noise), x)
                weighted += float(objective.importance_weighted_bound(log_weights).sum())
                bound += float(log_weights.mean(0).sum())
        return {"validation_nll": -weighted / len(held_out), "validation_bound": bound / len(held_out)}
