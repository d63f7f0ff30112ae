"""Checkpoints of the digits' training: a VAE whose prior may have become a mixture."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor

from ...core import config as configuration
from ...core.checkpoint import State, Trained, check_keys, check_same, load_parts, read, weights_digest, write
from ...core.model.prior import MixturePrior
from . import config as digits_config
from .config import Config
from .networks import DigitVAE

KEYS = ("config", "model", "average", "optimiser", "step", "seconds")
"""Of a checkpoint."""


def fresh(config: Config, device: torch.device) -> State:
    """Weights drawn by the configuration's seed, and nothing learnt yet."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = DigitVAE(config.network)
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


def resume(path: Path, config: Config, device: torch.device) -> State:
    """The state in a checkpoint, to go on with.

    Stages may be added or changed between sittings; the network, the seed and the data may not.

    Raises:
        UserError: No checkpoint there, a broken one, or one of another network, seed or data set.
    """
    content = read(path)
    check_keys(path, content, KEYS)
    check_same(path, content, config, ("network", "seed", "dataset", "validation"))
    state = fresh(config, device)
    if (prior := mixture_like(content["model"])) is not None:
        begin_mixture(state, prior.to(device))
    load_parts(path, content, {"model": state.model, "average": state.average, "optimiser": state.optimiser})
    state.step, state.seconds = content["step"], content["seconds"]
    return state


def load_trained(path: Path) -> Trained:
    """Read the averaged weights of a checkpoint.

    Raises:
        UserError: No checkpoint there, or a broken one.
    """
    content = read(path)
    check_keys(path, content, KEYS)
    config = digits_config.from_table(content["config"], str(path))
    model = DigitVAE(config.network)
    model.prior = mixture_like(content["average"]) or model.prior
    load_parts(path, content, {"average": model})
    model = model.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    return Trained(model, config, content["step"], content["seconds"], weights_digest(model))
