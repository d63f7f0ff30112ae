"""Folders of drawn pictures, and trainings on them that take seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from training.core.distributed import Process
from training.tasks.folder import recipe
from training.tasks.folder.pictures import PictureSet, gather
from training.tasks.folder.trainer import FolderTrainer, fitted_on, fresh

ONE_PROCESS = Process(0, 1, torch.device("cpu"))


def shape(seed: int, *, square: bool, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A disc or a square of some colour and place before another colour."""
    rng = np.random.default_rng(seed)
    ground, colour = (tuple(int(c) for c in rng.integers(0, 255, 3)) for _ in range(2))
    image = Image.new("RGB", size, ground)
    x, y, reach = (int(v) for v in (rng.integers(14, 34), rng.integers(12, 28), rng.integers(5, 12)))
    draw = ImageDraw.Draw(image)
    box = (x - reach, y - reach, x + reach, y + reach)
    (draw.rectangle if square else draw.ellipse)(box, fill=colour)
    return image


def write_shapes(folder: Path, count: int = 300) -> Path:
    """So many pictures, half of them in ``round``, half in ``square``."""
    for i in range(count):
        target = folder / ("square" if i % 2 else "round") / f"{i:03}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shape(i, square=bool(i % 2)).save(target)
    return folder


def tiny_config(pictures: PictureSet, steps: int = 6) -> recipe.FolderConfig:
    """A recipe with small networks."""
    config = recipe.suggest(
        "shapes", pictures.digest, len(pictures.train), pictures.side, pictures.colours, gpu=False, latent=4
    )
    return config.lasting(steps).saving_every(3)


def tiny_trainer(folder: Path, store: Path, steps: int = 6, process: Process = ONE_PROCESS) -> FolderTrainer:
    with process.before_others():
        pictures = gather(folder, 32, store)
    config = tiny_config(pictures, steps)
    state = fresh(config, process.device, fitted_on(pictures))
    return FolderTrainer(config, state, pictures, process)
