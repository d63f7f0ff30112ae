"""Which networks and which schedule suit a folder of pictures: by number, size and machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...core.config import Run, build
from ...core.data.augment import Jitter
from ...core.model.conv_vae import Sizes, coarsest

SIDES = (32, 64, 96, 128, 192, 256)
"""Pixels that there are networks for."""

DECODER_CHANNELS = (512, 192, 96, 48, 48, 32)
"""From the coarsest feature maps on: those of the dogs."""

ENCODER_CHANNELS = (48, 64, 160, 288, 384)
"""To the coarsest feature maps."""

COMPONENTS = 256
"""Principal components that the encoder begins with, where there are pictures enough."""

KL = 1.2e-5
"""Weight of a nat beside means over pixels, for 128x128 RGB; see `objective`."""

KL_VALUES = 3 * 128 * 128

CROSS_ENTROPY = 0.1
"""Weight of the cross entropy of values: the one term whose gradient does not vanish where images have become
black, as those of strokes on black otherwise do for good."""

KL_FREE, KL_RAMP = 300, 2000
"""Steps in which nats cost nothing, and in which their cost rises: a decoder that has not learnt to listen
to its latent must not be told that the latent is dear."""

HOURS = 3.0
"""That a training may take where nobody says."""

MOST_STEPS = 60_000
"""As for the dogs: what they learn after that is not worth its time."""

EPOCHS = 600
"""After so many times a picture is known by heart."""

FEWEST_STEPS = 3000


@dataclass(frozen=True)
class Objective:
    """Weights of all terms, means over pixels of values 0..1; ``kl`` is a nat's."""

    cross_entropy: float
    squared: float
    absolute: float
    bands: float
    chroma: float
    kl: float
    kl_free_steps: int
    kl_ramp_steps: int

    def kl_factor(self, step: int, total: int) -> float:
        """What a nat's weight is multiplied with at a step of so many: 0, then rising to 1.

        A training that is short gives an eighth and a quarter of its steps to that, so that it ends with nats
        at their price: otherwise random latents would make no pictures.
        """
        free, ramp = min(self.kl_free_steps, total // 8), min(self.kl_ramp_steps, max(1, total // 4))
        return min(1.0, max(0, step - free) / ramp)


@dataclass(frozen=True)
class Optimiser:
    """AdamW without decay, the clipping of its gradient and the moving average of the weights."""

    betas: tuple[float, float]
    gradient_clip: float
    warmup_steps: int
    average_decay: float


@dataclass(frozen=True)
class Stage:
    """All steps; the learning rate falls along half a cosine."""

    name: str
    steps: int
    batch_size: int
    learning_rate: tuple[float, float]


@dataclass(frozen=True)
class FolderConfig:
    """All that a training on a folder depends on, but for the pictures themselves.

    Attributes:
        name: Of the folder.
        seed: Of the weights, the order of the pictures and all noise.
        pictures: Digest of the pictures.
        sizes: Of the networks.
        mirror: Whether half of the pictures are mirrored.
        jitter: How far they are moved about and recoloured.
        optimiser: Its settings.
        objective: Weights of the terms.
        stage: One; its steps may change while training, to keep to the time.
        run: How often things are written, in steps.
        hours: That it may take; 0: as long as its steps do.
    """

    name: str
    seed: int
    pictures: str
    sizes: Sizes
    mirror: bool
    jitter: Jitter
    optimiser: Optimiser
    objective: Objective
    stage: tuple[Stage, ...]
    run: Run
    hours: float

    @property
    def total_steps(self) -> int:
        """Steps of the training."""
        return sum(stage.steps for stage in self.stage)

    def lasting(self, steps: int) -> FolderConfig:
        """The same with so many steps in all."""
        return replace(self, stage=(replace(self.stage[0], steps=steps),))

    def saving_every(self, steps: int) -> FolderConfig:
        """The same, looking at held-out pictures and saving every so many steps."""
        run = replace(self.run, validate_every=steps, checkpoint_every=steps, log_every=max(1, steps // 10))
        return replace(self, run=run)


def from_table(table: dict[str, Any], where: str) -> FolderConfig:
    """A configuration from a checkpoint.

    Raises:
        UserError: A key is missing, unknown or of the wrong type.
    """
    config: FolderConfig = build(FolderConfig, table, where)
    return config


def suggest_side(shorter_sides: Sequence[int], *, gpu: bool) -> int:
    """A size of pictures that shows what they hold and that this machine can learn.

    Args:
        shorter_sides: Of some of the pictures, in pixels.
        gpu: Whether a GPU trains.
    """
    most = 128 if gpu else 64
    typical = sorted(shorter_sides)[len(shorter_sides) // 2]
    return next((side for side in SIDES if side >= typical or side == most), most)


def suggest(
    name: str,
    pictures: str,
    count: int,
    side: int,
    colours: int,
    *,
    gpu: bool,
    latent: int | None = None,
    mirror: bool | None = None,
    seed: int = 1,
) -> FolderConfig:
    """A recipe; its steps are as many as could be worth while.

    Args:
        name: Of the folder.
        pictures: Digest of the pictures.
        count: Pictures that are trained on.
        side: Of each, in pixels.
        colours: 1 or 3.
        gpu: Whether a GPU trains: networks are two to four times as wide then.
        latent: Dimensions; None: more of more and larger pictures.
        mirror: Whether pictures are mirrored; None: those in colour, for grey ones may be letters.
        seed: Of everything.
    """
    levels = (side // coarsest(side)).bit_length() - 1
    narrower = 1 if gpu else 4 if side == 32 else 2
    widths = tuple(width // narrower for width in DECODER_CHANNELS)
    inner = tuple(width // narrower for width in ENCODER_CHANNELS)
    if latent is None:
        latent = 32 if side == 32 or count < 500 else 64 if side == 64 or count < 2000 else 128
    batch = min(64 if gpu else 32, max(4, count // 8))
    sizes = Sizes(
        side=side,
        colours=colours,
        latent=latent,
        decoder_hidden=512 // narrower,
        decoder_channels=widths[:levels],
        encoder_channels=inner[-(levels - 1) :],
        encoder_hidden=512 // narrower,
        encoder_components=min(COMPONENTS, max(latent, 64), count),
    )
    few = count < 20_000
    return FolderConfig(
        name=name,
        seed=seed,
        pictures=pictures,
        sizes=sizes,
        mirror=colours == 3 if mirror is None else mirror,
        jitter=Jitter(
            share=0.8 if few else 0.3,
            rotation=4.0,
            scale=(0.94, 1.06),
            shift=0.025,
            brightness=0.08 if colours == 3 else 0.0,
            saturation=0.15 if colours == 3 else 0.0,
        ),
        optimiser=Optimiser((0.9, 0.99), 1.0, 200, 0.999),
        objective=objective(side, colours),
        stage=(Stage("rebuild", most_steps(count, batch), batch, (2e-3, 2e-5)),),
        run=Run("auto", 50, 500, 500),
        hours=HOURS,
    )


def most_steps(count: int, batch_size: int) -> int:
    """Steps on so many pictures beyond which nothing is gained."""
    return max(FEWEST_STEPS, min(MOST_STEPS, EPOCHS * count // batch_size))


def objective(side: int, colours: int) -> Objective:
    """The dogs' weights; a nat costs less beside more values, by the fourth root."""
    kl = KL * (KL_VALUES / (colours * side**2)) ** 0.25
    return Objective(CROSS_ENTROPY, 0.6, 0.15, 0.15, 3.0 if colours == 3 else 0.0, kl, KL_FREE, KL_RAMP)
