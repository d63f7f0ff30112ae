"""Dogs that take a second: a drawn archive in the public layout, small networks, a few steps."""

from __future__ import annotations

import dataclasses
import functools
import io
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from tests.training.tiny import ONE_PROCESS
from training.core.distributed import Process
from training.core.model.conv_vae import Widths
from training.tasks.dogs import checkpoint, config
from training.tasks.dogs.adversary import Features
from training.tasks.dogs.checkpoint import DogState
from training.tasks.dogs.config import DogConfig, FlatField
from training.tasks.dogs.photographs import dogfacenet
from training.tasks.dogs.photographs.dogfacenet import Dogs
from training.tasks.dogs.trainer import DogTrainer


def tiny_config(latent: int = 6) -> DogConfig:
    """Four steps that rebuild and five that sharpen, over 12 images."""
    full = config.load("dog")
    rebuild, sharpen = full.stage
    return dataclasses.replace(
        full,
        network=Widths(latent, 16, (16, 8, 8, 4, 4), (4, 8, 8, 8), 16, 10),
        discriminator=dataclasses.replace(full.discriminator, widths=(4, 4, 4, 4, 4)),
        optimiser=dataclasses.replace(full.optimiser, warmup_steps=2),
        objective=dataclasses.replace(full.objective, kl_warmup_steps=3, ramp_steps=2),
        stage=(
            dataclasses.replace(rebuild, steps=4, batch_size=4),
            dataclasses.replace(sharpen, steps=5, batch_size=4),
        ),
        flat_field=FlatField(samples=20),
        run=dataclasses.replace(full.run, precision="float32"),
    )


def faces(count: int = 12, seed: int = 0) -> Tensor:
    """uint8 (count, 3, 128, 128): discs of some colour before a background of another."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:128, :128]
    images = []
    for _ in range(count):
        colours, centre = rng.integers(20, 255, (2, 3)), rng.integers(50, 78, 2)
        inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < rng.integers(25, 50) ** 2
        images.append(np.where(inside, colours[0][:, None, None], colours[1][:, None, None]))
    return torch.from_numpy(np.stack(images).astype(np.uint8))


def dogs(count: int = 12, seed: int = 0) -> Dogs:
    """Two photographs of each of count / 2 dogs, without borders."""
    labels = torch.arange(count) // 2 + 100
    names = tuple(f"{label}/{i}.jpg" for i, label in enumerate(labels.tolist()))
    curated, border = torch.ones(count, dtype=torch.bool), torch.zeros(count, 128, 128, dtype=torch.bool)
    return Dogs(faces(count, seed), labels, names, torch.zeros(count), curated, border)


def tiny_state() -> DogState:
    return checkpoint.fresh(tiny_config(), ONE_PROCESS.device, faces())


class _Pooled(nn.Module):
    """Random colours at five scales, as many as EfficientNet-Lite0 has features: many times faster."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        for scale, count in enumerate(checkpoint.FEATURES):
            self.register_buffer(f"colours_{scale}", torch.randn(count, 3, 1, 1, generator=generator))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [
            F.conv2d(F.avg_pool2d(x, 2 << scale), self.get_buffer(f"colours_{scale}"))
            for scale in range(len(checkpoint.FEATURES))
        ]


@functools.cache
def features() -> Features:
    return Features(_Pooled(), checkpoint.FEATURES).measure(faces())


def tiny_trainer(state: DogState | None = None, process: Process = ONE_PROCESS) -> DogTrainer:
    return DogTrainer(tiny_config(), state or tiny_state(), dogs(), process, features())


def jpeg(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """A photograph (h, w, 3) as the bytes of a JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def photograph(seed: int, corner: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """224x224 RGB of coarse noise, which has edges at many scales, with a black corner of some pixels."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 255, (8, 8, 3), np.uint8))
    pixels = np.array(coarse.resize((224, 224), Image.Resampling.BICUBIC))
    pixels[:corner, :corner] = 0
    return pixels


def write_archive(
    root: Path, photographs: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]
) -> Path:
    """The public zip with these photographs (by name, ``"3/3.0.jpg"``) in ``root/dogfacenet``."""
    folder = root / "dogfacenet"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / dogfacenet.ARCHIVE, "w") as file:
        for name, pixels in photographs.items():
            file.writestr(f"after_4_bis/{name}", jpeg(pixels))
    return folder
