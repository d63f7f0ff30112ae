"""Whether a device's images are onnxruntime's, and what of that is kept between starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from vaevis_tui.engine import verify
from vaevis_tui.engine.decoder import EngineError, Images, Latents
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.verify import check_images, open_verified
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.resources import weights_dir


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Latents]:
    """What onnxruntime was asked for."""
    found: list[Latents] = []

    class Counted(IsolatedDecoder):
        def decode(self, z: Latents) -> Images:
            found.append(z)
            return super().decode(z)

    monkeypatch.setattr(verify, "IsolatedDecoder", Counted)
    return found


class Wrong(OnnxRuntimeDecoder):
    """One column of one channel is another, as by a shader that reads beside its tile."""

    closed = False

    def decode(self, z: Latents) -> Images:
        images = super().decode(z)
        images[:, :, 5, 0] += 100
        return images

    def close(self) -> None:
        self.closed = True
        super().close()


def first_look(bundle: Bundle) -> tuple[Latents, Images]:
    z = bundle.space.first_look[None]
    with OnnxRuntimeDecoder(bundle) as decoder:
        return z, decoder.decode(z)


def test_the_first_look_of_a_shipped_model_is_asked_for_once(cache: Path, asked: list[Latents]) -> None:
    bundle = open_bundle("mnist")
    z, images = first_look(bundle)
    for _ in range(3):
        check_images(bundle, z, images)
        with pytest.raises(EngineError, match="the GPU's images are wrong"):
            check_images(bundle, z, 255 - images)
        with open_verified(bundle, lambda: OnnxRuntimeDecoder(bundle)) as decoder:
            assert decoder.info.latent_dim == bundle.latent_dim
    assert len(asked) == 1


def test_a_wrong_decoder_is_closed(cache: Path) -> None:
    bundle = open_bundle("mnist")
    wrong = Wrong(bundle)
    with pytest.raises(EngineError, match="the GPU's images are wrong: 1 % of the values"):
        open_verified(bundle, lambda: wrong)
    assert wrong.closed


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:100] + b"!" + data[101:]])
def test_a_damaged_file_is_made_anew(cache: Path, asked: list[Latents], damage: object) -> None:
    assert callable(damage)
    bundle = open_bundle("mnist")
    z, images = first_look(bundle)
    check_images(bundle, z, images)
    (kept,) = cache.rglob("images-*")
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    check_images(bundle, z, images)
    assert len(asked) == 2
    assert kept.read_bytes() == whole


def test_other_points_and_models_of_strangers_are_asked_for_each_time(
    cache: Path, asked: list[Latents], tmp_path: Path
) -> None:
    shipped = open_bundle("mnist-2d")
    strange = open_bundle(shutil.copytree(weights_dir() / "mnist-2d", tmp_path / "copy"))
    for bundle, z in (
        (shipped, shipped.space.first_look[None] + np.float32(1)),
        (strange, strange.space.first_look[None]),
    ):
        with OnnxRuntimeDecoder(bundle) as decoder:
            images = decoder.decode(z)
        for _ in range(2):
            check_images(bundle, z, images)
    assert len(asked) == 4
    assert not list(cache.rglob("images-*"))
