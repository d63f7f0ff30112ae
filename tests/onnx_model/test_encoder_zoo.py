"""Encoders as people export them: how they want images and where their mean is, found by their decoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from tests.onnx_model.zoo import DIM, HEIGHT, WIDTH, Floats, Writer, patterns
from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.onnx_model.load import load_encoder

SIZE = 3 * HEIGHT * WIDTH


def back() -> Floats:
    """From logits, flat, to z: the inverse of the good decoder before its sigmoid."""
    return np.linalg.pinv(patterns(3).reshape(DIM, -1).astype(np.float64)).astype(np.float32)


def encoder(
    *,
    shape: tuple[int | str, ...] = ("n", 3, HEIGHT, WIDTH),
    scale: float = 1.0,
    offset: float = 0.0,
    dtype: int = TensorProto.FLOAT,
) -> Writer:
    """Undoes a range, then the sigmoid, then the patterns; ends at the mean."""
    w = Writer(shape=shape, name="image", dtype=dtype, begin=False)
    if dtype != TensorProto.FLOAT:
        w.add("Cast", to=TensorProto.FLOAT)
    w.add("Sub", w.floats(offset)).add("Div", w.floats(scale))
    return w


def mean(w: Writer, batch: int = -1) -> Writer:
    w.add("Clip", w.floats(1e-3), w.floats(1 - 1e-3))
    logits = w.node("Sub", w.node("Log", w.last), w.node("Log", w.node("Sub", w.floats(1.0), w.last)))
    w.last = w.node("Reshape", logits, w.ints(batch, SIZE))
    return w.add("MatMul", w.constant(back()))


def logvar(w: Writer) -> str:
    return w.node("Sub", w.node("Mul", w.last, w.floats(0.0)), w.floats(4.0))


def plain() -> Writer:
    return mean(encoder())


def two_outputs() -> Writer:
    w = mean(encoder())
    other = logvar(w)
    return w.output(name=w.last).output(name=other)


def logvar_first() -> Writer:
    w = mean(encoder())
    other = logvar(w)
    return w.output(name=other).output(name=w.last)


def both_in_one() -> Writer:
    w = mean(encoder())
    w.last = w.node("Concat", w.last, logvar(w), axis=1)
    return w


def both_in_one_logvar_first() -> Writer:
    w = mean(encoder())
    w.last = w.node("Concat", logvar(w), w.last, axis=1)
    return w


def channels_last() -> Writer:
    w = encoder(shape=("n", HEIGHT, WIDTH, 3))
    return mean(w.add("Transpose", perm=[0, 3, 1, 2]))


def flat() -> Writer:
    w = encoder(shape=("n", SIZE))
    return mean(w.add("Reshape", w.ints(-1, 3, HEIGHT, WIDTH)))


def flat_channels_last() -> Writer:
    w = encoder(shape=("n", SIZE))
    w.add("Reshape", w.ints(-1, HEIGHT, WIDTH, 3)).add("Transpose", perm=[0, 3, 1, 2])
    return mean(w)


def with_noise() -> Writer:
    from onnx import helper

    w = mean(encoder())
    w.inputs.append(helper.make_tensor_value_info("eps", TensorProto.FLOAT, ["n", DIM]))
    w.last = w.node("Add", w.last, w.node("Mul", "eps", w.floats(0.5)))
    return w


ENCODERS: dict[str, tuple[Callable[[], Writer], str]] = {
    "plain": (plain, ""),
    "mean and logvar": (two_outputs, ""),
    "logvar first": (logvar_first, ""),
    "both in one output": (both_in_one, "has the mean in the first half"),
    "both in one output, logvar first": (both_in_one_logvar_first, "has the mean in the second half"),
    "-1..1": (lambda: mean(encoder(scale=2.0, offset=-1.0)), "takes values -1 to 1"),
    "0..255": (lambda: mean(encoder(scale=255.0)), "takes values 0 to 255"),
    "a batch of 16": (lambda: mean(encoder(shape=(16, 3, HEIGHT, WIDTH)), 16), ""),
    "a batch of one": (lambda: mean(encoder(shape=(1, 3, HEIGHT, WIDTH)), 1), ""),
    "channels last": (channels_last, ""),
    "flat": (flat, ""),
    "flat, channels last": (flat_channels_last, ""),
    "everything left open": (lambda: mean(encoder(shape=("n", "c", "h", "w"))), ""),
    "noise beside the image": (with_noise, ""),
    "half precision": (lambda: mean(encoder(dtype=TensorProto.FLOAT16)).output(TensorProto.FLOAT), ""),
}


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
    from vaevis_tui.onnx_model.adapter.samples import Trial

    bundle = open_bundle(write(tmp_path, Writer(), both_in_one()))
    note = Encoder(bundle).note

    def tried(*_: object) -> None:
        raise AssertionError("it was tried again")

    monkeypatch.setattr(Trial, "run", tried)
    assert Encoder(bundle).note == note


@pytest.mark.parametrize("shape", [("n", 3, 7), ("n", 5, HEIGHT, WIDTH)])
def test_what_takes_no_image_is_refused(tmp_path: Path, shape: tuple[int | str, ...]) -> None:
    w = Writer(shape=shape, name="x", begin=False).add("Flatten")
    bundle = open_bundle(write(tmp_path, Writer(), w))
    with pytest.raises(UserError, match=r"encoder\.onnx: "):
        Encoder(bundle)
