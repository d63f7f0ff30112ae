"""The configuration of the dogs' training: ``training/configs/dog.toml``, read like every other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...core.config import Recipe, Run, build, check_precision, check_stages, read_table
from ...core.data.augment import Jitter
from ...core.model.conv_vae import Widths


@dataclass(frozen=True)
class Crop:
    """Which part of the 224x224 photographs is seen, and which photographs are."""

    box: tuple[int, ...]
    largest_fill: float


@dataclass(frozen=True)
class Discriminator:
    """The projected discriminator, its Adam and what it is shown; see `training.tasks.dogs.adversary`."""

    widths: tuple[int, ...]
    learning_rate: float
    betas: tuple[float, float]
    reconstructions: float
    samples: float


@dataclass(frozen=True)
class DogOptimiser:
    """AdamW without decay: the clipping of its gradient and its warm-up."""

    gradient_clip: float
    warmup_steps: int


@dataclass(frozen=True)
class DogObjective:
    """Weights of all terms; see `training.tasks.dogs.objective` and `training.tasks.dogs.adversary`."""

    squared: float
    absolute: float
    bands: float
    chroma: float
    kl: float
    kl_warmup_steps: int
    features: float
    adversarial: float
    specks: float
    ramp_steps: int


@dataclass(frozen=True)
class FlatField:
    """How many samples the decoder's flat field is measured on; see `training.tasks.dogs.flat_field`."""

    samples: int


@dataclass(frozen=True)
class DogStage:
    """A run of steps; one that sharpens trains the decoder alone, against the discriminator."""

    name: str
    steps: int
    batch_size: int
    learning_rate: tuple[float, float]
    betas: tuple[float, float]
    average_decay: float
    sharpens: bool


@dataclass(frozen=True)
class DogConfig(Recipe):
    """All of the dogs' training; see the comments in ``training/configs/dog.toml`` for units."""

    crop: Crop
    network: Widths
    discriminator: Discriminator
    jitter: Jitter
    optimiser: DogOptimiser
    objective: DogObjective
    stage: tuple[DogStage, ...]
    flat_field: FlatField
    run: Run

    @property
    def total_steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stage)


def load(name: str) -> DogConfig:
    """Read a configuration by model name (``dog``) or by the path of a ``.toml`` file.

    Raises:
        UserError: No such file, not TOML, or a key that is missing, unknown or of the wrong type.
    """
    return from_table(*read_table(name))


def from_table(table: dict[str, Any], where: str) -> DogConfig:
    """Build a `DogConfig` from a parsed TOML table; ``where`` names the table in messages.

    Raises:
        UserError: A key is missing, unknown or of the wrong type, or a value makes no sense.
    """
    config: DogConfig = build(DogConfig, table, where)
    check_stages(config.stage, ("steps", "batch_size"), where)
    check_precision(config.run, where)
    return config
