"""The digits as a task: what a training begins with, and what ships."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from vaevis_tui.latent.space import LatentSpace

from ...core.checkpoint import FILE, Trained
from ...core.distributed import Process
from ...core.loop import AnyTrainer, check_shares
from ...core.task import Task
from . import bundle, checkpoint, posterior
from .config import load
from .data import binarise, download_mnist, load_mnist
from .evaluate import evaluate_mnist
from .trainer import Trainer


def begin(options: argparse.Namespace, process: Process, path: Path) -> tuple[AnyTrainer, Tensor]:
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


def finish(options: argparse.Namespace, run: Path) -> tuple[Trained, LatentSpace]:
    """What ships of a checkpoint, or of the bundle that the options name."""
    trained = bundle.load_trained(options.bundle) if options.bundle else checkpoint.load_trained(run / FILE)
    return posterior.prepare(trained, load_mnist(options.data_root, train=True))


DIGITS = Task(begin, evaluate_mnist, finish)
