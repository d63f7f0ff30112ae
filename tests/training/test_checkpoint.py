from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from tests.training.tiny import ONE_PROCESS, tiny_config, tiny_trainer, write_checkpoint
from training import checkpoint
from vaevis_tui.errors import UserError

CPU = ONE_PROCESS.device


def test_the_average_follows_the_weights_and_forgets_the_start() -> None:
    state = checkpoint.fresh(tiny_config(), CPU)
    with torch.no_grad():
        for parameter in state.model.parameters():
            parameter.fill_(1.0)
    for state.step in range(1, 200):
        checkpoint.update_average(state, 0.999)
    assert all(torch.allclose(p, torch.ones_like(p), atol=1e-3) for p in state.average.parameters())


def test_what_is_shipped_is_the_average(tmp_path: Path) -> None:
    run = write_checkpoint(tmp_path)
    trained = checkpoint.load_trained(run / checkpoint.FILE)
    state = checkpoint.resume(run / checkpoint.FILE, tiny_config(), CPU)
    assert trained.step == 3
    assert trained.config == tiny_config()
    assert not trained.model.training
    for shipped, average in zip(trained.model.parameters(), state.average.parameters(), strict=True):
        assert torch.equal(shipped, average)
        assert not shipped.requires_grad


def test_the_digest_changes_with_any_weight() -> None:
    model = checkpoint.fresh(tiny_config(), CPU).model
    before = checkpoint.weights_digest(model)
    assert checkpoint.weights_digest(model) == before
    with torch.no_grad():
        model.decoder.hidden.weight[1, 2] += 1e-6
    assert checkpoint.weights_digest(model) != before


def test_stages_may_change_between_sittings_but_not_the_network(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path) / checkpoint.FILE
    config = tiny_config()
    longer = dataclasses.replace(config, stage=(*config.stage, config.stage[-1]))
    assert checkpoint.resume(path, longer, CPU).step == 3
    with pytest.raises(UserError, match=r"network = .*--restart"):
        checkpoint.resume(path, tiny_config(latent=5), CPU)
    with pytest.raises(UserError, match="seed = 1, the configuration says 9"):
        checkpoint.resume(path, dataclasses.replace(config, seed=9), CPU)


def test_a_missing_or_broken_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no checkpoint .* train first"):
        checkpoint.load_trained(tmp_path / "none.pt")
    broken = write_checkpoint(tmp_path) / checkpoint.FILE
    broken.write_bytes(broken.read_bytes()[:1000])
    with pytest.raises(UserError, match="not a whole checkpoint"):
        checkpoint.load_trained(broken)


def test_a_crash_while_saving_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_checkpoint(tmp_path) / checkpoint.FILE
    before = path.read_bytes()

    def full_disk(_content: object, file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    trainer = tiny_trainer()
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, trainer.state, trainer.config)
    assert path.read_bytes() == before
