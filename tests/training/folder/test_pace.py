"""The time is kept whatever the machine does: a clock that steps, bundles and checkpoints push on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from training.core.distributed import Process
from training.core.schedule import step_at
from training.tasks.folder import pace, recipe
from training.tasks.folder.command import conclude
from training.tasks.folder.live import Written
from training.tasks.folder.pace import Sitting

LIMIT = 540.0
BUNDLE, CHECK = 8.0, 3.0
"""Seconds that a bundle, and held-out figures with a checkpoint, take on the machine at its best."""


@dataclass
class State:
    step: int = 0
    seconds: float = 0.0
    spent: float = 0.0


@dataclass
class Trainer:
    """What a sitting knows of a trainer."""

    config: recipe.FolderConfig
    state: State = field(default_factory=State)
    process: Process = field(default_factory=lambda: Process(0, 1, torch.device("cpu")))


class Machine:
    """How long everything takes on a machine that others use as well.

    Args:
        slowness: From seconds since the start to how many times longer everything takes then.
    """

    def __init__(self, slowness: Callable[[float], float]) -> None:
        self.now, self.slowness = 100.0, slowness

    def work(self, seconds: float) -> None:
        while seconds > 0:
            self.now += min(seconds, 0.1) * self.slowness(self.now - 100)
            seconds -= 0.1


def trained(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, guess: float, a_step: float = 0.1, limit: float = LIMIT
) -> tuple[Trainer, Sitting]:
    """What `training.core.loop.train` and the command do, with that machine's clock alone."""
    config = recipe.suggest("digits", "", 1900, 32, 1, gpu=False)
    trainer = Trainer(config)

    def write_bundle(*_: Any) -> Written:
        machine.work(BUNDLE)
        return Written(32, {"psnr_db": 12.0, "psnr_of_the_mean_picture_db": 11.5})

    monkeypatch.setattr(pace, "write_bundle", write_bundle)
    monkeypatch.setattr(pace, "draw_progress", lambda *_: machine.work(0.2))
    most = config.total_steps
    sitting = Sitting(
        cast(Any, trainer), Path(), Path(), limit, most, lambda: machine.now, started=machine.now - 25
    )
    sitting.begin(guess)
    while trainer.state.step < trainer.config.total_steps:
        machine.work(a_step)
        trainer.state.step += 1
        sitting.between()
        if trainer.state.step % trainer.config.run.checkpoint_every == 0:
            machine.work(CHECK)
    machine.work(CHECK)
    sitting.write()
    return trainer, sitting


MACHINES: dict[str, tuple[Callable[[float], float], float]] = {
    "as measured": (lambda _: 1.0, 0.1),
    "measured ten times too slow": (lambda _: 1.0, 1.0),
    "measured ten times too fast": (lambda _: 1.0, 0.01),
    "slower by and by": (lambda t: 1 + t / 100, 0.1),
    "four times slower after three minutes": (lambda t: 4.0 if t > 180 else 1.0, 0.1),
    "four times slower in the end": (lambda t: 4.0 if t > 430 else 1.0, 0.1),
    "four times faster after three minutes": (lambda t: 0.25 if t > 180 else 1.0, 0.1),
    "busy every other minute": (lambda t: 3.0 if t // 60 % 2 else 1.0, 0.1),
}


def test_a_bundle_that_takes_long_does_not_end_the_training_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a starved machine: the first takes a sixth of the time, and there is no room for a second."""
    machine = Machine(lambda t: 10.0 if 20 < t < 150 else 7.0)
    trainer, sitting = trained(machine, monkeypatch, 0.7)
    assert 0.85 * LIMIT < machine.now - 100 + 25 <= LIMIT
    assert sitting.reserve > 60
    assert trainer.state.step > 250


@pytest.mark.parametrize("name", MACHINES)
def test_the_time_is_kept_and_the_schedule_ends_where_it_should(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowness, guess = MACHINES[name]
    machine = Machine(slowness)
    trainer, _ = trained(machine, monkeypatch, guess)
    took = machine.now - 100 + 25
    assert 0.85 * LIMIT < took <= LIMIT
    config, steps = trainer.config, trainer.state.step
    assert steps == config.total_steps
    first, last = config.stage[0].learning_rate
    assert step_at(config, steps - 1).learning_rate < last + 0.002 * (first - last)
    assert config.objective.kl_factor(steps - 1, steps) == 1


def test_a_minute_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(lambda _: 1.0)
    trained(machine, monkeypatch, 0.1, limit=80.0)
    assert 60 < machine.now - 100 + 25 <= 80


def test_a_machine_that_stood_still_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lid that was closed for an hour: what there is becomes a bundle."""
    machine = Machine(lambda t: 36_000.0 if 200 < t < 200.2 else 1.0)
    trainer, _ = trained(machine, monkeypatch, 0.1)
    assert machine.now - 100 < 200 + 3700
    assert trainer.state.step == trainer.config.total_steps


def test_checkpoints_come_every_minute_though_the_first_steps_were_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer, _ = trained(Machine(lambda _: 1.0), monkeypatch, 2.0)
    assert 300 < trainer.config.run.checkpoint_every < 1000


def test_poor_images_are_said_with_figures_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer, sitting = trained(Machine(lambda _: 1.0), monkeypatch, 0.5, a_step=0.5)
    conclude(Path("digits"), cast(Any, trainer), sitting)
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("these images are poor: 12.0 dB for pictures that were held out")
    assert "where the mean picture has 11.5" in line
    hours = float(line.split("--hours ")[1].split()[0])
    # By then it has taken the 3,000 steps that are the fewest, and no more than it needs.
    assert f"{trainer.state.step} steps were too few" in line
    again, _ = trained(Machine(lambda _: 1.0), monkeypatch, 0.5, a_step=0.5, limit=3600 * hours)
    assert recipe.FEWEST_STEPS <= again.state.step < 1.3 * recipe.FEWEST_STEPS
    sitting.figures = {"psnr_db": 18.0, "psnr_of_the_mean_picture_db": 11.5}
    conclude(Path("digits"), cast(Any, trainer), sitting)
    assert "poor" not in capsys.readouterr().out
