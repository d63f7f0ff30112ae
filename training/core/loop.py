"""The training loop of all tasks: takes steps, logs figures, saves checkpoints, estimates the time left."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason

from .distributed import Process
from .progress import progress_bar, write_line
from .schedule import AnyStage, Schedule, stage_ends


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """The dtype of matrix products; "auto" is bfloat16 if the hardware supports it.

    A CPU without such instructions emulates bfloat16, 10x slower than float32 with AVX2.
    """
    if precision != "auto":
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def autocast(device: torch.device, precision: torch.dtype) -> AbstractContextManager[None]:
    """Run matrix products in a precision of `resolve_precision`; float32 leaves them alone."""
    enabled = precision is not torch.float32
    context: AbstractContextManager[None] = torch.autocast(device.type, precision, enabled=enabled)
    return context


class NamedStage(AnyStage, Protocol):
    """A stage of a configuration."""

    @property
    def name(self) -> str:
        """Its name in messages."""


class AnyState(Protocol):
    """What the loop needs of a training state."""

    step: int
    seconds: float


class AnyTrainer(Protocol):
    """What the loop needs of a trainer."""

    process: Process

    @property
    def state(self) -> AnyState:
        """Everything that a step changes."""

    @property
    def config(self) -> Any:
        """The configuration: a `training.core.schedule.Schedule` with a ``run`` and a ``seed``."""

    def step(self) -> Tensor:
        """Take one step; returns the loss to log, a scalar."""

    def figures(self, value: float) -> dict[str, Any]:
        """Figures of the last step to log; ``value`` is the mean of `step` over all processes."""

    def validate(self, held_out: Tensor) -> dict[str, float]:
        """Figures of the averaged weights on held-out images."""

    def save(self, folder: Path) -> None:
        """Write a checkpoint to resume from."""

    def timing_copy(self) -> AnyTrainer:
        """A copy to time steps on; its steps do not change this trainer."""


def seconds_a_step(trainer: AnyTrainer, step: int, count: int = 3) -> float:
    """Median seconds of a step, measured on a throw-away copy of the state."""
    copy = trainer.timing_copy()
    times = []
    for _ in range(count + 1):
        copy.state.step = step
        started = time.perf_counter()
        float(copy.step())
        times.append(time.perf_counter() - started)
    return sorted(times[1:])[count // 2]  # the first one includes the preparation of kernels


class Forecast:
    """Estimates the time left: measured on copies beforehand, corrected by every real step.

    Attributes:
        pace: Seconds of a step in each stage.
    """

    MEMORY = 0.98  # weight of the old estimate at each step: a memory of about fifty

    def __init__(self, schedule: Schedule[AnyStage], pace: Sequence[float]) -> None:
        self.schedule, self.pace = schedule, list(pace)

    @classmethod
    def measured(cls, trainer: AnyTrainer) -> Forecast:
        """Measure a few steps of every stage that is left, on throw-away copies of the state."""
        pace, first = [], 0
        for stage in trainer.config.stage:
            start, end = max(first, trainer.state.step), first + stage.steps
            pace.append(seconds_a_step(trainer, start) if start < end else 0.0)
            first = end
        return cls(trainer.config, pace)

    def update(self, step: int, seconds: float) -> None:
        """Correct the estimates of all stages by the duration of a step; steps count from 0."""
        stage = self._stage_of(step)
        before = self.pace[stage] or seconds
        factor = (before + (seconds - before) * (1 - self.MEMORY)) / before
        self.pace = [each * factor for each in self.pace]
        self.pace[stage] = before * factor

    def seconds_left(self, step: int) -> float:
        """Seconds that the steps from this one on will take."""
        first, seconds = 0, 0.0
        for stage, pace in zip(self.schedule.stage, self.pace, strict=True):
            seconds += max(0, first + stage.steps - max(first, step)) * pace
            first += stage.steps
        return seconds

    def _stage_of(self, step: int) -> int:
        first = 0
        for place, stage in enumerate(self.schedule.stage):
            first += stage.steps
            if step < first:
                return place
        return len(self.schedule.stage) - 1


def duration(seconds: float) -> str:
    """A duration for people: ``40 seconds``, ``25 minutes``, ``3.2 hours``."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


class Log(Protocol):
    """Where figures go."""

    def write(self, **figures: Any) -> None:
        """Record the figures of a step."""


class JsonLog:
    """Figures as JSON lines; with no path, for processes other than the first, it writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def write(self, **figures: Any) -> None:
        """Append one line.

        Raises:
            UserError: It cannot be written.
        """
        if self.path is not None:
            append(self.path, json.dumps(figures) + "\n")


def append(path: Path, text: str) -> None:
    """Append text to a file.

    Raises:
        UserError: It cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {reason(error)}") from None


@contextmanager
def stop_requests() -> Iterator[list[int]]:
    """A list that receives SIGINT and SIGTERM, so that the current step is finished and saved."""
    received: list[int] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, _frame: received.append(number)) for number in signals]
    try:
        yield received
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def train(
    trainer: AnyTrainer,
    held_out: Tensor,
    folder: Path,
    stop_after: int | None = None,
    *,
    forecast: Forecast | None = None,
    log: Log | None = None,
    after_step: Callable[[], None] = lambda: None,
) -> None:
    """Take the remaining steps, or ``stop_after`` of them; log and save as configured.

    Args:
        trainer: Takes the steps.
        held_out: Images for the trainer's `validate`.
        folder: Where ``checkpoint.pt`` and ``log.jsonl`` go; only process 0 writes.
        stop_after: Most steps to take now.
        forecast: Estimates the time left; corrected by every step.
        log: Where figures go; None for ``log.jsonl``.
        after_step: Called after every step, before it is saved. It may change the length of the trainer's
            configuration.

    Raises:
        UserError: Something cannot be written.
    """
    state, process = trainer.state, trainer.process
    stop_at = state.step + (stop_after or sys.maxsize)
    if log is None:
        log = JsonLog(folder / "log.jsonl" if process.first else None)
    bar = progress_bar(
        total=trainer.config.total_steps,
        initial=state.step,
        unit="step",
        disable=not process.first,
    )
    with stop_requests() as stop, bar:
        while state.step < min(trainer.config.total_steps, stop_at) and not process.any(bool(stop)):
            started = time.perf_counter()
            value = trainer.step()
            seconds = time.perf_counter() - started
            state.seconds += seconds
            bar.update()
            if forecast is not None:
                forecast.update(state.step - 1, seconds)
            after_step()
            config = trainer.config
            bar.total = config.total_steps
            if forecast is not None:
                forecast.schedule = config
            if state.step % config.run.log_every == 0:
                figures = trainer.figures(process.mean(value))
                bar.set_postfix(
                    {key: _short(figure) for key, figure in list(figures.items())[:2]}, refresh=False
                )
                log.write(step=state.step, **figures, seconds_a_step=seconds)
            if process.first and state.step % config.run.validate_every == 0:
                figures = trainer.validate(held_out)
                found = ", ".join(f"{key} {_short(figure)}" for key, figure in figures.items())
                left = "" if forecast is None else f", {duration(forecast.seconds_left(state.step))} left"
                write_line(f"step {state.step}: {found}{left}", sys.stderr)
                log.write(step=state.step, **figures)
            due = state.step % config.run.checkpoint_every == 0 or state.step in stage_ends(config)
            if process.first and due:
                trainer.save(folder)
    if process.first:
        trainer.save(folder)


def _short(figure: Any) -> str:
    return f"{figure:.4g}" if isinstance(figure, float) else str(figure)


def check_shares(stages: Sequence[NamedStage], processes: int) -> None:
    """Refuse a batch that the processes cannot share evenly.

    Raises:
        UserError: A stage's batch size is not a multiple of the number of processes.
    """
    for stage in stages:
        if stage.batch_size % processes:
            raise UserError(
                f"stage {stage.name!r}: a batch of {stage.batch_size} images cannot be shared evenly by "
                f"{processes} processes; change batch_size or the number of processes"
            )
