"""Bundles from Python, and the recipes of the documentation as they stand there."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaevis_tui.bundling.pytorch import export_bundle, pictures_of
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.resources import weights_dir

DOCUMENTATION = weights_dir().parent / "docs" / "own-models.md"

torch = pytest.importorskip("torch", reason="pip install .[train]")
pytest.importorskip("onnxscript", reason="pip install .[train]")
nn = torch.nn


def recipes() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), re.S)


MADE = {
    0: ("decoder.onnx", "its flat output is read as 28x28"),
    1: ("plain-vae", ""),
    2: ("conditional-vae", "besides z it takes label=0 of 10"),
    3: ("gan", "-1 to 1 are shown as black to white (it ends in Tanh)"),
    4: ("keras-vae", ""),
    5: ("jax-vae", ""),
}
NEEDS = {4: "keras", 5: "jax2onnx"}


def test_there_are_as_many_recipes_as_are_tried() -> None:
    assert len(recipes()) == len(MADE)


@pytest.mark.parametrize("place", MADE)
def test_a_recipe_of_the_documentation_runs(place: int, tmp_path: Path) -> None:
    if importlib.util.find_spec(NEEDS.get(place, "torch")) is None:
        pytest.skip(f"{NEEDS[place]} is not installed; pip install {NEEDS[place]}")
    done = subprocess.run(
        [sys.executable, "-c", recipes()[place]],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "torch")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    name, note = MADE[place]
    found = open_bundle(tmp_path / name)
    assert note in "; ".join(found.notes)
    if place in NEEDS:
        assert (found.latent_dim, found.image_height, found.image_width) == (16, 28, 28)
    if name == "plain-vae":
        assert len(found.space.anchors) > 0
        assert found.encoder_path is not None


class Labelled:
    classes = ("cat", "dog")

    def __len__(self) -> int:
        return 10

    def __getitem__(self, place: int) -> tuple[Any, int]:
        return torch.full((3, 12, 10), place / 10), place % 2


def test_data_sets_of_all_kinds_become_pictures() -> None:
    found = pictures_of(Labelled(), (6, 5), grey=False, limit=4)
    assert found.images.shape == (4, 6, 5, 3)
    assert found.labels == ("cat", "dog", "cat", "dog")
    assert found.images[-1, 0, 0, 0] in (229, 230)
    for values, expected in (
        (np.full((2, 8, 8), -1.0), 0),
        (np.full((2, 8, 8), 0.5), 128),
        (np.full((2, 8, 8, 3), 200, np.uint8), 200),
        (torch.full((2, 1, 8, 8), 255.0), 255),
        (iter([np.full((8, 8, 1), 0.2)]), 51),
    ):
        assert pictures_of(values, (8, 8), grey=True, limit=9).images[0, 0, 0, 0] == expected
    for wrong in ([np.zeros(5)], [np.zeros((4, 4, 7))], [], 7):
        with pytest.raises(UserError):
            pictures_of(wrong, (8, 8), grey=True, limit=9)


def test_a_module_stays_in_training_mode_and_pictures_are_its_own(tmp_path: Path) -> None:
    decoder = nn.Sequential(
        nn.Linear(4, 48), nn.Dropout(0.5), nn.Unflatten(1, (3, 4, 4)), nn.BatchNorm2d(3), nn.Sigmoid()
    )
    made = export_bundle(decoder, tmp_path / "out", name="mine")
    assert decoder.training
    found = open_bundle(made.path)
    assert (found.name, found.latent_dim, found.image_height) == ("mine", 4, 4)
    from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder

    z = torch.randn(3, 4)
    with torch.no_grad():
        expected = decoder.eval()(z).numpy().transpose(0, 2, 3, 1) * 255
    with OnnxRuntimeDecoder(found) as backend:
        assert np.abs(backend.decode(z.numpy()) - expected).max() <= 1


def test_what_cannot_be_exported_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"latent size is not known; latent_dim= says it"):
        export_bundle(nn.Identity(), tmp_path / "out")
    with pytest.raises(UserError, match=r"is neither a torch\.nn\.Module"):
        export_bundle(lambda z: z, tmp_path / "out")
    with pytest.raises(UserError, match="latent_dim= and example= are for PyTorch modules"):
        export_bundle(tmp_path / "decoder.onnx", tmp_path / "out", latent_dim=5)
    with pytest.raises(UserError, match="cannot be exported"):
        export_bundle(nn.Linear(4, 5), tmp_path / "out", latent_dim=3)
    assert not (tmp_path / "out").exists()
