"""The configuration of the digits' training: ``configs/mnist.toml`` and ``mnist-2d.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vaevis_tui.errors import UserError

from ...core.config import Recipe, Run, build, check_precision, check_stages, read_table

PRIORS = ("normal", "mixture")
"""p(z) of a stage: N(0, I), or a mixture of Gaussians that is learnt; see `training.core.model.prior`."""


@dataclass(frozen=True)
class Network:
    """Sizes of convolutional networks; see `training.tasks.digits.networks`."""

    latent: int
    hidden: int
    channels_7: int
    channels_14: int
    encoder_blocks: int
    decoder_blocks_7: int
    decoder_blocks_14: int


@dataclass(frozen=True)
class DenseNetwork:
    """Sizes of fully connected networks: hidden layers from the latent outwards, the same in the encoder."""

    latent: int
    layers: tuple[int, ...]


@dataclass(frozen=True)
class Optimiser:
    """AdamW, the clipping of its gradient and the moving average of the weights."""

    betas: tuple[float, float]
    weight_decay: float
    gradient_clip: float
    warmup_steps: int
    average_decay: float


@dataclass(frozen=True)
class Objective:
    """What the objective needs beside the stages."""

    kl_warmup_steps: int
    components: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """A run of steps with one batch size, bound and prior; the learning rate falls along half a cosine."""

    name: str
    steps: int
    batch_size: int
    importance_samples: int
    prior: str
    learning_rate: tuple[float, float]


@dataclass(frozen=True)
class Config(Recipe):
    """All of the training on MNIST; see the comments in ``training/configs/mnist.toml`` for units."""

    validation: int
    network: Network | DenseNetwork
    optimiser: Optimiser
    objective: Objective
    stage: tuple[Stage, ...]
    run: Run

    @property
    def total_steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stage)


def load(name: str) -> Config:
    """Read a configuration for MNIST by model name (``mnist``) or by the path of a ``.toml`` file.

    Raises:
        UserError: No such file, not TOML, or a key that is missing, unknown or of the wrong type.
    """
    return from_table(*read_table(name))


def from_table(table: dict[str, Any], where: str) -> Config:
    """Build a `Config` from a parsed TOML table; ``where`` names the table in messages.

    Raises:
        UserError: A key is missing, unknown or of the wrong type, or a value makes no sense.
    """
    config: Config = build(Config, table, where)
    check_stages(config.stage, ("steps", "batch_size", "importance_samples"), where)
    check_priors(config, where)
    check_precision(config.run, where)
    return config


def check_priors(config: Config, where: str) -> None:
    """Refuse an unknown prior, one that is given up again, and a mixture of no components.

    Raises:
        UserError: One of these.
    """
    priors = [stage.prior for stage in config.stage]
    for index, prior in enumerate(priors):
        if prior not in PRIORS:
            raise UserError(f"{where}: stage[{index}]: prior is {prior!r}; it must be {' or '.join(PRIORS)}")
    if priors != sorted(priors, key=PRIORS.index):
        raise UserError(f"{where}: stages with prior {PRIORS[0]!r} must come before those with {PRIORS[1]!r}")
    if min(config.objective.components, default=0) < 1:
        raise UserError(f"{where}: objective: components must name at least one number, each at least 1")
