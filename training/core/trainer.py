"""What the trainers of all tasks do alike: their part of a batch, their noise, a step of the optimiser."""

from __future__ import annotations

import copy
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from .checkpoint import State, update_average
from .config import Run
from .distributed import Process
from .loop import resolve_precision
from .schedule import AnyStage, Schedule, Warmed, noise_seed, order, step_at


class ClippedOptimiser(Warmed, Protocol):
    """The optimiser's settings."""

    @property
    def gradient_clip(self) -> float:
        """Largest norm of the gradient of all weights together."""


class Configuration(Schedule[AnyStage], Protocol):
    """What trainers need of a configuration."""

    @property
    def seed(self) -> int:
        """Of the order of images and of the noise."""

    @property
    def run(self) -> Run:
        """How it is computed."""

    @property
    def optimiser(self) -> ClippedOptimiser:
        """The optimiser's settings."""


ConfigT = TypeVar("ConfigT", bound=Configuration)
StateT = TypeVar("StateT", bound=State)


class BaseTrainer(Generic[ConfigT, StateT]):
    """Takes steps: owns the state; a task adds its images, what a step computes, and how it is saved.

    Attributes:
        latest: Figures of the latest step by name, scalars.
        logged: Name of what a step returns.
    """

    logged = "loss"

    def __init__(self, config: ConfigT, state: StateT, process: Process) -> None:
        self.config, self.state, self.process = config, state, process
        self.generator = torch.Generator(process.device)
        self.precision = resolve_precision(config.run.precision, process.device)
        self.latest: dict[str, Tensor] = {}

    def draw(self, count: int) -> Tensor:
        """This process's part of the next batch, as positions among ``count`` images; seeds its noise."""
        seed, step = self.config.seed, self.state.step
        self.generator.manual_seed(noise_seed(seed, step, self.process.rank))
        now = step_at(self.config, step)
        return self.process.share(order(seed, count, now.first_draw, now.stage.batch_size))

    def noise(self, *shape: int) -> Tensor:
        """Standard normal float32 of a shape, this process's own."""
        return torch.randn(shape, generator=self.generator, device=self.process.device)

    def optimise(self, loss: Tensor, learning_rate: float, **settings: Any) -> None:
        """Change the weights by the mean gradient over all processes.

        Args:
            loss: A scalar, of this process's part of the batch.
            learning_rate: Of this step.
            settings: More settings of the optimiser, of this step.
        """
        model, optimiser = self.state.model, self.state.optimiser
        for group in optimiser.param_groups:
            group.update(settings, lr=learning_rate)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.process.average(model)
        norm = nn.utils.clip_grad_norm_(model.parameters(), self.config.optimiser.gradient_clip)
        self.latest["gradient_norm"] = norm.detach()
        optimiser.step()

    def finish_step(self, decay: float) -> None:
        """Count a step, and move the average towards its weights."""
        self.state.step += 1
        update_average(self.state, decay)

    def figures(self, value: float) -> dict[str, Any]:
        """What to log of the latest step; ``value`` is the mean over all processes of what it returned."""
        latest = {name: float(figure) for name, figure in self.latest.items()}
        rate = step_at(self.config, self.state.step - 1).learning_rate
        return {**latest, self.logged: value, "learning_rate": rate}

    def state_copy(self) -> StateT:
        """A copy of the state, for steps that change nothing here."""
        return copy.deepcopy(self.state)
