"""What `training.train` begins with for the dogs; the loop is the same for every model."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.distributed import Process
from training.dog import bundle, checkpoint, data, judge
from training.dog.config import DogConfig, load
from training.dog.trainer import DogTrainer
from training.schedule import stage_ends
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
        state = bundle.load(options.from_bundle, config, process.device, splits.train.pixels)
    else:
        state = checkpoint.fresh(config, process.device, splits.train.pixels)
    check_ships(config, state.step, path.parent)
    wanted = any(stage.judge for stage in config.stage)
    judged_by = judge.load(options.data_root, process.device) if wanted else None
    held_out = splits.validation.take(splits.validation.curated).pixels
    return DogTrainer(config, state, splits.train.pixels, process, judged_by), held_out


def check_ships(config: DogConfig, step: int, folder: Path) -> None:
    """Refuse, before hours of training, to make a mean of what is not there and will not be made.

    Raises:
        UserError: A stage that is to ship ended before this step, and its average is not in the folder.
    """
    for end, stage in stage_ends(config).items():
        average = checkpoint.stage_average(folder, stage.name)
        if stage.name in config.ships and end <= step and not average.is_file():
            raise UserError(
                f"{config.name}: ships names stage {stage.name!r}, which ended before step {step}, and "
                f"{average} is not there; name stages that are still to come, or none: ships = []"
            )
