"""Checkpoints that resume exactly.

A checkpoint holds the weights, their moving average, the optimiser and the number of steps taken. The order
of the data and the noise are functions of the seed and the step (`training.core.schedule`): that is all there
is.
"""

from __future__ import annotations

import hashlib
import pickle
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason

from . import config as configuration
from .config import Recipe
from .model.networks import VAE

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


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a file of tensors; a crash half-way or a full disk leaves the previous one.

    Raises:
        UserError: It cannot be written.
    """
    unfinished = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:  # torch's own writer does not say why it fails
            torch.save(content, file)
        unfinished.replace(path)
    except (OSError, RuntimeError) as error:
        cause = error if isinstance(error, OSError) else error.__context__
        with suppress(OSError):
            unfinished.unlink()
        why = reason(cause) if isinstance(cause, OSError) else str(error).splitlines()[0]
        raise UserError(f"{path} cannot be written: {why}") from None


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU.

    Raises:
        UserError: No file there, or a broken one.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"no checkpoint {path}; train first, or name the right --runs-dir") from None
    except OSError as error:
        raise UserError(f"{path}: {reason(error)}") from None
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        why = next(iter(str(error).splitlines()), "") or "it ends too early"
        raise UserError(f"{path} is not a whole checkpoint: {why}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} is not a checkpoint of this program: it holds a {type(content).__name__}")
    return content


def check_keys(path: Path, content: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Refuse what some other program, or another of this one's trainings, has saved.

    Raises:
        UserError: One of the keys is missing, or the configuration is no table.
    """
    missing = [key for key in keys if key not in content]
    if missing or not isinstance(content.get("config", {}), dict):
        lacks = f"it lacks {missing[0]!r}" if missing else "its configuration is not a table"
        raise UserError(f"{path} is not a checkpoint of this training: {lacks}")


def load_parts(path: Path, content: dict[str, Any], parts: dict[str, Any]) -> None:
    """Load state dictionaries into whatever has one, by name.

    Raises:
        UserError: One does not fit.
    """
    for name, part in parts.items():
        try:
            part.load_state_dict(content[name])
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            why = str(error).splitlines()[-1].strip()
            raise UserError(f"{path} is not a checkpoint of this training: {name}: {why}") from None


def check_same(path: Path, content: dict[str, Any], config: Recipe, keys: tuple[str, ...]) -> None:
    """Refuse to go on with a checkpoint of another configuration.

    Raises:
        UserError: One of the keys differs.
    """
    before, now = content["config"], configuration.to_table(config)
    for key in keys:
        if key not in before:
            raise UserError(f"{path} is not a checkpoint of this training: its configuration has no {key!r}")
        if before[key] != now[key]:
            raise UserError(
                f"{path} was trained with {key} = {before[key]}, the configuration says {now[key]}; "
                "pass --restart to start over"
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
        began_with: Whose weights they began as, in words; empty where they were drawn.
    """

    model: VAE
    config: Recipe
    step: int
    seconds: float
    digest: str
    commit: str = ""
    machine: str = ""
    began_with: str = ""


def weights_digest(model: VAE) -> str:
    """Sixteen hexadecimal digits that change with any weight."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
