from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.dogs.tiny import faces, tiny_config, tiny_state, tiny_trainer
from tests.training.tiny import ONE_PROCESS
from training.core import checkpoint as shared
from training.core.loop import Forecast, train
from training.tasks.dogs import checkpoint
from training.tasks.dogs.checkpoint import DogState
from vaevis_tui.errors import UserError


def tensors(tree: Any) -> list[Tensor]:
    """All tensors in nested dictionaries and lists."""
    if isinstance(tree, Tensor):
        return [tree]
    if isinstance(tree, dict):
        return [tensor for value in tree.values() for tensor in tensors(value)]
    return [tensor for value in tree for tensor in tensors(value)] if isinstance(tree, list) else []


def same(one: DogState, other: DogState) -> bool:
    """Whether networks, averages, statistics and both optimisers' moments are equal, bit for bit."""
    first, second = (
        [tensor for part in state.parts().values() for tensor in tensors(part.state_dict())]
        for state in (one, other)
    )
    return len(first) == len(second) and all(map(torch.equal, first, second))


@pytest.mark.parametrize("first", [1, 4, 6])
def test_stopping_and_resuming_changes_nothing(tmp_path: Path, first: int) -> None:
    """Before, at and after the step from which the discriminator plays."""
    whole = tiny_trainer()
    train(whole, faces(4), tmp_path / "whole")
    train(tiny_trainer(), faces(4), tmp_path / "parts", stop_after=first)
    state = checkpoint.resume(tmp_path / "parts" / shared.FILE, tiny_config(), ONE_PROCESS.device)
    assert state.step == first
    resumed = tiny_trainer(state)
    train(resumed, faces(4), tmp_path / "parts")
    assert resumed.state.step == tiny_config().total_steps
    assert same(whole.state, resumed.state)


def test_the_discriminator_rests_until_its_stage_and_then_plays() -> None:
    trainer = tiny_trainer()
    before = tiny_state().discriminator.state_dict()
    for _ in range(4):
        trainer.step()
    assert all(torch.equal(before[k], v) for k, v in trainer.state.discriminator.state_dict().items())
    encoder = copy.deepcopy(trainer.state.model.encoder.state_dict())
    trainer.step()
    assert any(not torch.equal(before[k], v) for k, v in trainer.state.discriminator.state_dict().items())
    assert trainer.figures(0.5).keys() >= {"loss", "adversarial", "features", "specks", "discriminator"}
    after = trainer.state.model.encoder.state_dict()
    assert all(torch.equal(encoder[name], values) for name, values in after.items()), "the encoder rests"


def test_the_generators_step_leaves_no_gradient_in_the_discriminator() -> None:
    trainer = tiny_trainer()
    for _ in range(5):
        trainer.step()
    assert all(parameter.requires_grad for parameter in trainer.state.discriminator.parameters())
    assert not any(parameter.requires_grad for parameter in trainer.features.parameters())
    assert not any(
        parameter.requires_grad for parameter in trainer.state.model.encoder.components.parameters()
    )


def test_the_end_of_a_stage_leaves_its_average(tmp_path: Path) -> None:
    train(tiny_trainer(), faces(4), tmp_path)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"checkpoint.pt", "average.pt", "average-rebuild.pt", "average-sharpen.pt"}
    rebuilt = checkpoint.load_trained(tmp_path / "average-rebuild.pt")
    assert (rebuilt.step, rebuilt.config) == (4, tiny_config())
    last = checkpoint.load_trained(tmp_path / "average.pt")
    whole = checkpoint.load_trained(tmp_path / "checkpoint.pt")
    assert last.digest == whole.digest != rebuilt.digest
    assert not last.model.training


def test_the_log_has_what_was_held_out(tmp_path: Path) -> None:
    trainer = tiny_trainer()
    run = dataclasses.replace(trainer.config.run, log_every=3, validate_every=4)
    trainer.config = dataclasses.replace(trainer.config, run=run)
    train(trainer, faces(4), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [3, 6, 9]
    assert all(0 < line["validation_psnr"] < 40 for line in lines if "validation_psnr" in line)


def test_what_lies_under_a_border_costs_nothing() -> None:
    """Neither stage's loss nor gradient knows what the decoder draws there."""
    for step in (0, 4):
        trainer = tiny_trainer()
        trainer.state.step = step
        trainer.border[:] = True
        before = copy.deepcopy(trainer.state.model.decoder.state_dict())
        trainer.step()
        assert float(trainer.latest["loss"]) == 0
        if step:
            assert float(trainer.latest["features"]) == pytest.approx(0, abs=1e-5)
            moved = trainer.state.model.decoder.state_dict()
            assert all(torch.equal(before[name], values) for name, values in moved.items())


def test_measuring_the_speed_takes_no_step() -> None:
    measured, plain = tiny_trainer(), tiny_trainer()
    assert Forecast.measured(measured).seconds_left(0) > 0
    for trainer in (measured, plain):
        trainer.step()
    assert same(measured.state, plain.state)


def test_training_rebuilds_better() -> None:
    trainer = tiny_trainer()
    stage = dataclasses.replace(trainer.config.stage[0], steps=50, batch_size=12)  # all images
    trainer.config = dataclasses.replace(trainer.config, stage=(stage,))
    first = float(trainer.step())
    losses = [float(trainer.step()) for _ in range(49)]
    assert sum(losses[-5:]) / 5 < 0.8 * first


def test_another_network_or_discriminator_is_refused(tmp_path: Path) -> None:
    train(tiny_trainer(), faces(4), tmp_path, stop_after=1)
    path = tmp_path / shared.FILE
    wider = dataclasses.replace(tiny_config().discriminator, widths=(4, 4, 4, 4, 6))
    with pytest.raises(UserError, match=r"discriminator = .*--restart"):
        checkpoint.resume(path, dataclasses.replace(tiny_config(), discriminator=wider), ONE_PROCESS.device)
    with pytest.raises(UserError, match="network = "):
        checkpoint.resume(path, tiny_config(latent=7), ONE_PROCESS.device)
