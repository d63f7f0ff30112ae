"""Every animal of the zoo looks right on both backends, and what was taken is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.wgpu.device import require_adapter
from tests.onnx_model.zoo.animals import Animal, Floats
from tests.onnx_model.zoo.every import ZOO
from tests.onnx_model.zoo.judging import LEVELS, latents, opened
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.wgpu import WgpuDecoder


def expected(animal: Animal, z: NDArray[np.float32]) -> Floats:
    images = np.clip(animal.image(z), 0, 1)
    images = np.broadcast_to(images, (len(z), 3, *images.shape[2:]))
    return images.transpose(0, 2, 3, 1) * 255.0


@pytest.mark.parametrize("name", ZOO)
def test_onnxruntime(name: str, tmp_path: Path) -> None:
    animal = ZOO[name]()
    bundle = opened(animal, tmp_path)
    assert bundle.latent_dim == animal.dim
    z = latents(animal)
    with OnnxRuntimeDecoder(bundle) as decoder:
        images = decoder.decode(z)
    wanted = expected(animal, z)
    assert images.shape == wanted.shape
    assert np.abs(images - wanted).max() <= LEVELS
    said = "; ".join(bundle.notes)
    assert said.isprintable()
    if animal.note:
        assert animal.note in said
    else:
        assert said == ""


@pytest.mark.parametrize("name", ZOO)
def test_wgpu(name: str, tmp_path: Path) -> None:
    animal = ZOO[name]()
    if not animal.wgpu:
        pytest.skip("onnxruntime decodes it")
    require_adapter()
    z = latents(animal)
    with WgpuDecoder(opened(animal, tmp_path).read_decoder()) as decoder:
        images = decoder.decode(z)
    assert np.abs(images - expected(animal, z)).max() <= LEVELS
