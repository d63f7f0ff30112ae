"""Train a model: ``python -m training.train mnist --data-root DIR``.

One process, or many under ``torchrun``; the same command goes on where an earlier one stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .core import checkpoint
from .core.command import be_repeatable, finish, model_parser, set_aside
from .core.config import names, read_table
from .core.distributed import Process, joined
from .core.loop import Forecast, duration, train
from .tasks import task_of


def run(options: argparse.Namespace, process: Process) -> None:
    """Load what the options name, say how long it will take, and train."""
    table, _ = read_table(options.model)
    folder = options.runs_dir / str(table.get("name", options.model))
    path = folder / checkpoint.FILE
    if options.restart and process.first:
        set_aside(path)
    process.wait()
    trainer, held_out = task_of(options.model).begin(options, process, path)
    config, state = trainer.config, trainer.state
    folder.mkdir(parents=True, exist_ok=True)
    forecast = Forecast.measured(trainer)
    seconds = forecast.seconds_left(state.step)
    if process.first:
        left = config.total_steps - state.step
        print(
            f"{config.name}: {state.step} of {config.total_steps} steps done, the rest takes about "
            f"{duration(seconds)} on {process.count} x {process.device.type}, "
            f"{1000 * seconds / max(1, left):.0f} ms a step (measured)",
            flush=True,
        )
    train(trainer, held_out, folder, options.steps, forecast=forecast)
    if process.first:
        left = max(0, config.total_steps - state.step)
        again = "; the same command goes on" if left else ""
        print(f"{config.name}: {state.step} steps done, {left} left{again}. Checkpoint: {path}")


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    models = f"a model ({', '.join(names())}) or a configuration file (.toml)"
    parser = model_parser("train", __doc__, models)
    parser.add_argument("--download", action="store_true", help="fetch MNIST into --data-root first")
    parser.add_argument("--restart", action="store_true", help="start over; an old checkpoint is renamed")
    parser.add_argument(
        "--from-bundle", type=Path, help="where there is no checkpoint, go on from this bundle of dogs"
    )
    parser.add_argument("--steps", type=int, help="stop after so many steps of this sitting")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    parser.add_argument("--threads", type=int, help="CPU threads (torch's choice)")
    options = parser.parse_args(arguments)
    be_repeatable(options.threads)

    def work() -> None:
        with joined(options.device) as process:
            run(options, process)

    return finish(work)


if __name__ == "__main__":
    sys.exit(main())
