"""How encoders want images and where their mean is, found by their decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.onnx_model.zoo.animals import DIM, HEIGHT, WIDTH, Writer
from tests.onnx_model.zoo.encoders import (
    ENCODERS,
    SIZE,
    both_in_one,
    both_in_one_logvar_first,
    encoder,
    mean,
)
from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.onnx_model.load import load_encoder


def write(folder: Path, decoder: Writer, made: Writer) -> Path:
    (folder / "encoder.onnx").write_bytes(made.model().SerializeToString())
    path = folder / "decoder.onnx"
    path.write_bytes(decoder.model().SerializeToString())
    return path


@pytest.mark.parametrize("name", ENCODERS)
def test_images_are_found_again(name: str, tmp_path: Path) -> None:
    make, note = ENCODERS[name]
    bundle = open_bundle(write(tmp_path, Writer(), make()))
    z = 0.7 * np.random.default_rng(3).standard_normal((4, DIM)).astype(np.float32)
    found = Encoder(bundle)
    with OnnxRuntimeDecoder(bundle) as decoder:
        images = decoder.decode(z)
        again = decoder.decode(found.encode(images))
    assert np.abs(images.astype(int) - again).mean() < 3
    if note:
        assert note in found.note
    else:
        assert found.note == ""


def test_the_range_is_the_decoders_own(tmp_path: Path) -> None:
    """A pair that was trained on -1..1 by tanh: the encoder wants what the decoder makes."""
    decoder = Writer()
    decoder.add("Mul", decoder.floats(3.0)).add("Sub", decoder.floats(1.0))
    decoder.add("Clip", decoder.floats(-1.0), decoder.floats(2.0))
    bundle = open_bundle(write(tmp_path, decoder, mean(encoder(scale=3.0, offset=-1.0))))
    assert "takes values -1 to 2" in Encoder(bundle).note


def test_logarithms_of_variances_are_kept(tmp_path: Path) -> None:
    bundle = open_bundle(write(tmp_path, Writer(), both_in_one_logvar_first()))
    assert bundle.encoder_path is not None
    found = load_encoder(bundle.encoder_path, bundle.read_decoder(), bundle.space.sample(0, 4))
    assert found.has_logvar
    assert len(found.model.graph.output) == 2


def test_an_encoder_of_something_else_is_said_to_be_one(tmp_path: Path) -> None:
    w = encoder()
    w.add("Reshape", w.ints(-1, SIZE))
    w.add("MatMul", w.constant(np.random.default_rng(0).standard_normal((SIZE, DIM)).astype(np.float32)))
    bundle = open_bundle(write(tmp_path, Writer(), w))
    assert "does not find the decoder's own images again" in Encoder(bundle).note


def test_what_was_found_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaevis_tui.onnx_model.adapter.samples import GraphRunner

    bundle = open_bundle(write(tmp_path, Writer(), both_in_one()))
    note = Encoder(bundle).note

    def tried(*_: object) -> None:
        raise AssertionError("it was tried again")

    monkeypatch.setattr(GraphRunner, "run", tried)
    assert Encoder(bundle).note == note


@pytest.mark.parametrize("shape", [("n", 3, 7), ("n", 5, HEIGHT, WIDTH)])
def test_what_takes_no_image_is_refused(tmp_path: Path, shape: tuple[int | str, ...]) -> None:
    w = Writer(shape=shape, name="x", begin=False).add("Flatten")
    bundle = open_bundle(write(tmp_path, Writer(), w))
    with pytest.raises(UserError, match=r"encoder\.onnx: "):
        Encoder(bundle)
