"""The images that directions are found in and tried on, and what a bundle encodes them to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vaevis_tui.api import Model
from vaevis_tui.errors import UserError

from ..tasks.digits import data
from ..tasks.dogs import config as dog_config
from ..tasks.dogs.config import Crop
from ..tasks.dogs.photographs import dogfacenet
from .attributes import Pixels

DIGITS = 20_000
"""Training images of digits that are used: a direction in 28 dimensions wants no more."""


HELD_OUT_DIGITS = 5_000


@dataclass(frozen=True)
class Examples:
    """Images and their latent vectors.

    Attributes:
        images: uint8 (n, h, w, 3).
        labels: Class, or dog, of each, int64 (n,).
        z: Posterior means, float32 (n, d).
    """

    images: Pixels
    labels: NDArray[np.int64]
    z: NDArray[np.float32]


@dataclass(frozen=True)
class Split:
    """Images in two parts that have nothing in common.

    Attributes:
        train: Those that directions are found in; the model may have been trained on them.
        held_out: Those that they are tried on; it was not.
        classes: Whether labels are classes, between which there are directions too.
    """

    train: Examples
    held_out: Examples
    classes: bool


def load(model: Model, root: Path) -> Split:
    """The data that a model's card names, encoded by the model.

    Raises:
        UserError: the card names other data, none lie under ``root``, or the model has no encoder.
    """
    card = model.card
    name = None if card is None else card.data_name
    if name == "MNIST":
        train, test = data.load_mnist(root, train=True), data.load_mnist(root, train=False)
        return Split(
            _encoded(model, train.pixels[:DIGITS], train.labels[:DIGITS]),
            _encoded(model, test.pixels[:HELD_OUT_DIGITS], test.labels[:HELD_OUT_DIGITS]),
            classes=True,
        )
    if name == "DogFaceNet":
        assert card is not None
        splits = dogfacenet.load(root, _crop(card.training))
        parts = (splits.train, splits.validation)
        fitted, tried = (_encoded(model, part.pixels, part.labels) for part in parts)
        return Split(fitted, tried, classes=False)
    raise UserError(
        f"nothing is known of attributes of {name or 'a model without a card'}; MNIST or DogFaceNet"
    )


def _crop(recipe: Mapping[str, Any]) -> Crop:
    """The crop that a card's recipe names, or that of today's configuration."""
    named = recipe.get("crop")
    if isinstance(named, dict) and {"box", "largest_fill"} <= named.keys():
        return Crop(tuple(named["box"]), float(named["largest_fill"]))
    return dog_config.load("dog").crop


def _encoded(model: Model, pixels: Tensor, labels: Tensor) -> Examples:
    """Encode uint8 images (n, c, h, w)."""
    images = np.ascontiguousarray(pixels.permute(0, 2, 3, 1).numpy())
    if images.shape[-1] == 1:
        images = images.repeat(3, axis=-1)
    return Examples(images, labels.numpy(), model.encode(images))
