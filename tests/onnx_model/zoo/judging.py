"""How the zoo's decoders are opened, and by how much their images may be off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.onnx_model.zoo.animals import Animal
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.onnx_model.load import override

LEVELS = 2
"""Of 255, by which an image may be off."""


def opened(animal: Animal, folder: Path) -> Bundle:
    path = folder / "decoder.onnx"
    path.write_bytes(animal.model.SerializeToString())
    if animal.options.to_dict() != type(animal.options)().to_dict():
        override(path, animal.options)
    return open_bundle(path)


def latents(animal: Animal) -> NDArray[np.float32]:
    return np.random.default_rng(5).standard_normal((3, animal.dim)).astype(np.float32)
