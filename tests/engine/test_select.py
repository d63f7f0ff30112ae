"""Which backend is taken where, and the reasons that the user reads."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.engine.reference import Builder
from tests.models.make import write_bundle, write_decoder
from tests.support import require
from vaevis_tui.engine import select
from vaevis_tui.engine import wgpu as wgpu_backend
from vaevis_tui.engine.decoder import DecoderInfo, EngineError
from vaevis_tui.engine.select import decoder_source, has_gpu_node, open_decoder
from vaevis_tui.engine.wgpu import AdapterSummary, WgpuDecoder
from vaevis_tui.engine.worker import DecodeWorker, Frame
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle, open_bundle

PATIENCE = 60.0
"""Seconds until a wait is given up; a software adapter compiles its first shaders for some of them."""


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(write_bundle(tmp_path / "model", 4, height=8, width=8, features=4))


@pytest.fixture
def adapter() -> AdapterSummary:
    """Any adapter of this machine."""
    try:
        found = wgpu_backend.adapters()
    except EngineError:
        found = []
    require(found, "GPU adapter, not even a software one (Debian: mesa-vulkan-drivers)")
    return found[0]


def have_gpu(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr(select, "has_gpu_node", lambda: answer)


def pretend(monkeypatch: pytest.MonkeyPatch, *found: AdapterSummary) -> None:
    monkeypatch.setattr(wgpu_backend, "adapters", lambda: list(found))


def as_hardware(adapter: AdapterSummary) -> AdapterSummary:
    return AdapterSummary(adapter.name, "DiscreteGPU", adapter.backend, adapter.driver)


# ---- whether there is a GPU ----


@pytest.mark.parametrize("node", ["dri/renderD128", "nvidia0", "kfd", "dxg", "mali0", "nvhost-gpu"])
def test_a_driver_shows_by_its_node(tmp_path: Path, node: str) -> None:
    assert not has_gpu_node(tmp_path, "linux")
    (tmp_path / node).parent.mkdir(exist_ok=True)
    (tmp_path / node).touch()
    assert has_gpu_node(tmp_path, "linux")


@pytest.mark.parametrize("node", ["dri/card0", "nvidiactl", "null"])
def test_other_nodes_are_no_gpu(tmp_path: Path, node: str) -> None:
    """A screen without a renderer (card0), and a driver without a card (nvidiactl)."""
    (tmp_path / node).parent.mkdir(exist_ok=True)
    (tmp_path / node).touch()
    assert not has_gpu_node(tmp_path, "linux")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_may_always_have_one(tmp_path: Path, platform: str) -> None:
    assert has_gpu_node(tmp_path, platform)


# ---- auto ----


def test_auto_without_a_gpu(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpu(monkeypatch, False)
    with open_decoder(bundle) as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason == "there is no GPU"
    assert decoder_source(bundle).upgrade is None


def test_auto_without_a_gpu_imports_no_wgpu(bundle: Bundle) -> None:
    """The import alone takes 0.2 s, and the first picture waits for it."""
    program = (
        "import sys; from pathlib import Path; from vaevis_tui.engine import select;"
        "from vaevis_tui.models.bundle import open_bundle;"
        "select.has_gpu_node = lambda: False;"
        f"print(select.open_decoder(open_bundle({str(bundle.path)!r})).info.backend);"
        "print([name for name in sys.modules if name == 'wgpu' or 'engine.wgpu' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "onnxruntime\n[]\n"


def test_auto_leaves_a_software_adapter_alone(
    bundle: Bundle, adapter: AdapterSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_gpu(monkeypatch, True)
    pretend(monkeypatch, AdapterSummary(adapter.name, "CPU", adapter.backend, adapter.driver))
    with open_decoder(bundle) as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason.startswith(f"wgpu finds only {adapter.name}, which is software; ")


def test_auto_takes_a_gpu(bundle: Bundle, adapter: AdapterSummary, monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpu(monkeypatch, True)
    pretend(monkeypatch, as_hardware(adapter))
    with open_decoder(bundle) as decoder:
        assert (decoder.info.backend, decoder.info.adapter) == ("wgpu", adapter.name)
        assert decoder.info.reason == "there is a GPU"


def test_auto_in_a_worker_shows_the_first_picture_before_the_gpu_is_ready(
    bundle: Bundle, adapter: AdapterSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_gpu(monkeypatch, True)
    pretend(monkeypatch, as_hardware(adapter))
    infos: list[DecoderInfo] = []
    frames: list[Frame] = []
    better, shown = threading.Event(), threading.Event()

    def opened(info: DecoderInfo) -> None:
        infos.append(info)
        if len(infos) == 2:
            better.set()

    def decoded(frame: Frame) -> None:
        frames.append(frame)
        shown.set()

    errors: list[Exception] = []
    z = bundle.space.sample(1)[0]
    with DecodeWorker(decoder_source(bundle), decoded, errors.append, opened) as worker:
        worker.submit(z)
        assert shown.wait(PATIENCE)
        assert better.wait(PATIENCE)
        shown.clear()
        worker.submit(z)
        assert shown.wait(PATIENCE)
    assert [info.backend for info in infos] == ["onnxruntime", "wgpu"]
    assert infos[0].reason == "the GPU is not ready yet"
    difference = frames[0].picture.astype(int) - frames[1].picture.astype(int)
    assert np.abs(difference).max() <= 1
    assert errors == []


def test_a_gpu_that_fails_in_a_worker_is_named(
    bundle: Bundle, adapter: AdapterSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_gpu(monkeypatch, True)
    pretend(monkeypatch, as_hardware(adapter))

    def lose_device(self: WgpuDecoder, z: object) -> None:
        raise EngineError("device lost")

    monkeypatch.setattr(WgpuDecoder, "decode", lose_device)
    with open_decoder(bundle) as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason == "device lost"


# ---- by name ----


def test_onnxruntime_by_name(bundle: Bundle) -> None:
    with open_decoder(bundle, "onnxruntime") as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason == "it was asked for"


def test_wgpu_by_name_takes_any_adapter(bundle: Bundle, adapter: AdapterSummary) -> None:
    with open_decoder(bundle, "wgpu") as decoder, open_decoder(bundle, "onnxruntime") as other:
        assert (decoder.info.backend, decoder.info.adapter) == ("wgpu", adapter.name)
        assert decoder.info.reason == "it was asked for"
        z = bundle.space.sample(1, 3)
        assert np.abs(decoder.decode(z).astype(int) - other.decode(z).astype(int)).max() <= 1


def test_wgpu_by_name_without_an_adapter_says_what_to_install(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch)
    with pytest.raises(UserError, match="wgpu finds no adapter; ") as refusal:
        open_decoder(bundle, "wgpu")
    if sys.platform.startswith("linux"):
        assert "Debian: libvulkan1 mesa-vulkan-drivers" in str(refusal.value)


def test_wgpu_by_name_without_its_library(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[AdapterSummary]:
        raise EngineError("wgpu cannot be used: libvulkan.so.1 not found")

    monkeypatch.setattr(wgpu_backend, "adapters", broken)
    with pytest.raises(
        UserError, match=r"wgpu does not start \(wgpu cannot be used: libvulkan.so.1 not found\); "
    ):
        open_decoder(bundle, "wgpu")


def test_a_graph_that_wgpu_cannot_run_goes_to_onnxruntime(
    tmp_path: Path, adapter: AdapterSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vaevis_tui.engine.graph import UnsupportedGraph

    def refuse(*_: object, **__: object) -> None:
        raise UnsupportedGraph("Celu 'act': not one of its operators")

    monkeypatch.setattr(wgpu_backend, "open_tuned", refuse)
    bundle = open_bundle(write_decoder(tmp_path / "decoder.onnx", 4, height=8, width=8))
    with open_decoder(bundle, "wgpu") as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason == "Celu 'act': not one of its operators"


def test_the_operator_that_wgpu_lacks_is_what_the_user_reads(tmp_path: Path, adapter: AdapterSummary) -> None:
    b = Builder(12)
    b.view(3, 2, 2)
    b.add("LRN", size=3)
    path = tmp_path / "decoder.onnx"
    path.write_bytes(b.model().SerializeToString())
    with open_decoder(open_bundle(path), "wgpu") as decoder:
        assert decoder.info.backend == "onnxruntime"
        reason = "LRN 'n2': this operator is not in the engine's set (inputs (1, 3, 2, 2))"
        assert decoder.info.reason == reason


@pytest.mark.parametrize("backend", ["cuda", "", "WGPU", "auto "])
def test_an_unknown_backend(bundle: Bundle, backend: str) -> None:
    with pytest.raises(UserError, match="the backends are auto, wgpu, onnxruntime") as refusal:
        open_decoder(bundle, backend)
    assert repr(backend) in str(refusal.value)


def test_what_was_adapted_is_said_with_the_reason(tmp_path: Path) -> None:
    bundle = open_bundle(write_decoder(tmp_path / "decoder.onnx", 4, height=8, width=8, final="Tanh"))
    with open_decoder(bundle, "onnxruntime") as decoder:
        assert decoder.info.reason == "it was asked for; its values -1 to 1 are shown as black to white"
