"""Train a model: ``python -m training.train mnist --data-root DIR``.

One process, or many under ``torchrun``; the same command goes on where an earlier one stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from training import checkpoint
from training.config import Stage, load, names, read_table
from training.data import binarise, download_mnist, load_mnist
from training.distributed import Process, joined
from training.dog import config as dog_config
from training.dog import train as dog
from training.schedule import stage_ends
from training.trainer import AnyTrainer, Trainer, remaining_seconds
from vaevis_tui.errors import UserError


class Log:
    """Figures as JSON lines, one object a line; a process that does not speak writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def write(self, **figures: Any) -> None:
        """Append one line."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(figures) + "\n")


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


def train(trainer: AnyTrainer, held_out: Tensor, folder: Path, stop_after: int | None = None) -> None:
    """Take the steps that are left, or ``stop_after`` of them, logging and saving on the way.

    Args:
        trainer: Where the steps are taken.
        held_out: Images for the figures in the log, as the trainer's `validate` takes them.
        folder: Where ``checkpoint.pt`` and ``log.jsonl`` go; only process 0 writes.
        stop_after: Most steps to take in this sitting.
    """
    state, config, process = trainer.state, trainer.config, trainer.process
    ends = stage_ends(config)
    last = min(config.total_steps, state.step + (stop_after or config.total_steps))
    log = Log(folder / "log.jsonl" if process.first else None)
    bar = tqdm(
        total=config.total_steps,
        initial=state.step,
        unit="step",
        disable=not process.first,
        mininterval=0.1 if sys.stderr.isatty() else 30,  # a log file needs few lines
    )
    with stop_requests() as stop, bar:
        while state.step < last and not process.any(bool(stop)):
            started = time.perf_counter()
            value = trainer.step()
            seconds = time.perf_counter() - started
            state.seconds += seconds
            bar.update()
            if state.step % config.run.log_every == 0:
                figures = trainer.figures(process.mean(value))
                bar.set_postfix({key: _short(figure) for key, figure in list(figures.items())[:2]})
                log.write(step=state.step, **figures, seconds_a_step=seconds)
            if process.first and state.step % config.run.validate_every == 0:
                figures = trainer.validate(held_out)
                found = ", ".join(f"{key} {_short(figure)}" for key, figure in figures.items())
                bar.write(f"step {state.step}: {found}")
                log.write(step=state.step, **figures)
            due = state.step % config.run.checkpoint_every == 0 or state.step in ends
            if process.first and due:
                trainer.save(folder)
    if process.first:
        trainer.save(folder)


def _short(figure: Any) -> str:
    return f"{figure:.4g}" if isinstance(figure, float) else str(figure)


def check_shares(stages: tuple[Stage, ...], processes: int) -> None:
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


def run(options: argparse.Namespace, process: Process) -> None:
    """Load what the options name, say how long it will take, and train."""
    table, _ = read_table(options.model)
    folder = options.runs_dir / str(table.get("name", options.model))
    path = folder / checkpoint.FILE
    if options.restart and process.first and path.is_file():
        path.rename(folder / f"replaced-{time.strftime('%Y%m%d-%H%M%S')}.pt")
    process.wait()
    prepare = dog.prepare if table.get("dataset") == dog_config.DATASET else prepare_mnist
    trainer, held_out = prepare(options, process, path)
    config, state = trainer.config, trainer.state
    folder.mkdir(parents=True, exist_ok=True)
    seconds = remaining_seconds(trainer)
    if process.first:
        left = config.total_steps - state.step
        print(
            f"{config.name}: {state.step} of {config.total_steps} steps done, the rest takes about "
            f"{seconds / 60:.0f} minutes on {process.count} x {process.device.type}, "
            f"{1000 * seconds / max(1, left):.0f} ms a step (measured)",
            flush=True,
        )
    train(trainer, held_out, folder, options.steps)
    if process.first:
        left = max(0, config.total_steps - state.step)
        again = "; the same command goes on" if left else ""
        print(f"{config.name}: {state.step} steps done, {left} left{again}. Checkpoint: {path}")


def prepare_mnist(options: argparse.Namespace, process: Process, path: Path) -> tuple[AnyTrainer, Tensor]:
    """A trainer of digits, resumed from ``path`` where that is, and binarised images held out."""
    config = load(options.model)
    check_shares(config.stage, process.count)
    if options.download and process.first:
        download_mnist(options.data_root)
    process.wait()
    images = load_mnist(options.data_root, train=True)
    kept = len(images) - config.validation
    generator = torch.Generator().manual_seed(config.seed)
    held_out = binarise(images.slice(kept, len(images)).pixels, generator).to(process.device)
    state = (
        checkpoint.resume(path, config, process.device)
        if path.is_file()
        else checkpoint.fresh(config, process.device)
    )
    return Trainer(config, state, images.slice(0, kept), process), held_out


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("model", help=f"a model ({', '.join(names())}) or a configuration file (.toml)")
    parser.add_argument(
        "--data-root", type=Path, required=True, help="folder that holds MNIST/raw or dogfacenet"
    )
    parser.add_argument("--download", action="store_true", help="fetch MNIST into --data-root first")
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="checkpoints and logs (runs)")
    parser.add_argument("--restart", action="store_true", help="begin anew; an old checkpoint is renamed")
    parser.add_argument(
        "--from-bundle", type=Path, help="where there is no checkpoint, go on from this bundle of dogs"
    )
    parser.add_argument("--steps", type=int, help="stop after so many steps of this sitting")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    parser.add_argument("--threads", type=int, help="CPU threads (torch's choice)")
    options = parser.parse_args(arguments)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic cuBLAS asks for
    torch.use_deterministic_algorithms(True, warn_only=True)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        with joined(options.device) as process:
            run(options, process)
    except UserError as error:
        print(f"training: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
