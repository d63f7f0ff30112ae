"""WgpuDecoder keeps the Decoder contract: images, batches, times, refusals, and a device that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.engine.reference import (
    Builder,
    as_images,
    dcgan_like,
    dog_like,
    mnist_like,
    onnxruntime_output,
    vaevis_like,
)
from tests.engine.wgpu.device import require_adapter
from vaevis_tui.engine.decoder import Decoder, EngineError
from vaevis_tui.engine.graph import UnsupportedGraph
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.wgpu import WgpuDecoder, adapters
from vaevis_tui.engine.wgpu import program as program_module
from vaevis_tui.engine.wgpu.arena import arena_of
from vaevis_tui.engine.wgpu.plan_text import plan_text
from vaevis_tui.models import catalog
from vaevis_tui.models.bundle import open_bundle

NETWORKS = {
    "mnist": lambda: mnist_like(),
    "dog": lambda: dog_like(width=32, latent=128),
    "dcgan": lambda: dcgan_like(width=8),
    "vaevis": lambda: vaevis_like(width=32),
}


@pytest.fixture(autouse=True)
def _adapter() -> None:
    require_adapter()


def small(channels: int = 3, latent: int = 4) -> Builder:
    b = Builder(latent)
    b.image(channels, 5, 6)
    b.add("Sigmoid")
    return b


@pytest.mark.parametrize("name", list(NETWORKS))
def test_images_of_whole_networks(name: str) -> None:
    b = NETWORKS[name]()
    model = b.model()
    z = b.latents(3)
    expected = onnxruntime_output(model, z)
    with WgpuDecoder(model) as decoder:
        images = decoder.decode(z)
    assert images.dtype == np.uint8
    assert images.shape == (3, *expected.shape[2:], 3)
    difference = np.abs(images.astype(int) - as_images(expected))
    assert difference.max() <= 1
    with WgpuDecoder(model, floats=True) as decoder:
        np.testing.assert_allclose(decoder.decode_floats(z), expected, atol=1e-3)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_fused_and_unfused_agree(name: str) -> None:
    b = NETWORKS[name]()
    model = b.model()
    z = b.latents(1)
    outputs = []
    for fuse in (True, False):
        with WgpuDecoder(model, floats=True, fuse=fuse) as decoder:
            outputs.append(decoder.decode_floats(z))
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-4)


def test_float16_storage_of_float32_weights_is_within_two_levels() -> None:
    b = dcgan_like(width=16)
    model = b.model()
    z = b.latents(2)
    images = []
    for precision in ("float32", "float16"):
        with WgpuDecoder(model, precision=precision) as decoder:
            assert decoder.info.precision == precision
            images.append(decoder.decode(z).astype(int))
    assert np.abs(images[0] - images[1]).max() <= 2


@pytest.mark.parametrize("name", catalog.names())
def test_shipped_models_lose_nothing_that_shows_to_float16(name: str) -> None:
    bundle = open_bundle(name)
    z = bundle.space.sample(0, 6)
    with OnnxRuntimeDecoder(bundle) as other:
        expected = other.decode(z).astype(int)
    images = {}
    for precision in ("float32", "float16"):
        with WgpuDecoder(bundle.read_decoder(), precision=precision) as decoder:
            images[precision] = decoder.decode(z).astype(int)
    assert np.abs(images["float32"] - expected).max() <= 1
    assert np.abs(images["float16"] - images["float32"]).max() <= 2


def test_levels_round_to_even_and_clip() -> None:
    levels = np.array([-255, 0, 0.5, 1.5, 2.5, 127.5, 255, 999], np.float32) / np.float32(255)
    b = Builder(len(levels))
    b.view(1, 2, 4)
    with WgpuDecoder(b.model()) as decoder:
        image = decoder.decode(levels[None])
    expected = as_images(levels.reshape(1, 1, 2, 4))
    np.testing.assert_array_equal(image, expected)


def test_grey_repeats_its_channel() -> None:
    b = small(channels=1)
    with WgpuDecoder(b.model()) as decoder:
        image = decoder.decode(b.latents(1))
        assert decoder.info.channels == 1
    np.testing.assert_array_equal(image[..., 0], image[..., 1])
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


def test_info_and_times() -> None:
    b = small()
    with WgpuDecoder(b.model(), reason="it was asked for") as decoder:
        typed: Decoder = decoder
        info = typed.info
        assert (info.backend, info.adapter) == ("wgpu", adapters()[0].name)
        assert (info.latent_dim, info.image_size, info.channels) == (4, (5, 6), 3)
        assert info.reason == "it was asked for"
        decoder.decode(b.latents(1))
        times = decoder.times
        assert min(times.submit, times.compute, times.unpack) > 0
        assert "dispatches" in plan_text(decoder.plan)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 9])
def test_any_number_at_once(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "MAX_ITEMS", 2)
    b = small()
    z = b.latents(9)[:n]
    with WgpuDecoder(b.model()) as decoder:
        together = decoder.decode(z)
        assert together.shape == (n, 5, 6, 3)
        for index in range(n):
            np.testing.assert_array_equal(together[index], decoder.decode(z[index : index + 1])[0])


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100, 1000])
def test_many_at_once_are_what_onnxruntime_makes(n: int) -> None:
    b = dcgan_like(width=4)
    model = b.model()
    z = b.latents(n)
    with WgpuDecoder(model) as decoder:
        images = decoder.decode(z)
    expected = as_images(onnxruntime_output(model, z)) if n else np.empty((0, 32, 32, 3), np.uint8)
    assert images.shape == expected.shape
    assert np.abs(images.astype(int) - expected).max(initial=0) <= 1


def test_a_batch_is_as_large_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    b = dcgan_like(width=8)
    with WgpuDecoder(b.model()) as decoder:
        assert decoder._program is not None
        assert decoder._program.batch == program_module.MAX_ITEMS
        arena = sum(arena_of(decoder.plan, 1, 256).banks)
    monkeypatch.setattr(program_module, "MAX_ARENA", 3 * arena)
    with WgpuDecoder(b.model()) as decoder:
        assert decoder._program is not None
        assert decoder._program.batch in (2, 3)


@pytest.mark.parametrize(
    ("n", "order"), [(1, "s0 c0"), (2, "s0 c0"), (3, "s0 s1 c0 c1"), (7, "s0 s1 c0 s2 c1 s3 c2 c3")]
)
def test_a_chunk_is_computed_while_the_one_before_is_read(
    n: int, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Submitted before the other is collected, to the other staging buffer; one frame waits for none."""
    monkeypatch.setattr(program_module, "MAX_ITEMS", 2)
    events: list[str] = []
    stagings: list[int] = []
    submit, collect = program_module.Program._submit, program_module.Program._collect

    def submitted(self: program_module.Program, lane: object, z: np.ndarray, staging: object) -> object:
        events.append(f"s{len(stagings)}")
        stagings.append(id(staging))
        return submit(self, lane, z, staging)  # type: ignore[arg-type]

    def collected(self: program_module.Program, out: np.ndarray, start: int, *rest: Any) -> None:
        events.append(f"c{start // 2}")
        collect(self, out, start, *rest)

    monkeypatch.setattr(program_module.Program, "_submit", submitted)
    monkeypatch.setattr(program_module.Program, "_collect", collected)
    b = small()
    with WgpuDecoder(b.model()) as decoder:
        decoder.decode(b.latents(n))
    assert events == order.split()
    assert all(one != other for one, other in pairwise(stagings))
    assert len(set(stagings)) == min(2, len(stagings))


def test_images_do_not_share_memory_with_the_next() -> None:
    b = small()
    with WgpuDecoder(b.model()) as decoder:
        first = decoder.decode(b.latents(1))
        kept = first.copy()
        decoder.decode(b.latents(1))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((1, 5), np.float32), r"\(1, 5\); \(n, 4\) is expected"),
        (np.zeros(4, np.float32), r"\(4,\); \(n, 4\) is expected"),
        (np.full((1, 4), np.nan, np.float32), "NaN or infinities"),
        (np.full((1, 4), np.inf, np.float32), "NaN or infinities"),
    ],
)
def test_a_latent_vector_of_the_wrong_kind_is_refused(z: np.ndarray, message: str) -> None:
    with WgpuDecoder(small().model()) as decoder, pytest.raises(ValueError, match=message):
        decoder.decode(z)


def test_a_refused_graph_says_what_is_wrong() -> None:
    b = small()
    b.add("LRN", size=3)
    with pytest.raises(UnsupportedGraph, match="LRN"):
        WgpuDecoder(b.model())


def test_an_adapter_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineError, match="no adapter is named like 'Voodoo 2'; there are: "):
        WgpuDecoder(small().model(), adapter="Voodoo 2")


def test_adapters_are_summaries() -> None:
    first = adapters()[0]
    assert first.name
    assert first.backend in ("Vulkan", "Metal", "D3D12")
    assert first.is_hardware == (first.type in ("DiscreteGPU", "IntegratedGPU"))


def test_closing_twice_is_harmless_and_ends_decoding() -> None:
    b = small()
    decoder = WgpuDecoder(b.model())
    decoder.close()
    decoder.close()
    with pytest.raises(EngineError, match="closed"):
        decoder.decode(b.latents(1))


def test_a_device_that_goes_away_is_an_engine_error() -> None:
    b = small()
    with WgpuDecoder(b.model()) as decoder:
        decoder.decode(b.latents(1))
        decoder._device.destroy()
        with pytest.raises(EngineError, match="the device failed while decoding"):
            decoder.decode(b.latents(1))


def test_a_shader_that_the_device_refuses_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from vaevis_tui.engine.wgpu.kernels import linear

    def broken(name: str, parameters: object) -> str:
        return "@compute @workgroup_size(1) fn main() { this is no WGSL }"

    monkeypatch.setattr(linear, "render", broken)
    with pytest.raises(EngineError, match="could not be put on the device"):
        WgpuDecoder(small().model())


def test_memory_that_is_not_there_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "align", lambda offset, alignment: 1 << 62)
    with pytest.raises(EngineError):
        WgpuDecoder(small().model())


def test_a_decoder_opened_in_a_thread_decodes_there() -> None:
    b = small()
    model = b.model()
    z = b.latents(1)
    results: list[np.ndarray] = []

    def work() -> None:
        with WgpuDecoder(model) as decoder:
            results.extend(decoder.decode(z) for _ in range(3))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert len(results) == 3
    np.testing.assert_array_equal(results[0], results[2])


def test_native_libraries_print_nothing_while_a_device_is_made(tmp_path: Path) -> None:
    onnx.save(small().model(), tmp_path / "decoder.onnx")
    script = (
        "import sys, numpy as np\n"
        "from vaevis_tui.engine.wgpu import WgpuDecoder\n"
        "with WgpuDecoder(sys.argv[1]) as decoder:\n"
        "    decoder.decode(np.zeros((1, 4), np.float32))\n"
        "print('stderr still works', file=sys.stderr)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "decoder.onnx")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout == ""
    assert ran.stderr == "stderr still works\n"
