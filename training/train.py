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
from training.config import Stage, load, names
from training.data import binarise, download_mnist, load_mnist
from training.distributed import Process, joined
from training.schedule import step_at
from training.trainer import Trainer, remaining_seconds
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


def train(trainer: Trainer, held_out: Tensor, folder: Path, stop_after: int | None = None) -> None:
    """Take the steps that are left, or ``stop_after`` of them, logging and saving on the way.

    Args:
        trainer: Where the steps are taken.
        held_out: Binarised images (n, 1, 28, 28) for the figures in the log.
        folder: Where ``checkpoint.pt`` and ``log.jsonl`` go; only process 0 writes.
        stop_after: Most steps to take in this sitting.
    """
    state, config, process = trainer.state, trainer.config, trainer.process
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
            bound = trainer.step()
            seconds = time.perf_counter() - started
            state.seconds += seconds
            bar.update()
            if state.step % config.run.log_every == 0:
                figures = _figures(trainer, process.mean(bound), seconds)
                bar.set_postfix(stage=figures["stage"], bound=f"{figures['bound']:.1f}")
                log.write(**figures)
            if process.first and state.step % config.run.validate_every == 0:
                figures = trainer.validate(held_out)
                bar.write(f"step {state.step}: held-out bound {figures['validation_bound']:.2f} nats")
                log.write(step=state.step, **figures)
            if process.first and state.step % config.run.checkpoint_every == 0:
                checkpoint.save(folder / checkpoint.FILE, state, config)
    if process.first:
        checkpoint.save(folder / checkpoint.FILE, state, config)


def _figures(trainer: Trainer, bound: float, seconds: float) -> dict[str, Any]:
    now = step_at(trainer.config, trainer.state.step - 1)
    return {
        "step": trainer.state.step,
        "stage": now.stage.name,
        "bound": bound,
        "learning_rate": now.learning_rate,
        "gradient_norm": float(trainer.gradient_norm),
        "seconds_a_step": seconds,
    }


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
    config = load(options.model)
    check_shares(config.stage, process.count)
    if options.download and process.first:
        download_mnist(options.data_root)
    process.wait()
    images = load_mnist(options.data_root, train=True)
    kept = len(images) - config.validation
    generator = torch.Generator().manual_seed(config.seed)
    held_out = binarise(images.slice(kept, len(images)).pixels, generator).to(process.device)

    folder = options.runs_dir / config.name
    path = folder / checkpoint.FILE
    if options.restart and process.first and path.is_file():
        path.rename(folder / f"replaced-{time.strftime('%Y%m%d-%H%M%S')}.pt")
    state = (
        checkpoint.resume(path, config, process.device)
        if path.is_file() and not options.restart
        else checkpoint.fresh(config, process.device)
    )
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(config, state, images.slice(0, kept), process)
    minutes = remaining_seconds(trainer) / 60
    if process.first:
        print(
            f"{config.name}: {state.step} of {config.total_steps} steps done, the rest takes about "
            f"{minutes:.0f} minutes on {process.count} x {process.device.type} "
            f"in {str(trainer.precision).removeprefix('torch.')} (measured)",
            flush=True,
        )
    train(trainer, held_out, folder, options.steps)
    if process.first:
        left = max(0, config.total_steps - state.step)
        again = "; the same command goes on" if left else ""
        print(f"{config.name}: {state.step} steps done, {left} left{again}. Checkpoint: {path}")


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("model", help=f"a model ({', '.join(names())}) or a configuration file (.toml)")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds MNIST/raw")
    parser.add_argument("--download", action="store_true", help="fetch the data into --data-root first")
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="checkpoints and logs (runs)")
    parser.add_argument("--restart", action="store_true", help="begin anew; an old checkpoint is renamed")
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
