"""The loop that all tasks share: steps taken, figures logged, checkpoints saved, time told."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason

from .distributed import Process
from .schedule import AnyStage, Schedule, stage_ends


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """The dtype of the matrix products: "auto" is bfloat16 where the hardware multiplies it.

    On a CPU without such instructions bfloat16 is emulated: 10x slower than float32 with AVX2.
    """
    if precision != "auto":
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


class NamedStage(AnyStage, Protocol):
    """A stage of a configuration."""

    @property
    def name(self) -> str:
        """As messages call it."""


class AnyState(Protocol):
    """What the loop reads and writes of a state."""

    step: int
    seconds: float


class AnyTrainer(Protocol):
    """What the loop needs of a trainer, whatever the model."""

    process: Process

    @property
    def state(self) -> AnyState:
        """All that a step changes."""

    @property
    def config(self) -> Any:
        """The configuration: a `training.core.schedule.Schedule` with a ``run`` and a ``seed``."""

    def step(self) -> Tensor:
        """Take one step; what it is judged by, a scalar."""

    def figures(self, value: float) -> dict[str, Any]:
        """What to log of the latest step; ``value`` is what `step` returned, over all processes."""

    def validate(self, held_out: Tensor) -> dict[str, float]:
        """Figures of the averaged weights on images held out."""

    def save(self, folder: Path) -> None:
        """Write what resuming needs."""

    def rehearsal(self) -> AnyTrainer:
        """A copy whose steps change nothing here."""


def seconds_a_step(trainer: AnyTrainer, step: int, count: int = 3) -> float:
    """Median time of a step, taken a few times on a copy of the state, which is then thrown away."""
    rehearsal = trainer.rehearsal()
    times = []
    for _ in range(count + 1):
        rehearsal.state.step = step
        started = time.perf_counter()
        float(rehearsal.step())
        times.append(time.perf_counter() - started)
    return sorted(times[1:])[count // 2]  # the first one also prepares kernels


class Forecast:
    """How long the steps to come will take: measured on copies beforehand, corrected by how they really go.

    Attributes:
        pace: Seconds of a step in each stage.
    """

    MEMORY = 0.98  # a step; what happened a hundred steps ago is nearly forgotten

    def __init__(self, schedule: Schedule[AnyStage], pace: Sequence[float]) -> None:
        self.schedule, self.pace = schedule, list(pace)

    @classmethod
    def measured(cls, trainer: AnyTrainer) -> Forecast:
        """From a few steps of every stage that is left, on a copy of the state, which is thrown away."""
        pace, first = [], 0
        for stage in trainer.config.stage:
            start, end = max(first, trainer.state.step), first + stage.steps
            pace.append(seconds_a_step(trainer, start) if start < end else 0.0)
            first = end
        return cls(trainer.config, pace)

    def took(self, step: int, seconds: float) -> None:
        """Correct all stages by how long the step with this number, counted from 0, has taken."""
        stage = self._stage_of(step)
        before = self.pace[stage] or seconds
        factor = (before + (seconds - before) * (1 - self.MEMORY)) / before
        self.pace = [each * factor for each in self.pace]
        self.pace[stage] = before * factor

    def seconds_left(self, step: int) -> float:
        """What the steps from this one on will take."""
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
    """A time for people: ``40 seconds``, ``25 minutes``, ``3.2 hours``."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


class Log(Protocol):
    """Where figures go."""

    def write(self, **figures: Any) -> None:
        """Keep the figures of a step."""


class JsonLog:
    """Figures as JSON lines, one object a line; a process that does not speak writes nothing."""

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
    """Write at the end of a file.

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
    """A list that fills when Ctrl-C or SIGTERM comes, so that the step under way is finished and saved."""
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
    between: Callable[[], None] = lambda: None,
) -> None:
    """Take the steps that are left, or ``stop_after`` of them, logging and saving on the way.

    Args:
        trainer: Where the steps are taken.
        held_out: Images for the figures in the log, as the trainer's `validate` takes them.
        folder: Where ``checkpoint.pt`` and ``log.jsonl`` go; only process 0 writes.
        stop_after: Most steps to take in this sitting.
        forecast: Is corrected by every step, and told with the figures.
        log: Where figures go (``log.jsonl``).
        between: Called after every step, before it is saved. It may give the trainer a configuration of other
            length.

    Raises:
        UserError: Something cannot be written.
    """
    state, process = trainer.state, trainer.process
    stop_at = state.step + (stop_after or sys.maxsize)
    if log is None:
        log = JsonLog(folder / "log.jsonl" if process.first else None)
    bar = tqdm(
        total=trainer.config.total_steps,
        initial=state.step,
        unit="step",
        disable=not process.first,
        mininterval=0.1 if sys.stderr.isatty() else 30,  # a log file needs few lines
    )
    with stop_requests() as stop, bar:
        while state.step < min(trainer.config.total_steps, stop_at) and not process.any(bool(stop)):
            started = time.perf_counter()
            value = trainer.step()
            seconds = time.perf_counter() - started
            state.seconds += seconds
            bar.update()
            if forecast is not None:
                forecast.took(state.step - 1, seconds)
            between()
            config = trainer.config
            bar.total = config.total_steps
            if forecast is not None:
                forecast.schedule = config
            if state.step % config.run.log_every == 0:
                figures = trainer.figures(process.mean(value))
                bar.set_postfix({key: _short(figure) for key, figure in list(figures.items())[:2]})
                log.write(step=state.step, **figures, seconds_a_step=seconds)
            if process.first and state.step % config.run.validate_every == 0:
                figures = trainer.validate(held_out)
                found = ", ".join(f"{key} {_short(figure)}" for key, figure in figures.items())
                left = "" if forecast is None else f", {duration(forecast.seconds_left(state.step))} left"
                bar.write(f"step {state.step}: {found}{left}", file=sys.stderr)
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
