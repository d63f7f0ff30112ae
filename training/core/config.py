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

CONFIGS = Path(__file__).parent.parent / "configs"


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


def check_precision(run: Run, where: str) -> None:
    """Refuse an unknown precision.

    Raises:
        UserError: It is unknown.
    """
    if run.precision not in ("auto", "float32", "bfloat16"):
        raise UserError(f"{where}: run.precision is {run.precision!r}; it must be auto, float32 or bfloat16")


def to_table(config: Any) -> dict[str, Any]:
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
