from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import tiny_config
from training.core import config
from training.tasks.digits import config as digits_config
from training.tasks.dogs import config as dog_config
from vaevis_tui.errors import UserError


def table() -> dict[str, Any]:
    return config.to_table(tiny_config())


@pytest.mark.parametrize("path", sorted(config.CONFIGS.rglob("*.toml")), ids=str)
def test_every_shipped_configuration_loads_and_carries_its_file_name(path: Path) -> None:
    table, _ = config.read_table(str(path))
    load = dog_config.load if table["dataset"] == "dogfacenet" else digits_config.load
    loaded = load(str(path))
    assert loaded.name == path.stem
    assert loaded.total_steps > 0


def test_a_network_is_told_by_its_keys() -> None:
    assert digits_config.load("mnist-2d").network == digits_config.DenseNetwork(2, (256, 256, 512))
    with pytest.raises(UserError, match=r"network: unknown key 'depth'; known are latent, layers"):
        digits_config.from_table(change("network", {"latent": 2, "layers": [8], "depth": 3}), "here")


def test_a_table_survives_the_round_trip() -> None:
    assert digits_config.from_table(table(), "here") == tiny_config()


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'minst'.*mnist"):
        digits_config.load("minst")


def change(path: str, value: Any) -> dict[str, Any]:
    changed = table()
    inner: Any = changed
    *parents, key = path.split(".")
    for parent in parents:
        inner = inner[int(parent)] if parent.isdigit() else inner[parent]
    if value is None:
        del inner[key]
    else:
        inner[key] = value
    return changed


def test_a_mixture_is_not_given_up_again() -> None:
    table = config.to_table(tiny_config())
    table["stage"] = table["stage"][::-1]
    with pytest.raises(UserError, match="stages with prior 'normal' must come before"):
        digits_config.from_table(table, "here")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("sede", 1, "unknown key 'sede'"),
        ("network.widht", 1, "network: unknown key 'widht'"),
        ("seed", None, "key 'seed' is missing"),
        ("stage.0.steps", None, r"stage[0]: key 'steps' is missing"),
        ("seed", "one", "seed is 'one'; it must be int"),
        ("seed", True, "seed is True; it must be int"),
        ("optimiser.betas", [0.9], "optimiser: betas is [0.9]; it must be a list of 2"),
        ("network", 3, "network must be a table"),
        ("stage", [], "there is no [[stage]]"),
        ("run.precision", "float16", "must be auto, float32 or bfloat16"),
        ("stage.0.prior", "vamp", "prior is 'vamp'; it must be normal or mixture"),
        ("objective.components", [], "components must name at least one number"),
        ("objective.components", [0], "each at least 1"),
        ("stage.0.batch_size", 0, "batch_size is 0; it must be at least 1"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        digits_config.from_table(change(path, value), "here")
