"""A trained model as a bundle: both networks, its latent space, the card and a sheet of what it makes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vaevis_tui.errors import UserError
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import write_latents

from . import onnx_graph, sheet
from .checkpoint import Trained
from .config import to_table
from .data.sources import SOURCES
from .model.networks import VAE, multiply_adds

LARGEST_DIFFERENCE = 1e-3
"""Between PyTorch and the exported graph with the same (rounded) weights, on floats."""


LARGEST_STEP = 1 / 255
"""Between pictures of float32 weights and of float16 weights: what rounding to bytes may already cost."""


NOT_SHOWN = {"dataset", "seed", "validation", "run"}
"""What the card says elsewhere, or what changes nothing in the model."""


def verify(trained: Trained, z: np.ndarray[Any, Any]) -> float:
    """Compare the exported graphs with PyTorch on latents ``z``, float32 (n, d).

    Returns:
        The largest difference that storing the decoder's weights as float16 makes to a picture's value.

    Raises:
        UserError: The float32 graphs differ by more than `LARGEST_DIFFERENCE`, or the pictures of the float16
            ones by more than `LARGEST_STEP`.
    """
    with torch.inference_mode():
        wanted = onnx_graph.ShippedDecoder(trained.model)(torch.from_numpy(z)).numpy()
        mean, logvar = (part.numpy() for part in trained.model.encoder(torch.from_numpy(wanted)))
    picture, half_picture = (
        onnx_graph.run(onnx_graph.decoder_model(trained.model, half=half), z)[0] for half in (False, True)
    )
    posterior_ = onnx_graph.run(onnx_graph.encoder_model(trained.model, half=False), wanted)
    for what, found, right in (
        ("pictures", picture, wanted),
        ("means", posterior_[0], mean),
        ("log-variances", posterior_[1], logvar),
    ):
        if not (off := float(np.abs(found - right).max())) <= LARGEST_DIFFERENCE:  # NaN is refused too
            raise UserError(f"exported {what} are off by {off:.2g}; at most {LARGEST_DIFFERENCE} is right")
    if not (step := float(np.abs(half_picture - wanted).max())) <= LARGEST_STEP:
        raise UserError(f"weights in float16 move a picture by {step:.2g}; at most 1/255 is right")
    return step


def card(trained: Trained, decoder_bytes: int, figures: dict[str, Any], machine: str) -> str:
    """The model card as TOML; its keys are those of `vaevis_tui.models.card`."""
    config, recipe = trained.config, to_table(trained.config)
    head = {"format": 1, **{key: recipe[key] for key in ("name", "title", "summary", "version", "limits")}}
    tables: dict[str, dict[str, Any]] = {
        "data": SOURCES[config.dataset],
        "latent": {"size": trained.model.decoder.hidden.in_features},  # after pruning
        "image": dict(zip(("channels", "height", "width"), trained.model.image_shape, strict=True)),
        "decoder": decoder_facts(trained.model, decoder_bytes),
        "training": {
            "commit": trained.commit or _commit(),
            "machine": machine or trained.machine or "unknown",
            "minutes": round(trained.seconds / 60),
            "steps": trained.step,
            **({"began_with": trained.began_with} if trained.began_with else {}),
            "seed": config.seed,
            **{key: value for key, value in recipe.items() if key not in head and key not in NOT_SHOWN},
            "stage": stages_done(recipe["stage"], trained.step),
        },
        "figures": figures,
    }
    return card_text(head, tables)


def decoder_facts(model: VAE, stored: int) -> dict[str, Any]:
    """What a card says of a decoder that is stored in so many bytes."""
    decoder = model.decoder
    return {
        "parameters": sum(parameter.numel() for parameter in decoder.parameters()),
        "multiply_adds": multiply_adds(decoder, torch.zeros(1, decoder.hidden.in_features)),
        "precision": "float16",
        "bytes": stored,
    }


def card_text(head: dict[str, Any], tables: dict[str, dict[str, Any]]) -> str:
    """A card as TOML: what stands outside its tables, then those."""
    return toml(head) + "".join(f"\n[{name}]\n{toml(table)}" for name, table in tables.items())


def stages_done(stages: Sequence[dict[str, Any]], step: int) -> list[dict[str, Any]]:
    """The stages of a recipe as far as they were taken: a card says what was done, not what was meant.

    Args:
        stages: As a configuration has them.
        step: Steps taken.
    """
    done, first = [], 0
    for stage in stages:
        if (taken := min(stage["steps"], step - first)) > 0:
            done.append({**stage, "steps": taken})
        first += stage["steps"]
    return done


def toml(table: dict[str, Any]) -> str:
    """A table as lines of TOML."""
    return "".join(f"{key} = {_toml_value(value)}\n" for key, value in table.items())


def _toml_value(value: Any) -> str:
    """A value as TOML; JSON's strings and numbers are TOML's too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _commit() -> str:
    """The commit of the code that exports, "unknown" outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def export(
    trained: Trained,
    space: LatentSpace,
    folder: Path,
    figures: dict[str, Any],
    machine: str,
) -> None:
    """Write the bundle of a (pruned) model and its latent space into ``folder``.

    Args:
        trained: The model.
        space: Where its data lie.
        folder: Of the bundle.
        figures: For the card.
        machine: Where it was trained, for the card; empty for what ``trained`` tells.
    """
    step = verify(trained, np.concatenate([space.sample(0, 64), space.anchors.z]))

    folder.mkdir(parents=True, exist_ok=True)
    decoder = onnx_graph.decoder_model(trained.model).SerializeToString()
    (folder / "decoder.onnx").write_bytes(decoder)
    (folder / "encoder.onnx").write_bytes(onnx_graph.encoder_model(trained.model).SerializeToString())
    write_latents(folder / "latents.npz", space)
    (folder / "model.toml").write_text(card(trained, len(decoder), figures, machine), encoding="utf-8")
    draw_sheet(trained, space, folder / "sheet.png")
    print(
        f"{folder}: {space.dim} dimensions, decoder {len(decoder):,} bytes; "
        f"float16 weights move a picture by at most {step * 255:.2f}/255"
    )


def draw_sheet(trained: Trained, space: LatentSpace, path: Path) -> None:
    """What the model makes, for whoever thinks of taking it; nothing where it has no examples to begin at."""
    columns, scale = (16, 2) if trained.model.image_shape[2] < 64 else (8, 1)
    if int((space.anchors.indices >= 0).sum()) >= columns:
        sheet.save(path, sheet.draw_without_originals(trained.model, space, 0, columns), scale)


def read_figures(path: Path, trained: Trained) -> dict[str, Any]:
    """What `training.evaluate` found about this very model.

    Raises:
        UserError: Nothing was found yet, or it is about other weights.
    """
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if figures.pop("weights", None) != trained.digest:
        raise UserError(
            f"{path} has no figures of these weights (step {trained.step}); "
            f"first run python -m training.evaluate {trained.config.name}"
        )
    return figures
