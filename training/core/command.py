"""What the commands of training do alike: how a model and its data are named, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from vaevis_tui.errors import UserError


def model_parser(program: str, description: str | None, model: str) -> argparse.ArgumentParser:
    """A command line that begins with a model, its data and its run; ``model`` tells which may be named."""
    parser = argparse.ArgumentParser(prog=f"python -m training.{program}", description=description)
    parser.add_argument("model", help=model)
    add_data_root(parser)
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="checkpoints and logs (runs)")
    return parser


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """``--data-root``."""
    parser.add_argument(
        "--data-root", type=Path, required=True, help="folder that holds MNIST/raw or dogfacenet"
    )


def finish(work: Callable[[], object], program: str = "training") -> int:
    """Do a command's work; returns its exit code: 0, or 2 if what it was given was wrong."""
    try:
        work()
    except UserError as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        return 2
    return 0


def be_repeatable(threads: int | None) -> None:
    """Let torch compute the same every time, on so many threads of the CPU; None: as many as it chooses."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic cuBLAS asks for
    torch.use_deterministic_algorithms(True, warn_only=True)
    if threads:
        torch.set_num_threads(max(1, threads))


def set_aside(checkpoint: Path) -> None:
    """Rename a checkpoint, if there is one, so that training starts over."""
    if checkpoint.is_file():
        checkpoint.rename(checkpoint.with_name(f"replaced-{time.strftime('%Y%m%d-%H%M%S')}.pt"))
