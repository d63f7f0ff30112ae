from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from tests.support import full_disk
from tests.training.tiny import ONE_PROCESS, tiny_config, tiny_trainer, write_checkpoint
from training.core import checkpoint
from training.tasks.digits import checkpoint as digits_checkpoint
from training.tasks.dogs import checkpoint as dog_checkpoint
from vaevis_tui.errors import UserError

CPU = ONE_PROCESS.device


def test_the_average_follows_the_weights_and_forgets_the_start() -> None:
    state = digits_checkpoint.fresh(tiny_config(), CPU)
    with torch.no_grad():
        for parameter in state.model.parameters():
            parameter.fill_(1.0)
    for state.step in range(1, 200):
        checkpoint.update_average(state, 0.999)
    assert all(torch.allclose(p, torch.ones_like(p), atol=1e-3) for p in state.average.parameters())


def test_what_is_shipped_is_the_average(tmp_path: Path) -> None:
    run = write_checkpoint(tmp_path)
    trained = digits_checkpoint.load_trained(run / checkpoint.FILE)
    state = digits_checkpoint.resume(run / checkpoint.FILE, tiny_config(), CPU)
    assert trained.step == 3
    assert trained.config == tiny_config()
    assert not trained.model.training
    for shipped, average in zip(trained.model.parameters(), state.average.parameters(), strict=True):
        assert torch.equal(shipped, average)
        assert not shipped.requires_grad


def test_the_digest_changes_with_any_weight() -> None:
    model = digits_checkpoint.fresh(tiny_config(), CPU).model
    before = checkpoint.weights_digest(model)
    assert checkpoint.weights_digest(model) == before
    with torch.no_grad():
        model.decoder.hidden.weight[1, 2] += 1e-6
    assert checkpoint.weights_digest(model) != before


def test_stages_may_change_between_sittings_but_not_the_network(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path) / checkpoint.FILE
    config = tiny_config()
    longer = dataclasses.replace(config, stage=(*config.stage, config.stage[-1]))
    assert digits_checkpoint.resume(path, longer, CPU).step == 3
    with pytest.raises(UserError, match=r"network = .*--restart"):
        digits_checkpoint.resume(path, tiny_config(latent=5), CPU)
    with pytest.raises(UserError, match="seed = 1, the configuration says 9"):
        digits_checkpoint.resume(path, dataclasses.replace(config, seed=9), CPU)


def test_a_missing_or_broken_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no checkpoint .* train first"):
        digits_checkpoint.load_trained(tmp_path / "none.pt")
    broken = write_checkpoint(tmp_path) / checkpoint.FILE
    broken.write_bytes(broken.read_bytes()[:1000])
    with pytest.raises(UserError, match="not a whole checkpoint"):
        digits_checkpoint.load_trained(broken)


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path) / checkpoint.FILE
    before = path.read_bytes()

    trainer = tiny_trainer()
    with full_disk(5000), pytest.raises(UserError, match="cannot be written: file too large"):
        digits_checkpoint.save(path, trainer.state, trainer.config)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("what", ["empty", "half", "text", "list", "other"])
def test_what_is_no_checkpoint_is_refused_in_a_line(tmp_path: Path, what: str) -> None:
    path = write_checkpoint(tmp_path) / checkpoint.FILE
    whole = path.read_bytes()
    if what == "list":
        torch.save([torch.zeros(3)], path)
    elif what == "other":
        torch.save({"state_dict": {"weight": torch.zeros(3)}}, path)
    else:
        path.write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "text": b"<html>"}[what])
    for read in (
        lambda: digits_checkpoint.resume(path, tiny_config(), ONE_PROCESS.device),
        lambda: digits_checkpoint.load_trained(path),
        lambda: dog_checkpoint.load_trained(path),
    ):
        with pytest.raises(UserError) as refusal:
            read()
        assert str(refusal.value).startswith(str(path))
        assert "\n" not in str(refusal.value)


def test_weights_of_another_network_are_refused_in_a_line(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path) / checkpoint.FILE
    content = torch.load(path, weights_only=True)
    content["average"]["decoder.hidden.weight"] = torch.zeros(3, 3)
    torch.save(content, path)
    with pytest.raises(UserError, match=r"of this training: average: .*decoder\.hidden\.weight"):
        digits_checkpoint.load_trained(path)
