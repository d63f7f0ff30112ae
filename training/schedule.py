"""What a step is made of, as pure functions of its number: stage, learning rate, place in the data order.

Nothing depends on the clock, so a run that was interrupted takes the very steps that it would have taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.config import Config, Stage


@dataclass(frozen=True)
class Step:
    """One step of the schedule.

    Attributes:
        stage: The stage it belongs to.
        learning_rate: Of this step.
        first_draw: How many images all earlier steps drew; see `training.data.order`.
    """

    stage: Stage
    learning_rate: float
    first_draw: int


def step_at(config: Config, step: int) -> Step:
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
            return Step(stage, rate, draws + within * stage.batch_size)
        first, draws = first + stage.steps, draws + stage.steps * stage.batch_size
    raise ValueError(f"step {step} is outside the {config.total_steps} steps of {config.name}")


def _half_cosine(stage: Stage, within: int) -> float:
    start, end = stage.learning_rate
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * within / stage.steps))


def noise_seed(seed: int, step: int, rank: int) -> int:
    """Seed of all the noise that one process draws in one step: there is no generator state to keep."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0] >> 1)
