"""Checkpoints that resume exactly.

A checkpoint holds the weights, their moving average, the optimiser and the number of steps taken. The data
order and the noise are functions of the seed and the step (`training.schedule`), so that is all there is.
"""

from __future__ import annotations

import copy
import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training import config as configuration
from training.config import Config, Recipe
from training.networks import VAE
from training.prior import MixturePrior
from vaevis_tui.errors import UserError

FILE = "checkpoint.pt"


@dataclass
class State:
    """All that a step changes.

    Attributes:
        model: The weights that are trained.
        average: Their moving average: what is evaluated and shipped.
        optimiser: AdamW over ``model``.
        step: Steps taken.
        seconds: Time spent in those steps, for the model card; it decides nothing.
    """

    model: VAE
    average: VAE
    optimiser: torch.optim.AdamW
    step: int = 0
    seconds: float = 0.0


def fresh(config: Config, device: torch.device) -> State:
    """Weights drawn by the configuration's seed, and nothing learnt yet."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = VAE(config.network)
    # channels_last: 1.3 times faster than the default layout on two AVX2 cores.
    model = model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        model.parameters(), betas=config.optimiser.betas, weight_decay=config.optimiser.weight_decay
    )
    return State(model, copy.deepcopy(model).requires_grad_(False), optimiser)


def begin_mixture(state: State, prior: MixturePrior) -> None:
    """Let ``prior`` take the place of N(0, I); from now on it is trained, and averaged, with the rest."""
    state.model.prior = prior
    state.average.prior = copy.deepcopy(prior).requires_grad_(False)
    state.optimiser.add_param_group({"params": list(prior.parameters()), "weight_decay": 0.0})


def mixture_like(weights: dict[str, Tensor]) -> MixturePrior | None:
    """An empty mixture of the size of the one in the weights of a VAE; None where they hold none."""
    means = weights.get("prior.means")
    return None if means is None else MixturePrior(*means.shape)


@torch.no_grad()
def update_average(state: State, decay: float) -> None:
    """Move the average towards the weights; early steps use a shorter memory, so the start is forgotten."""
    decay = min(decay, (1 + state.step) / (10 + state.step))
    average: list[Tensor] = list(state.average.parameters())
    torch._foreach_lerp_(average, list(state.model.parameters()), 1 - decay)
    for mean, buffer in zip(state.average.buffers(), state.model.buffers(), strict=True):
        if buffer.is_floating_point():  # statistics of batches
            mean.lerp_(buffer, 1 - decay)
        else:
            mean.copy_(buffer)


def save(path: Path, state: State, config: Config) -> None:
    """Write a checkpoint; a crash half-way leaves the previous one."""
    content = {
        "config": configuration.to_table(config),
        "model": state.model.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": state.step,
        "seconds": state.seconds,
    }
    write(path, content)


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a file of tensors; a crash half-way leaves the previous one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    torch.save(content, unfinished)
    unfinished.replace(path)


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU.

    Raises:
        UserError: No file there, or a broken one.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"no checkpoint {path}; train first, or name the right --runs-dir") from None
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise UserError(f"{path} is not a whole checkpoint: {str(error).splitlines()[0]}") from None
    return content


def resume(path: Path, config: Config, device: torch.device) -> State:
    """The state in a checkpoint, to go on with.

    Stages may be added or changed between sittings; the network, the seed and the data may not.

    Raises:
        UserError: No checkpoint there, a broken one, or one of another network, seed or data set.
    """
    content = read(path)
    check_same(path, content, config, ("network", "seed", "dataset", "validation"))
    state = fresh(config, device)
    if (prior := mixture_like(content["model"])) is not None:
        begin_mixture(state, prior.to(device))
    state.model.load_state_dict(content["model"])
    state.average.load_state_dict(content["average"])
    state.optimiser.load_state_dict(content["optimiser"])
    state.step, state.seconds = content["step"], content["seconds"]
    return state


def check_same(path: Path, content: dict[str, Any], config: Recipe, keys: tuple[str, ...]) -> None:
    """Refuse to go on with a checkpoint of another configuration.

    Raises:
        UserError: One of the keys differs.
    """
    before, now = content["config"], configuration.to_table(config)
    for key in keys:
        if before[key] != now[key]:
            raise UserError(
                f"{path} was trained with {key} = {before[key]}, the configuration says {now[key]}; "
                "pass --restart to begin anew"
            )


@dataclass(frozen=True)
class Trained:
    """A model to evaluate or export: the averaged weights, in float32, on the CPU, not training.

    Attributes:
        model: The averaged weights.
        config: What they were trained with.
        step: Steps taken.
        seconds: Time those steps took.
        digest: Of the averaged weights, before any pruning: figures carry it, to be told from others'.
        commit: Of the code that trained them, where a bundle tells.
        machine: That trained them, where a bundle tells.
    """

    model: VAE
    config: Recipe
    step: int
    seconds: float
    digest: str
    commit: str = ""
    machine: str = ""


def load_trained(path: Path) -> Trained:
    """Read the averaged weights of a checkpoint.

    Raises:
        UserError: No checkpoint there, or a broken one.
    """
    content = read(path)
    config = configuration.from_table(content["config"], str(path))
    model = VAE(config.network)
    model.prior = mixture_like(content["average"]) or model.prior
    model.load_state_dict(content["average"])
    model = model.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    return Trained(model, config, content["step"], content["seconds"], weights_digest(model))


def weights_digest(model: VAE) -> str:
    """Sixteen hexadecimal digits that change with any weight."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
