"""Checkpoints of the dogs' training: like MNIST's, and the discriminator with its optimiser.

Beside the checkpoint, which is several times as large, lies ``average.pt``: the averaged weights in half
precision. It is what is evaluated and exported, and all that must be brought home from a borrowed machine.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...core import checkpoint
from ...core import config as configuration
from ...core.checkpoint import State, Trained, weights_digest
from ...core.model import components
from . import config as dog_config
from .adversary import ProjectedDiscriminator
from .config import DogConfig
from .networks import DogVAE
from .objective import Specks
from .photographs.dogfacenet import SIDE

AVERAGE = "average.pt"

TOLD = ("step", "seconds")
"""Of a training, beside its configuration and weights; earlier ones do not say what they began with."""


FEATURES = (16, 24, 40, 112, 320)
"""Channels of EfficientNet-Lite0's features."""


@dataclass(kw_only=True)
class DogState(State):
    """All that a step changes.

    Attributes:
        discriminator: Idle in stages that do not sharpen.
        discriminator_optimiser: Adam over it.
        specks: Fixed-pattern detail: what every decode has at the same pixels.
        began_with: Whose weights it began with, in words; empty where they were drawn.
    """

    model: DogVAE
    average: DogVAE
    discriminator: ProjectedDiscriminator
    discriminator_optimiser: torch.optim.Adam
    specks: Specks
    began_with: str = ""

    def parts(self) -> dict[str, Any]:
        """Everything that has a state dictionary."""
        return {
            "model": self.model,
            "average": self.average,
            "optimiser": self.optimiser,
            "discriminator": self.discriminator,
            "discriminator_optimiser": self.discriminator_optimiser,
            "specks": self.specks,
        }


def fresh(config: DogConfig, device: torch.device, pixels: Tensor | None) -> DogState:
    """Weights drawn by the configuration's seed, the encoder's components fitted to the training images.

    Args:
        config: The configuration.
        device: Where the state lives.
        pixels: uint8 training images (n, 3, 128, 128); none where a checkpoint is about to be loaded.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = DogVAE(config.network)
        discriminator = ProjectedDiscriminator(FEATURES, config.discriminator.widths)
    if pixels is not None:
        found = components.of_coarse_images(pixels.to(device), config.network.encoder_components)
        model.encoder.set_components(*found.whitening())
    layout: Any = {"device": device, "memory_format": torch.channels_last}
    model, discriminator = model.to(**layout), discriminator.to(**layout)
    optimiser = torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        betas=config.stage[0].betas,
        weight_decay=0.0,
        fused=True,  # one kernel for all weights; on two cores a fifth of a step less
    )
    adversary = torch.optim.Adam(
        (parameter for parameter in discriminator.parameters() if parameter.requires_grad),
        lr=config.discriminator.learning_rate,
        betas=config.discriminator.betas,
        fused=True,
    )
    return DogState(
        model=model,
        average=copy.deepcopy(model).requires_grad_(False).eval(),
        optimiser=optimiser,
        discriminator=discriminator,
        discriminator_optimiser=adversary,
        specks=Specks(SIDE).to(device),
    )


def save(folder: Path, state: DogState, config: DogConfig) -> None:
    """Write ``checkpoint.pt`` and ``average.pt``."""
    parts = {name: part.state_dict() for name, part in state.parts().items()}
    checkpoint.write(folder / checkpoint.FILE, {**_head(state, config), **parts})
    save_average(folder / AVERAGE, state, config)


def save_average(path: Path, state: DogState, config: DogConfig) -> None:
    """Write the averaged weights in half precision."""
    average = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in state.average.state_dict().items()
    }
    checkpoint.write(path, {**_head(state, config), "average": average})


def _head(state: DogState, config: DogConfig) -> dict[str, Any]:
    """What both files tell beside weights."""
    record = {"step": state.step, "seconds": state.seconds, "began_with": state.began_with}
    return {"config": configuration.to_table(config), **record}


def stage_average(folder: Path, stage: str) -> Path:
    """Where the averaged weights at the end of a stage are."""
    return folder / f"average-{stage}.pt"


def resume(path: Path, config: DogConfig, device: torch.device) -> DogState:
    """The state in a checkpoint, to go on with.

    Stages may be added or changed between sittings; the networks, the seed and the data may not.

    Raises:
        UserError: No checkpoint there, a broken one, or one of other networks, seed or data.
    """
    content = checkpoint.read(path)
    checkpoint.check_keys(path, content, ("config", "discriminator", "specks", *TOLD))
    checkpoint.check_same(path, content, config, ("network", "discriminator", "seed", "dataset", "crop"))
    state = fresh(config, device, None)
    checkpoint.load_parts(path, content, state.parts())
    state.step, state.seconds = (content[key] for key in TOLD)
    state.began_with = content.get("began_with", "")
    return state


def load_trained(path: Path) -> Trained:
    """Read averaged weights, of ``average.pt`` or of a whole checkpoint, rounded to half precision.

    Raises:
        UserError: No file there, or a broken one.
    """
    content = checkpoint.read(path)
    checkpoint.check_keys(path, content, ("config", "average", *TOLD))
    config = dog_config.from_table(content["config"], str(path))
    model = DogVAE(config.network)
    rounded = {
        name: t.half().float() if t.is_floating_point() else t for name, t in content["average"].items()
    }
    checkpoint.load_parts(path, {"average": rounded}, {"average": model})
    layout: Any = {"memory_format": torch.channels_last}
    model = model.to(**layout).eval().requires_grad_(False)
    step, seconds = (content[key] for key in TOLD)
    began_with = content.get("began_with", "")
    return Trained(model, config, step, seconds, weights_digest(model), began_with=began_with)
