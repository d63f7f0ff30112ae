"""What a step is made of, as pure functions of its number: stage, learning rate, place in the data order.

Nothing depends on the clock, so a run that was interrupted takes the very steps that it would have taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor


class AnyStage(Protocol):
    """What the stages of all models have."""

    @property
    def steps(self) -> int:
        """Steps of the stage."""

    @property
    def batch_size(self) -> int:
        """Images a step, over all processes."""

    @property
    def learning_rate(self) -> tuple[float, float]:
        """At the start and at the end of the stage."""


StageT = TypeVar("StageT", bound=AnyStage)


StageT_co = TypeVar("StageT_co", bound=AnyStage, covariant=True)


class Warmed(Protocol):
    """What the optimisers of all models have."""

    @property
    def warmup_steps(self) -> int:
        """Steps in which the learning rate rises from 0."""


class Schedule(Protocol[StageT_co]):
    """What the schedule needs of a configuration."""

    @property
    def name(self) -> str:
        """Of the model."""

    @property
    def stage(self) -> Sequence[StageT_co]:
        """The stages in order."""

    @property
    def optimiser(self) -> Warmed:
        """The optimiser's settings."""

    @property
    def total_steps(self) -> int:
        """Steps of all stages together."""


@dataclass(frozen=True)
class Step(Generic[StageT]):
    """One step of the schedule.

    Attributes:
        stage: The stage it belongs to.
        learning_rate: Of this step.
        first_draw: How many images all earlier steps drew; see `training.core.schedule.order`.
        within: How many steps of the stage come before it.
    """

    stage: StageT
    learning_rate: float
    first_draw: int
    within: int


def step_at(config: Schedule[StageT], step: int) -> Step[StageT]:
    """The schedule at a step, counted from 0 over all stages.

    Raises:
        ValueError: ``step`` is not one of the configuration's steps.
    """
    first, draws = 0, 0
    for stage in config.stage:
        if first <= step < first + stage.steps:
            within = step - first
            ramp = min(1.0, (step + 1) / max(1, config.optimiser.warmup_steps))
            rate = ramp * _half_cosine(stage, within)
            return Step(stage, rate, draws + within * stage.batch_size, within)
        first, draws = first + stage.steps, draws + stage.steps * stage.batch_size
    raise ValueError(f"step {step} is outside the {config.total_steps} steps of {config.name}")


def stage_ends(config: Schedule[StageT]) -> dict[int, StageT]:
    """The number of steps taken after each stage, and that stage."""
    ends: dict[int, StageT] = {}
    for stage in config.stage:
        ends[max(ends, default=0) + stage.steps] = stage
    return ends


def _half_cosine(stage: AnyStage, within: int) -> float:
    start, end = stage.learning_rate
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * within / stage.steps))


def noise_seed(seed: int, step: int, rank: int) -> int:
    """Seed of all the noise that one process draws in one step: there is no generator state to keep."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0] >> 1)


@lru_cache(maxsize=2)  # a batch touches one epoch, or two
def _epoch_order(seed: int, epoch: int, size: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(size))


def order(seed: int, size: int, start: int, count: int) -> Tensor:
    """Which images the ``start``-th to ``start + count``-th draws are: every epoch a new permutation.

    A pure function of its arguments, so that a resumed run sees what an uninterrupted one would have seen.

    Returns:
        int64 (count,), values below ``size``.
    """
    draws = []
    while count:
        epoch, position = divmod(start, size)
        draw = _epoch_order(seed, epoch, size)[position : position + count]
        draws.append(draw)
        start, count = start + len(draw), count - len(draw)
    return torch.cat(draws) if draws else torch.empty(0, dtype=torch.int64)
