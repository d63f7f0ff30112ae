"""Folders that other libraries wrote."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.models import families
from vaevis_tui.models.bundle import open_bundle


def folder_of(path: Path, name: str = "AutoencoderTiny", weights: bytes | None = b"{}") -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps({"_class_name": name}))
    if weights is not None:
        (path / "diffusion_pytorch_model.safetensors").write_bytes(weights)
    return path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "cache_folder", lambda: tmp_path / "cache")


def test_what_exports_it_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "NEEDED", ("no_such_package", "json"))
    with pytest.raises(UserError) as refused:
        open_bundle(folder_of(tmp_path / "tiny"))
    assert "no_such_package is missing: pip install 'vaevis-tui[diffusers]'" in str(refused.value)


def test_an_export_that_fails_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "NEEDED", ())
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(UserError, match="diffusers does not export it: exit code 1"):
        open_bundle(folder_of(tmp_path / "tiny"))
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"config.json": '{"_class_name": "UNet2DModel"}'}, "'UNet2DModel' is not supported"),
        ({"config.json": '{"_class_name": "AutoencoderKL"}'}, "no .safetensors file"),
        ({"specs.json": "{}", "model.pt": ""}, "a model of disentangling-vae"),
        ({"checkpoints/last.ckpt": ""}, "as PyTorch-VAE writes them"),
        ({"config.json": "[" * 100_000}, "decoder.onnx is missing"),
        ({"config.json": "[]"}, "decoder.onnx is missing"),
        ({"config.json": "\xff"}, "decoder.onnx is missing"),
    ],
)
def test_folders_that_cannot_be_opened_are_named(tmp_path: Path, files: dict[str, str], words: str) -> None:
    for name, text in files.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "latin-1")
    with pytest.raises(UserError) as refused:
        open_bundle(tmp_path / "model")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def make(name: str, **config: Any) -> Any:
    diffusers = pytest.importorskip("diffusers", reason="pip install .[diffusers]")
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return getattr(diffusers, name)(**config)


TINY = {
    "encoder_block_out_channels": (8, 8),
    "decoder_block_out_channels": (8, 8),
    "num_encoder_blocks": (1, 1),
    "num_decoder_blocks": (1, 1),
}
KL = {
    "block_out_channels": (8, 16),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "layers_per_block": 1,
    "norm_num_groups": 4,
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "config"), [("AutoencoderTiny", TINY), ("AutoencoderKL", KL)])
@pytest.mark.parametrize("inside", ["", "vae"])
def test_an_autoencoder_of_diffusers_opens(
    tmp_path: Path, name: str, config: dict[str, Any], inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make(name, **config).eval()
    import torch

    model.save_pretrained(tmp_path / "model" / inside)
    bundle = open_bundle(tmp_path / "model")
    checked = bundle.read_decoder()
    assert checked.directions is not None
    z = np.random.default_rng(0).standard_normal((2, bundle.latent_dim)).astype(np.float32)
    with OnnxRuntimeDecoder(bundle) as decoder:
        images = decoder.decode(z)
    shape = (bundle.latent_dim, np.prod(checked.directions))
    (rows,) = (array for array in checked.trace.constants().values() if array.shape == shape)
    latents = torch.from_numpy((z @ rows).reshape(2, *checked.directions[-3:]))
    with torch.no_grad():
        expected = model.decode(latents / model.config.scaling_factor).sample
    expected = (expected / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    assert np.abs(images - 255 * expected).max() <= 1
    monkeypatch.setattr(families, "NEEDED", ("no_such_package",))
    assert open_bundle(tmp_path / "model").latent_dim == bundle.latent_dim  # it was kept


def test_what_takes_long_to_open_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"_class_name": "AutoencoderTiny"}')
    assert families.slow_start(tmp_path) == ""  # opening it says that weights are missing
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert families.slow_start(tmp_path) == (
        "diffusers' AutoencoderTiny is exported to ONNX once, which takes up to a minute"
    )
    (tmp_path / "decoder.onnx").touch()
    assert families.slow_start(tmp_path) == ""
    assert families.slow_start("no such folder") == ""
