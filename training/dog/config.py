"""The configuration of the dogs' training: ``training/configs/dog.toml``, read like every other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from training.config import Recipe, Run, build, check_precision, check_stages, read_table
from vaevis_tui.errors import UserError


@dataclass(frozen=True)
class Crop:
    """Which part of the 224x224 photographs is seen, and which photographs are."""

    box: tuple[int, ...]
    largest_fill: float


@dataclass(frozen=True)
class DogNetwork:
    """Sizes of the networks; see `training.dog.networks`."""

    latent: int
    decoder_hidden: int
    decoder_channels: tuple[int, ...]
    encoder_channels: tuple[int, ...]
    encoder_hidden: int
    encoder_components: int


@dataclass(frozen=True)
class Discriminator:
    """The patch discriminator and its Adam; see `training.dog.adversary`."""

    channels: tuple[int, ...]
    learning_rate: float
    betas: tuple[float, float]
    gradient_penalty: float
    penalty_every: int


@dataclass(frozen=True)
class Jitter:
    """How far training images are moved about; see `training.dog.augment`."""

    share: float
    rotation: float
    scale: tuple[float, float]
    shift: float
    brightness: float
    saturation: float

    def times(self, factor: float) -> Jitter:
        """As many times as far."""
        low, high = self.scale
        return replace(
            self,
            rotation=factor * self.rotation,
            scale=(1 + factor * (low - 1), 1 + factor * (high - 1)),
            shift=factor * self.shift,
            brightness=factor * self.brightness,
            saturation=factor * self.saturation,
        )


@dataclass(frozen=True)
class DogOptimiser:
    """AdamW without decay, the clipping of its gradient and the moving average of the weights."""

    betas: tuple[float, float]
    gradient_clip: float
    warmup_steps: int
    average_decay: float


@dataclass(frozen=True)
class DogObjective:
    """Weights of the terms of every stage; see `training.dog.objective`."""

    absolute: float
    bands: float
    chroma: float
    kl: float
    kl_warmup_steps: int


@dataclass(frozen=True)
class DogStage:
    """A run of steps; weights of 0 leave the discriminator and the judge out of it."""

    name: str
    steps: int
    batch_size: int
    learning_rate: tuple[float, float]
    jitter: float
    noise: float
    squared: float
    adversarial: float
    feature_matching: float
    judge: float
    ramp_steps: int
    judged_reconstructions: float
    judged_samples: float

    @property
    def sharpens(self) -> bool:
        """Whether the discriminator takes part."""
        return self.adversarial > 0 or self.feature_matching > 0


@dataclass(frozen=True)
class DogConfig(Recipe):
    """All of the dogs' training; see the comments in ``training/configs/dog.toml`` for units."""

    ships: tuple[str, ...]
    crop: Crop
    network: DogNetwork
    discriminator: Discriminator
    jitter: Jitter
    optimiser: DogOptimiser
    objective: DogObjective
    stage: tuple[DogStage, ...]
    run: Run

    @property
    def total_steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stage)


DATASET = "dogfacenet"


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
    stages = [stage.name for stage in config.stage]
    if strange := [name for name in config.ships if name not in stages]:
        raise UserError(f"{where}: ships has {strange[0]!r}, which is no stage; {', '.join(stages)} are")
    check_stages(config.stage, ("steps", "batch_size"), where)
    check_precision(config.run, where)
    return config
