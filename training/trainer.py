"""Training steps: one process's part of them, their precision, and how long they take."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from training import checkpoint, objective, posterior
from training.checkpoint import State
from training.config import Config
from training.data import Images, binarise, order
from training.distributed import Process
from training.networks import Pass
from training.prior import MixturePrior
from training.schedule import noise_seed, step_at


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """The dtype of the matrix products: "auto" is bfloat16 where the hardware multiplies it.

    On a CPU without such instructions bfloat16 is emulated: 10x slower than float32 with AVX2.
    """
    if precision != "auto":
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


class AnyState(Protocol):
    """What the loop reads and writes of a state."""

    step: int
    seconds: float


class AnyTrainer(Protocol):
    """What the loop in `training.train` needs of a trainer, whatever the model."""

    process: Process

    @property
    def state(self) -> AnyState:
        """All that a step changes."""

    @property
    def config(self) -> Any:
        """The configuration: a `training.schedule.Schedule` with a ``run`` and a ``seed``."""

    def step(self) -> Tensor:
        """Take one step; what it is judged by, a scalar."""

    def figures(self, value: float) -> dict[str, Any]:
        """What to log of the latest step; ``value`` is what `step` returned, over all processes."""

    def validate(self, held_out: Tensor) -> dict[str, float]:
        """Figures of the averaged weights on images held out."""

    def save(self, folder: Path) -> None:
        """Write what resuming needs."""

    def rehearsal(self) -> AnyTrainer:
        """A copy whose steps change nothing here."""


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
        checkpoint.begin_mixture(self.state, MixturePrior.of(fitted).to(self.process.device))
        self.network = self._shared()

    def step(self) -> Tensor:
        """Take one step; the mean bound of this process's part of the batch, in nats, detached."""
        state, process = self.state, self.process
        now = step_at(self.config, state.step)
        if now.stage.prior == "mixture" and not isinstance(state.model.prior, MixturePrior):
            self.begin_mixture()
        share = now.stage.batch_size // process.count
        draws = order(self.config.seed, len(self.pixels), now.first_draw, now.stage.batch_size)
        mine = draws[process.rank * share : (process.rank + 1) * share].to(process.device)

        self.generator.manual_seed(noise_seed(self.config.seed, state.step, process.rank))
        x = binarise(self.pixels[mine], self.generator)
        noise = self._noise(now.stage.importance_samples, share)
        with torch.autocast(process.device.type, self.precision, enabled=self.precision is not torch.float32):
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
        checkpoint.save(folder / checkpoint.FILE, self.state, self.config)

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


def seconds_a_step(trainer: AnyTrainer, step: int, count: int = 3) -> float:
    """Median time of a step, taken a few times on a copy of the state, which is then thrown away."""
    rehearsal = trainer.rehearsal()
    times = []
    for _ in range(count + 1):
        rehearsal.state.step = step
        started = time.perf_counter()
        float(rehearsal.step())
        times.append(time.perf_counter() - started)
    return sorted(times[1:])[count // 2]  # the first one also prepares kernels


def remaining_seconds(trainer: AnyTrainer) -> float:
    """How long the steps to come will take, from a few measured steps of every stage that is left."""
    first, seconds = 0, 0.0
    for stage in trainer.config.stage:
        start, end = max(first, trainer.state.step), first + stage.steps
        if start < end:
            seconds += (end - start) * seconds_a_step(trainer, start)
        first = end
    return seconds
