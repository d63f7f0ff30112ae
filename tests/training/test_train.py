from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.training.folder.draw import write_shapes
from tests.training.tiny import ONE_PROCESS, bars, tiny_config, tiny_trainer
from training.core import checkpoint
from training.core.checkpoint import State
from training.core.loop import Forecast, check_shares, resolve_precision, stop_requests, train
from training.core.model.prior import MixturePrior, StandardNormal
from training.tasks.digits import checkpoint as digits_checkpoint
from training.tasks.digits.data import binarise
from training.tasks.digits.trainer import Trainer
from training.train import main
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle

HELD_OUT = torch.zeros(4, 1, 28, 28)


def tensors(state: State) -> list[Tensor]:
    """Everything that training changes: weights, their average, both moments of the optimiser."""
    moments = state.optimiser.state_dict()["state"]
    return [
        *state.model.parameters(),
        *state.average.parameters(),
        *(moments[key][name] for key in sorted(moments) for name in sorted(moments[key])),
    ]


def same(one: State, other: State) -> bool:
    pairs = zip(tensors(one), tensors(other), strict=True)
    return one.step == other.step and all(torch.equal(a, b) for a, b in pairs)


def test_a_seed_gives_the_same_training_and_another_seed_another() -> None:
    one, two = tiny_trainer(), tiny_trainer()
    other = dataclasses.replace(tiny_config(), seed=2)
    three = Trainer(other, digits_checkpoint.fresh(other, ONE_PROCESS.device), bars(), ONE_PROCESS)
    for trainer in (one, two, three):
        torch.manual_seed(int.from_bytes(os.urandom(4), "big"))  # torch's own generator has no part in it
        for _ in range(5):
            trainer.step()
    assert same(one.state, two.state)
    assert not same(one.state, three.state)


def test_a_stage_with_a_mixture_fits_one_and_trains_it(tmp_path: Path) -> None:
    trainer = tiny_trainer()
    train(trainer, HELD_OUT, tmp_path, stop_after=4)
    assert isinstance(trainer.state.model.prior, StandardNormal)
    trainer.step()
    prior, average = trainer.state.model.prior, trainer.state.average.prior
    assert isinstance(prior, MixturePrior)
    assert isinstance(average, MixturePrior)
    assert len(prior.means) == 2  # one for each class of few images
    before = prior.means.clone()
    trainer.step()
    assert not torch.equal(prior.means, before)
    assert not torch.equal(prior.means, average.means)


@pytest.mark.parametrize("first", [1, 3, 4, 7])
def test_stopping_and_resuming_changes_nothing(tmp_path: Path, first: int) -> None:
    """Across the end of an epoch (step 3), the change of stages (step 4) and in the last stage."""
    whole = tiny_trainer()
    train(whole, HELD_OUT, tmp_path / "whole")

    begun = tiny_trainer()
    train(begun, HELD_OUT, tmp_path / "parts", stop_after=first)
    assert begun.state.step == first
    path = tmp_path / "parts" / checkpoint.FILE
    resumed = tiny_trainer(digits_checkpoint.resume(path, tiny_config(), ONE_PROCESS.device))
    train(resumed, HELD_OUT, tmp_path / "parts")
    assert whole.state.step == tiny_config().total_steps
    assert same(whole.state, resumed.state)


def test_measuring_the_speed_takes_no_step() -> None:
    measured, plain = tiny_trainer(), tiny_trainer()
    assert Forecast.measured(measured).seconds_left(0) > 0
    measured.step()
    plain.step()
    assert same(measured.state, plain.state)


def test_training_learns(tmp_path: Path) -> None:
    config = dataclasses.replace(
        tiny_config(), stage=(dataclasses.replace(tiny_config().stage[0], steps=60),)
    )
    trainer = Trainer(config, digits_checkpoint.fresh(config, ONE_PROCESS.device), bars(), ONE_PROCESS)
    first = float(trainer.step())
    train(trainer, HELD_OUT, tmp_path)
    assert trainer.state.step == 60
    trainer.state.step = 59
    assert float(trainer.step()) > first / 2  # nats of a sum over 784 pixels: from about -540


def test_the_log_holds_one_json_object_a_line(tmp_path: Path) -> None:
    trainer = tiny_trainer()
    run = dataclasses.replace(trainer.config.run, log_every=2, validate_every=5, checkpoint_every=100)
    trainer.config = dataclasses.replace(trainer.config, run=run)
    train(trainer, HELD_OUT, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "bound" in line] == [2, 4, 6, 8, 10]
    assert [line["step"] for line in lines if "validation_bound" in line] == [5, 10]


def test_a_download_without_a_network_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setattr(urllib.request, "_opener", None)  # it keeps the proxies that it was made with
    assert main(["mnist", "--data-root", str(tmp_path), "--download"]) == 2
    error = capsys.readouterr().err
    assert "training: error: MNIST was not fetched into" in error
    assert "Traceback" not in error


def test_the_time_that_is_left_follows_how_long_steps_take() -> None:
    forecast = Forecast(tiny_config(), [1.0, 2.0])  # stages of 4 and 6 steps
    assert forecast.seconds_left(0) == pytest.approx(4 + 12)
    assert forecast.seconds_left(6) == pytest.approx(8)
    for _ in range(300):
        forecast.update(2, 3.0)
    assert forecast.seconds_left(2) == pytest.approx(3 * (2 + 12), rel=0.01)  # all is three times as slow
    assert forecast.seconds_left(10) == 0


def test_a_signal_lets_the_step_finish() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_requests() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert sorted(stop) == sorted([signal.SIGTERM, signal.SIGINT])
    assert signal.getsignal(signal.SIGINT) is before


def test_binarisation_keeps_black_and_white_and_draws_greys() -> None:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1).repeat(20_000, 1, 1, 1)
    mean = binarise(pixels, generator).mean((0, 2, 3))
    assert mean[0] == 0
    assert mean[1] == pytest.approx(0.2, abs=0.01)
    assert mean[2] == 1


def test_precision_is_what_the_configuration_says_or_what_the_hardware_has() -> None:
    cpu = torch.device("cpu")
    assert resolve_precision("float32", cpu) is torch.float32
    assert resolve_precision("bfloat16", cpu) is torch.bfloat16
    assert resolve_precision("auto", cpu) in (torch.float32, torch.bfloat16)


def test_bfloat16_takes_nearly_the_same_step() -> None:
    half = tiny_trainer()
    half.precision = torch.bfloat16
    full = tiny_trainer()
    assert float(half.step()) == pytest.approx(float(full.step()), rel=0.01)


def test_a_batch_that_processes_cannot_share_is_refused() -> None:
    check_shares(tiny_config().stage, 4)
    with pytest.raises(UserError, match="a batch of 8 images cannot be shared evenly by 3"):
        check_shares(tiny_config().stage, 3)


def with_two_processes(*arguments: str) -> None:
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *command], cwd=root, env=environment, check=True, timeout=200)


@pytest.mark.parametrize("task", ["digits", "dogs", "folder"])
def test_two_processes_keep_the_same_weights(task: str, tmp_path: Path) -> None:
    """torchrun with gloo: both ranks end with the same weights, having drawn different noise."""
    what = str(write_shapes(tmp_path / "shapes", 40)) if task == "folder" else task
    with_two_processes("-m", "tests.training.two_processes", str(tmp_path), what)
    first, second = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert first["step"] == second["step"] > 1
    assert first["weights"].keys() == second["weights"].keys()
    for name in first["weights"]:
        assert torch.equal(first["weights"][name], second["weights"][name])
        assert torch.equal(first["average"][name], second["average"][name])
    assert first["bound"] != second["bound"]
    if task == "digits":
        start = digits_checkpoint.fresh(tiny_config(), ONE_PROCESS.device).model.state_dict()
        assert any(not torch.equal(first["weights"][name], start[name]) for name in start)
    assert (tmp_path / checkpoint.FILE).is_file()


@pytest.mark.slow
def test_two_processes_make_a_bundle_of_a_folder(tmp_path: Path) -> None:
    folder, out = write_shapes(tmp_path / "shapes", 40), tmp_path / "model"
    sizes = ["--size", "32", "--latent", "4", "--steps", "12", "--device", "cpu", "--threads", "1"]
    command = "from vaevis_tui.train import main; raise SystemExit(main())"
    with_two_processes("--no-python", sys.executable, "-c", command, str(folder), "--out", str(out), *sizes)
    assert open_bundle(out).latent_dim <= 4
    found = torch.load(out / "training" / checkpoint.FILE, weights_only=True)
    assert found["step"] == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["minst", "--data-root", "."], "no training configuration 'minst'"),
        (["mnist", "--data-root", "{tmp}"], "MNIST is not under"),
    ],
)
def test_mistakes_end_with_one_line_and_code_2(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([argument.format(tmp=tmp_path) for argument in arguments])
    error = capsys.readouterr().err
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
