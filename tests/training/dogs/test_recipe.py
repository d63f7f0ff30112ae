"""``training/configs/dog.toml`` by its commands, from drawn weights to a bundle, at the size of a toy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.training.dogs.tiny import photograph, write_archive
from training import evaluate, export, train
from training.core import checkpoint
from training.core.config import read_table
from training.core.export import toml
from training.tasks.dogs import evaluate as dog_figures
from training.tasks.dogs.photographs import dogfacenet
from vaevis_tui.api import load
from vaevis_tui.models.bundle import open_bundle

NETWORK = {
    "latent": 6,
    "decoder_hidden": 16,
    "decoder_channels": [16, 8, 8, 4, 4],
    "encoder_channels": [4, 8, 8, 8],
    "encoder_hidden": 16,
    "encoder_components": 10,
}


def toy(path: Path) -> Path:
    """The recipe with all its stages, of three steps each, in smaller networks."""
    table, _ = read_table("dog")
    assert NETWORK.keys() == table["network"].keys()
    table["network"] = NETWORK
    table["discriminator"]["widths"] = [4, 4, 4, 4, 4]
    table["optimiser"]["warmup_steps"] = 2
    table["objective"] |= {"kl_warmup_steps": 3, "ramp_steps": 2}
    for stage in table["stage"]:
        stage |= {"steps": 3, "batch_size": 4}
    table["flat_field"] = {"samples": 20}
    table["run"] |= {"log_every": 2, "validate_every": 3}
    path.write_text(toml(table), encoding="utf-8")
    return path


def tensors(tree: Any) -> dict[str, Tensor]:
    """All tensors in a checkpoint by their path in it."""
    if isinstance(tree, Tensor):
        return {"": tree}
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return {f"{key}.{name}": each for key, value in pairs for name, each in tensors(value).items()}


@pytest.mark.slow
def test_every_stage_runs_goes_on_where_it_stopped_and_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dogfacenet, "default_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(dog_figures, "SAMPLES", 8)
    names = [(dog, n) for dog in (1, 2, 4, 5, 3, 23) for n in range(16 if dog in (3, 23) else 4)]
    write_archive(tmp_path, {f"{dog}/{dog}.{n}.jpg": photograph(100 * dog + n) for dog, n in names})
    recipe = toy(tmp_path / "dog.toml")
    steps = sum(stage["steps"] for stage in read_table(str(recipe))[0]["stage"])

    def run(runs: str, *more: str) -> dict[str, Tensor]:
        begun = [str(recipe), "--data-root", str(tmp_path), "--runs-dir", str(tmp_path / runs)]
        assert train.main([*begun, "--device", "cpu", *more]) == 0
        stored = checkpoint.read(tmp_path / runs / "dog" / checkpoint.FILE)
        stored.pop("seconds")
        return tensors(stored)

    whole = run("whole")
    for _ in range(0, steps, 2):  # stops within a stage, and at its end
        parts = run("parts", "--steps", "2")
    assert whole.keys() == parts.keys()
    assert [name for name, values in whole.items() if not torch.equal(values, parts[name])] == []

    there = ["dog", "--data-root", str(tmp_path), "--runs-dir", str(tmp_path / "whole")]
    assert evaluate.main(there) == 0
    assert export.main([*there, "--machine", "a toy"]) == 0
    bundle = open_bundle(tmp_path / "whole" / "dog" / "bundle")
    assert bundle.card is not None
    assert [stage["name"] for stage in bundle.card.training["stage"]] == ["rebuild", "sharpen"]
    assert bundle.card.training["steps"] == steps
    assert "kid_samples" in bundle.card.figures
    model = load(tmp_path / "whole" / "dog" / "bundle")
    images = model.decode(model.space.sample(0, 2))
    assert images.shape == (2, 128, 128, 3)
    assert np.ptp(images) > 0
