"""What a decoder takes beside z is chosen anew for each image, on both backends, and as ``--set`` has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.engine.wgpu.device import require_adapter
from tests.onnx_model.zoo import inputs  # noqa: F401  (enters its animals)
from tests.onnx_model.zoo.animals import HEIGHT, WIDTH, ZOO, Floats, patterns, sigmoid, truth
from tests.onnx_model.zoo.inputs import of_class
from tests.onnx_model.zoo.judging import LEVELS, latents, opened
from vaevis_tui.engine.decoder import Decoder
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.wgpu import WgpuDecoder
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.load import load_decoder, override


def noisy(seed: float, z: Floats) -> Floats:
    noise = np.random.default_rng(int(seed)).standard_normal((1, 1, HEIGHT, WIDTH)).astype(np.float32)
    return sigmoid(np.einsum("nd,dchw->nchw", z, patterns(3)) + 0.1 * noise)


def moved(label: float, z: Floats) -> Floats:
    return truth(z + np.array([1.5 * (label == 1), *[0] * (z.shape[1] - 1)], np.float32))


IMAGES: dict[str, tuple[Callable[[float, Floats], Floats], list[float]]] = {
    "a label": (lambda label, z: of_class(int(label), z), [0, 3, 1]),
    "a label for one": (lambda label, z: of_class(int(label), z), [1, 2, 0]),
    "a label that is made one-hot inside": (lambda label, z: of_class(int(label), z), [3, 0, 2]),
    "one-hot": (lambda label, z: of_class(int(label), z), [2, 3, 0]),
    "one-hot of a length left open": (lambda label, z: of_class(int(label), z), [2, 3, 0]),
    "one-hot beside z": (moved, [1, 0, 1]),
    "truncation": (lambda psi, z: truth(z * np.float32(psi)), [1, 0.5, 0]),
    "truncation that is set": (lambda psi, z: truth(z * np.float32(psi)), [1, 0.5, 0]),
    "noise as an input": (noisy, [3, 4, 16_777_215]),
}


def check(decoder: Decoder, name: str, bundle: Bundle) -> None:
    image, values = IMAGES[name]
    z = latents(ZOO[name]())
    points = np.concatenate([z, np.array(values, np.float32)[:, None]], axis=1)
    expected = np.concatenate([image(value, row[None]) for value, row in zip(values, z, strict=True)])
    expected = np.broadcast_to(expected, (3, 3, *expected.shape[2:])).transpose(0, 2, 3, 1) * 255
    assert decoder.info.latent_dim == z.shape[1]
    for images in (decoder.decode(points), np.concatenate([decoder.decode(row[None]) for row in points])):
        assert np.abs(images - expected).max() <= LEVELS
    plain = decoder.decode(z)
    (control,) = bundle.settings
    assert np.array_equal(plain, decoder.decode(np.insert(z, z.shape[1], float(control.value), axis=1)))


@pytest.mark.parametrize("name", IMAGES)
def test_onnxruntime(name: str, tmp_path: Path) -> None:
    bundle = opened(ZOO[name](), tmp_path)
    with OnnxRuntimeDecoder(bundle) as decoder:
        check(decoder, name, bundle)


@pytest.mark.parametrize("name", IMAGES)
def test_wgpu(name: str, tmp_path: Path) -> None:
    require_adapter()
    bundle = opened(ZOO[name](), tmp_path)
    with WgpuDecoder(bundle.read_decoder()) as decoder:
        check(decoder, name, bundle)


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    for name in ("a label", "noise as an input"):
        bundle = opened(ZOO[name](), tmp_path)
        with IsolatedDecoder(bundle, backend="onnxruntime") as decoder:
            check(decoder, name, bundle)


@pytest.mark.parametrize(
    ("name", "value"), [("a label", "3"), ("truncation", "0.5"), ("noise as an input", "9")]
)
def test_as_a_constant(name: str, value: str, tmp_path: Path) -> None:
    bundle = opened(ZOO[name](), tmp_path)
    control = bundle.settings[0].name
    z = latents(ZOO[name]())
    with OnnxRuntimeDecoder(bundle) as decoder:
        expected = decoder.decode(np.insert(z, z.shape[1], float(value), axis=1))
    override(bundle.decoder_path, AdapterOptions(settings=((control, value),)))
    fixed = load_decoder(bundle.decoder_path, controls=False)
    assert fixed.controls == ()
    with WgpuDecoder(fixed) as plain, OnnxRuntimeDecoder(bundle.path) as set_before:
        assert np.abs(plain.decode(z).astype(int) - expected).max() <= LEVELS
        assert np.array_equal(set_before.decode(z), expected)


def test_what_no_control_can_be(tmp_path: Path) -> None:
    bundle = opened(ZOO["a label"](), tmp_path)
    z = latents(ZOO["a label"]())
    with OnnxRuntimeDecoder(bundle) as decoder:
        for label in (-1.0, 4.0):
            with pytest.raises(ValueError, match=r"label holds -?[14]; a number from 0 to 3 is expected"):
                decoder.decode(np.insert(z, z.shape[1], label, axis=1))
        with pytest.raises(ValueError, match=r"z has shape \(3, 8\); \(n, 6\) is expected, or \(n, 7\)"):
            decoder.decode(np.zeros((3, 8), np.float32))
