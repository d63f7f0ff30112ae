"""What `training.train` begins with for the dogs; the loop is the same for every model."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.distributed import Process
from training.dog import adversary, bundle, checkpoint, data
from training.dog.config import load
from training.dog.trainer import DogTrainer
from vaevis_tui.errors import UserError


def prepare(options: argparse.Namespace, process: Process, path: Path) -> tuple[DogTrainer, Tensor]:
    """A trainer of dogs, resumed from ``path`` where that is, and the pixels of the validation dogs.

    Raises:
        UserError: The configuration, the data or the checkpoint is missing or wrong, or there are several
            processes: the batches are too small to be shared.
    """
    config = load(options.model)
    if process.count > 1:
        raise UserError(f"{config.name} trains on one device; start one process, without torchrun")
    if process.device.type == "cuda":
        # Repeatable kernels for resizing and its gradient are several times slower than the others.
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
    splits = data.load(options.data_root, config.crop)
    if path.is_file():
        state = checkpoint.resume(path, config, process.device)
    elif options.from_bundle:
        state = bundle.load(options.from_bundle, config, process.device, splits.train.clean().pixels)
    else:
        state = checkpoint.fresh(config, process.device, splits.train.clean().pixels)
    features = adversary.load_features(splits.train.clean().pixels, process.device)
    held_out = splits.validation.take(splits.validation.curated).pixels
    return DogTrainer(config, state, splits.train, process, features), held_out
