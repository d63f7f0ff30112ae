"""From images to latent vectors by a bundle's encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tests.models.make import encoder_model, write_bundle
from vaevis_tui.api import load
from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.errors import UserError
from vaevis_tui.models import catalog
from vaevis_tui.models.bundle import open_bundle

DIM, HEIGHT, WIDTH = 5, 8, 4


def linear(weight: NDArray[np.float32], channels: int, batch: int | str = "n") -> bytes:
    return bytes(encoder_model(weight, (channels, HEIGHT, WIDTH), batch=batch).SerializeToString())


def bundle_with(folder: Path, encoder: bytes, channels: int = 3) -> Path:
    write_bundle(folder, DIM, height=HEIGHT, width=WIDTH, channels=channels)
    (folder / "encoder.onnx").write_bytes(encoder)
    return folder


def weights(channels: int, dim: int = DIM) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((channels * HEIGHT * WIDTH, dim)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("batch", ["n", 1])
def test_images_arrive_as_values_from_0_to_1_with_channels_first(
    tmp_path: Path, channels: int, batch: int | str
) -> None:
    weight = weights(channels)
    encoder = Encoder(open_bundle(bundle_with(tmp_path / "model", linear(weight, channels, batch), channels)))
    images = np.random.default_rng(1).integers(0, 256, (3, HEIGHT, WIDTH, 3), np.uint8)
    flat = (images[..., :channels].transpose(0, 3, 1, 2) / 255).reshape(3, -1)
    found = encoder.encode(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, flat @ weight, rtol=1e-4, atol=1e-4)
    assert encoder.encode(images[:0]).shape == (0, DIM)


@pytest.mark.parametrize(
    "images", [np.zeros((1, HEIGHT, WIDTH, 3)), np.zeros((1, WIDTH, HEIGHT, 3), np.uint8)]
)
def test_images_of_another_type_or_size_are_refused(tmp_path: Path, images: NDArray[np.uint8]) -> None:
    encoder = Encoder(open_bundle(bundle_with(tmp_path / "model", linear(weights(3), 3))))
    with pytest.raises(ValueError, match=r"uint8 \(n, 8, 4, 3\) is expected"):
        encoder.encode(images)


def no_outputs(data: bytes) -> bytes:
    model = onnx.ModelProto.FromString(data)
    model.graph.ClearField("output")
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not an ONNX file"),
        (
            linear(weights(3, 4), 3),
            "its outputs have 1x4, 1x4 numbers for one image; the mean, 1x5, is expected",
        ),
        (no_outputs(linear(weights(3), 3)), "no output; the mean, 1x5 for one image, is expected"),
    ],
    ids=["empty", "other latent size", "no outputs"],
)
def test_an_encoder_that_is_none_is_one_clear_line(tmp_path: Path, data: bytes, words: str) -> None:
    bundle = open_bundle(bundle_with(tmp_path / "model", data))
    with pytest.raises(UserError, match=words) as error:
        Encoder(bundle)
    assert "encoder.onnx" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_encoder_that_makes_nan_has_failed(tmp_path: Path) -> None:
    weight = np.full((3 * HEIGHT * WIDTH, DIM), np.nan, np.float32)
    encoder = Encoder(open_bundle(bundle_with(tmp_path / "model", linear(weight, 3))))
    with pytest.raises(EngineError, match="did not make 5 finite numbers"):
        encoder.encode(np.ones((1, HEIGHT, WIDTH, 3), np.uint8))


def test_a_model_without_an_encoder_says_so(tmp_path: Path) -> None:
    with (
        load(write_bundle(tmp_path / "model", DIM, height=HEIGHT, width=WIDTH, channels=3)) as model,
        pytest.raises(UserError, match="model model has no encoder"),
    ):
        model.encode(np.zeros((HEIGHT, WIDTH, 3), np.uint8))


@pytest.mark.parametrize("name", catalog.names())
def test_shipped_encoders_find_decodes_again(name: str) -> None:
    with load(name, backend="onnxruntime") as model:
        images = model.decode(model.space.anchors.z[:8])
        again = model.decode(model.encode(images))
        mean = model.decode(model.space.mean)
        one = model.encode(images[0])
        np.testing.assert_allclose(one, model.encode(images[:1]))
        assert off(again, images) < 0.5 * off(mean, images)
        found = model.invert(images[0])
        assert found.error < off(again[:1], images[:1])


def off(images: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> float:
    """Root of the mean squared difference, in levels of 255."""
    return float(np.sqrt(((images.astype(np.float64) - wanted) ** 2).mean()))
