"""The configuration of a model's training: one TOML file, read into frozen dataclasses.

Every key is required and every unknown key is refused, so that a file says all that was done and a
misspelt key cannot pass unnoticed.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaevis_tui.errors import UserError

CONFIGS = Path(__file__).parent / "configs"

PRIORS = ("normal", "mixture")
"""p(z) of a stage: N(0, I), or a mixture of Gaussians that is learnt; see `training.prior`."""


@dataclass(frozen=True)
class Network:
    """Sizes of convolutional networks; see `training.networks.VAE`."""

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
class Run:
    """Precision, and how often (in steps) things are written."""

    precision: str
    log_every: int
    validate_every: int
    checkpoint_every: int


@dataclass(frozen=True)
class Recipe:
    """What the training of every model has: what its card says of it, the data set and the seed."""

    name: str
    title: str
    summary: str
    version: str
    limits: str
    dataset: str
    seed: int


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


def names() -> list[str]:
    """Names of the models that can be trained."""
    return sorted(path.stem for path in CONFIGS.glob("*.toml"))


def read_table(name: str) -> tuple[dict[str, Any], str]:
    """The table of a model (``mnist``) or of a ``.toml`` file, and the path it was read from.

    Raises:
        UserError: No such file, or not TOML.
    """
    path = Path(name) if name.endswith(".toml") else CONFIGS / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), str(path)
    except FileNotFoundError:
        raise UserError(f"no training configuration {name!r}; there are: {', '.join(names())}") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not TOML: {error}") from None


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


def check_stages(stages: tuple[Any, ...], counts: tuple[str, ...], where: str) -> None:
    """Refuse a training without stages, or with a count below 1 in one of them.

    Raises:
        UserError: One of these.
    """
    if not stages:
        raise UserError(f"{where}: there is no [[stage]]; training needs at least one")
    for index, stage in enumerate(stages):
        for key in counts:
            if (value := getattr(stage, key)) < 1:
                raise UserError(f"{where}: stage[{index}]: {key} is {value}; it must be at least 1")


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


def check_precision(run: Run, where: str) -> None:
    """Refuse an unknown precision.

    Raises:
        UserError: It is unknown.
    """
    if run.precision not in ("auto", "float32", "bfloat16"):
        raise UserError(f"{where}: run.precision is {run.precision!r}; it must be auto, float32 or bfloat16")


def to_table(config: Recipe) -> dict[str, Any]:
    """The configuration as plain dictionaries, lists, strings and numbers."""
    return dataclasses.asdict(config)


def build(kind: Any, table: Any, where: str) -> Any:
    """An instance of the dataclass ``kind`` from ``table``, all keys checked.

    Raises:
        UserError: A key is missing, unknown or of the wrong type.
    """
    if not isinstance(table, dict):
        raise UserError(f"{where} must be a table")
    hints = typing.get_type_hints(kind)
    if unknown := sorted(table.keys() - hints.keys()):
        raise UserError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(hints)}")
    if missing := [key for key in hints if key not in table]:
        raise UserError(f"{where}: key {missing[0]!r} is missing")
    return kind(**{key: _value(hints[key], table[key], f"{where}: {key}") for key in hints})


def _value(hint: Any, value: Any, where: str) -> Any:
    """``value`` as the type ``hint``: a scalar, a tuple, a dataclass or one of several dataclasses."""
    if isinstance(hint, types.UnionType):
        return build(_fitting(typing.get_args(hint), value), value, where)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)
    if typing.get_origin(hint) is tuple:
        kinds = typing.get_args(hint)
        if not isinstance(value, (list, tuple)) or (kinds[-1] is not ... and len(value) != len(kinds)):
            raise UserError(f"{where} is {value!r}; it must be a list of {len(kinds)}")
        return tuple(_value(kinds[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise UserError(f"{where} is {value!r}; it must be {hint.__name__}")
    return value


def _fitting(kinds: tuple[Any, ...], table: Any) -> Any:
    """The dataclass that has most of the table's keys: what is wrong with the table is said of that one."""
    keys = table.keys() if isinstance(table, dict) else set()
    return max(kinds, key=lambda kind: len(keys & typing.get_type_hints(kind).keys()))
