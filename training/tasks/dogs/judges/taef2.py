"""TAEF2's encoder as a judge of images: a Fréchet distance between sets of them.

A small network for photographs (madebyollin/taesd, MIT), which is not part of this project: whoever wants the
figure fetches its weights.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaevis_tui.errors import UserError

from ....core.data.subset import evenly_spread

FILE = "taef2_encoder.pth"


CHANNELS = 64


STAGES = 3


AXES = 64
"""Principal axes of the pooled features on which the distance is measured."""


REFERENCE_IMAGES = 1200


SAMPLES = 300
"""The distance depends on how many pictures are compared: these are always the same."""


MISSING = (
    "{file} is not under {folder}: take the encoder of TAEF2 from https://github.com/madebyollin/taesd "
    "(taef2_encoder.pth) to have the Fréchet distance"
)


class _Block(nn.Module):
    """Three convolutions beside the identity; in the last stage pooled over the picture first."""

    def __init__(self, pooled: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(3):
            layers += [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.ReLU()]
        self.conv = nn.Sequential(*layers[:-1])
        self.pool = (
            nn.Sequential(
                nn.Conv2d(CHANNELS, 4 * CHANNELS, 1, bias=False),
                nn.GroupNorm(4, 4 * CHANNELS),
                nn.ReLU(),
                nn.Conv2d(4 * CHANNELS, CHANNELS, 1, bias=False),
            )
            if pooled
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return F.relu(self.conv(x) + x)


class Judge(nn.Module):
    """The encoder up to the end of its third stage; frozen."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, CHANNELS, 3, padding=1), _Block(pooled=False)]
        for stage in range(STAGES):
            layers.append(nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1, bias=False))
            layers += [_Block(pooled=stage == STAGES - 1) for _ in range(3)]
        self.layers = nn.Sequential(*layers)
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(n, 3, h, w), values 0..1, sides multiples of 8, to the features after each of the three stages."""
        features = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in (5, 9, 13):  # the third block of a stage
                features.append(x)
        return features


def load(root: Path, device: torch.device) -> Judge:
    """The judge with the weights under ``root/taef2``.

    Raises:
        UserError: They are not there (the message says what to fetch from where), or are others.
    """
    path = root / "taef2" / FILE
    if not path.is_file():
        raise UserError(MISSING.format(file=FILE, folder=path.parent))
    weights = torch.load(path, map_location="cpu", weights_only=True)
    judge = Judge()
    try:
        judge.layers.load_state_dict(
            {key: value.float() for key, value in weights.items() if not key.startswith("14.")}
        )
    except RuntimeError as error:
        raise UserError(f"{path} is not the encoder of TAEF2: {str(error).splitlines()[0]}") from None
    return judge.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def statistics(judge: Judge, pictures: Tensor) -> list[Tensor]:
    """Means, then standard deviations, of every channel after every stage, of pictures of half the size.

    Args:
        judge: The network.
        pictures: (n, 3, h, w), values 0..1.

    Returns:
        One float32 (n, 128) a stage.
    """
    halved = F.avg_pool2d(pictures, 2).contiguous(memory_format=torch.channels_last)
    found = [features.float() for features in judge(halved)]
    return [torch.cat([features.mean((2, 3)), features.std((2, 3))], 1) for features in found]


@torch.inference_mode()
def pooled_features(judge: Judge, pictures: Tensor, batch: int = 50) -> Tensor:
    """The `statistics` of all stages side by side.

    Args:
        judge: The network.
        pictures: (n, 3, 128, 128), uint8 or values 0..1.
        batch: Images at once.

    Returns:
        float64 (n, 384) on the CPU.
    """
    device = next(judge.parameters()).device
    rows = []
    for block in torch.split(pictures, batch):
        x = block.to(device)
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        rows.append(torch.cat(statistics(judge, x), 1).double().cpu())
    return torch.cat(rows)


class Reference:
    """The pooled features of real pictures, whitened on their leading principal axes."""

    def __init__(self, features: Tensor, axes: int = AXES) -> None:
        self.mean = features.mean(0)
        variances, columns = torch.linalg.eigh(torch.cov(features.T))
        self.whitening = columns[:, -axes:] / variances[-axes:].sqrt()

    def distance(self, features: Tensor) -> float:
        """Squared Fréchet distance from the reference to the normal distribution fitted to ``features``.

        Whitened, the reference is N(0, I): what is left of Dowson & Landau's (1982) formula is
        |mean|² + sum (1 - sqrt(eigenvalue))² over the eigenvalues of the covariance.
        """
        x = (features - self.mean) @ self.whitening
        eigenvalues = torch.linalg.eigvalsh(torch.cov(x.T)).clamp(min=0)
        return float((x.mean(0) ** 2).sum() + ((1 - eigenvalues.sqrt()) ** 2).sum())


def reference(judge: Judge, training_pixels: Tensor) -> Reference:
    """The reference of `REFERENCE_IMAGES` training images spread over all of them."""
    return Reference(pooled_features(judge, evenly_spread(training_pixels, REFERENCE_IMAGES)))
