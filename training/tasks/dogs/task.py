"""The dogs as a task: what a training begins with, and what ships."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from vaevis_tui.errors import UserError
from vaevis_tui.latent.space import LatentSpace

from ...core.checkpoint import Trained
from ...core.distributed import Process
from ...core.loop import check_shares
from ...core.task import Task
from . import adversary, bundle, checkpoint, posterior
from .config import load
from .evaluate import evaluate
from .judges import efficientnet
from .photographs import dogfacenet
from .trainer import DogTrainer


def begin(options: argparse.Namespace, process: Process, path: Path) -> tuple[DogTrainer, Tensor]:
    """A trainer of dogs, resumed from ``path`` where that is, and the pixels of the validation dogs.

    Raises:
        UserError: The configuration, the data or the checkpoint is missing or wrong, or the processes cannot
            share a batch evenly.
    """
    config = load(options.model)
    check_shares(config.stage, process.count)
    if process.device.type == "cuda":
        # Repeatable kernels for resizing and its gradient are several times slower than the others.
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
    efficientnet.require(0)
    with process.before_others():
        splits = dogfacenet.load(options.data_root, config.crop)
    if path.is_file():
        state = checkpoint.resume(path, config, process.device)
    elif options.from_bundle:
        state = bundle.load(
            options.from_bundle, config, process.device, splits.train.with_little_border().pixels
        )
    else:
        state = checkpoint.fresh(config, process.device, splits.train.with_little_border().pixels)
    features = adversary.load_features(splits.train.with_little_border().pixels, process.device)
    held_out = splits.validation.take(splits.validation.curated).pixels
    return DogTrainer(config, state, splits.train, process, features), held_out


def finish(options: argparse.Namespace, run: Path) -> tuple[Trained, LatentSpace]:
    """What ships of averaged weights.

    Raises:
        UserError: The options name a bundle: it has shipped already.
    """
    if options.bundle:
        raise UserError("--bundle is for digits; what a bundle of dogs holds has shipped already")
    return posterior.load_prepared(run / checkpoint.AVERAGE, options.data_root)


DOGS = Task(begin, evaluate, finish)
