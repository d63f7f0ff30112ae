"""Training steps: one process's part of them, their precision, and how long they take."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ...core import checkpoint
from ...core.checkpoint import State
from ...core.distributed import Process
from ...core.loop import autocast, resolve_precision
from ...core.model import objective
from ...core.model.networks import Pass
from ...core.model.prior import MixturePrior
from ...core.schedule import noise_seed, order, step_at
from . import checkpoint as digits_checkpoint
from . import posterior
from .config import Config
from .data import Images, binarise


class Trainer:
    """Takes steps: owns the state, the data and the way to the other processes."""

    def __init__(self, config: Config, state: State, images: Images, process: Process) -> None:
        self.config, self.state, self.process, self.images = config, state, process, images
        self.pixels = images.pixels.to(process.device)
        self.generator = torch.Generator(process.device)
        self.precision = resolve_precision(config.run.precision, process.device)
        self.gradient_norm = torch.zeros(())
        self.network = self._shared()

    def _shared(self) -> nn.Module:
        """The model; with more than one process it gets the first one's weights and shares gradients."""
        model = self.state.model
        return DistributedDataParallel(model) if self.process.count > 1 else model

    def begin_mixture(self) -> None:
        """Fit a mixture to the aggregated posterior of the averaged weights: the prior from now on."""
        posteriors = posterior.encode(self.state.average, self.images, self.config.seed)
        fitted = posterior.fit(posteriors, self.images.labels.numpy(), self.config)
        digits_checkpoint.begin_mixture(self.state, MixturePrior.of(fitted).to(self.process.device))
        self.network = self._shared()

    def step(self) -> Tensor:
        """Take one step; the mean bound of this process's part of the batch, in nats, detached."""
        state, process = self.state, self.process
        now = step_at(self.config, state.step)
        if now.stage.prior == "mixture" and not isinstance(state.model.prior, MixturePrior):
            self.begin_mixture()
        share = now.stage.batch_size // process.count
        draws = order(self.config.seed, len(self.pixels), now.first_draw, now.stage.batch_size)
        mine = process.share(draws).to(process.device)

        self.generator.manual_seed(noise_seed(self.config.seed, state.step, process.rank))
        x = binarise(self.pixels[mine], self.generator)
        noise = self._noise(now.stage.importance_samples, share)
        with autocast(process.device, self.precision):
            out: Pass = self.network(x, noise)
        weight = objective.kl_weight(state.step, self.config.objective.kl_warmup_steps)
        loss, bound = objective.doubly_reparameterised_loss(out, x, weight)

        for group in state.optimiser.param_groups:
            group["lr"] = now.learning_rate
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        limit = self.config.optimiser.gradient_clip
        self.gradient_norm = nn.utils.clip_grad_norm_(state.model.parameters(), limit)
        state.optimiser.step()
        state.step += 1
        checkpoint.update_average(state, self.config.optimiser.average_decay)
        return bound.mean()

    def figures(self, value: float) -> dict[str, Any]:
        """What to log of the latest step; ``value`` is the bound in nats."""
        now = step_at(self.config, self.state.step - 1)
        return {
            "stage": now.stage.name,
            "bound": value,
            "learning_rate": now.learning_rate,
            "gradient_norm": float(self.gradient_norm),
        }

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        digits_checkpoint.save(folder / checkpoint.FILE, self.state, self.config)

    def rehearsal(self) -> Trainer:
        """A copy whose steps change nothing here; on few images, so that a mixture is fitted in no time."""
        return Trainer(self.config, copy.deepcopy(self.state), self.images.slice(0, 2000), self.process)

    def _noise(self, samples: int, images: int) -> Tensor:
        shape = (samples, images, self.config.network.latent)
        return torch.randn(shape, generator=self.generator, device=self.process.device)

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
