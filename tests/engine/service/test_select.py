"""Which backend is taken where, and the reasons that the user reads."""

from __future__ import annotations

import queue
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.engine.reference import Builder
from tests.engine.wgpu.device import require_adapter
from tests.models.make import write_bundle, write_decoder
from tests.support import require
from vaevis_tui.engine.decoder import (
    Decoder,
    DecoderInfo,
    DecodeTimes,
    EngineError,
    Images,
    Latents,
    TuningMode,
)
from vaevis_tui.engine.decoder_child import chosen, open_wgpu
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.select import Machine, decoder_source, has_gpu_node, open_decoder
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import Frame
from vaevis_tui.engine.wgpu import AdapterSummary
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle, open_bundle

TIMEOUT = 60.0
"""Seconds until a wait is given up; a software adapter compiles its first shaders for some of them."""


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(write_bundle(tmp_path / "model", 4, height=8, width=8, features=4))


@pytest.fixture
def adapter() -> AdapterSummary:
    """Any adapter of this machine."""
    return require_adapter()


def open_on_any(bundle: Bundle, reason: str, *, tuning: TuningMode, software: bool) -> Decoder:
    """Take a software adapter where only a GPU would do."""
    return IsolatedDecoder(bundle, reason, tuning=tuning)


NO_GPU = Machine(has_gpu=lambda: False)
A_GPU = Machine(has_gpu=lambda: True, open_wgpu=open_on_any)


def failing(error: Exception) -> Machine:
    def fail(bundle: Bundle, reason: str, *, tuning: TuningMode, software: bool) -> Decoder:
        raise error

    return Machine(has_gpu=lambda: True, open_wgpu=fail)


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


def test_auto_without_a_gpu(bundle: Bundle) -> None:
    with open_decoder(bundle, machine=NO_GPU) as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason == "there is no GPU"
    assert decoder_source(bundle, machine=NO_GPU).upgrade is None


def test_neither_backend_imports_wgpu_here(bundle: Bundle, adapter: AdapterSummary) -> None:
    """The import alone takes 0.2 s, and the first image waits for it."""
    program = (
        "import sys; from pathlib import Path; from vaevis_tui.engine.select import Machine, open_decoder;"
        "from vaevis_tui.models.bundle import open_bundle;"
        f"bundle = open_bundle({str(bundle.path)!r});"
        "print(open_decoder(bundle, machine=Machine(lambda: False)).info.backend);"
        "print(open_decoder(bundle, 'wgpu').info.backend);"
        "print([name for name in sys.modules if name == 'wgpu' or 'engine.wgpu' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "onnxruntime\nwgpu\n[]\n"


def test_auto_without_an_adapter_that_will_do_says_so(bundle: Bundle) -> None:
    with open_decoder(bundle, machine=failing(UserError("wgpu finds only software"))) as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason == "wgpu finds only software"


def test_auto_takes_a_gpu(bundle: Bundle, adapter: AdapterSummary) -> None:
    with open_decoder(bundle, machine=A_GPU) as decoder:
        assert (decoder.info.backend, decoder.info.adapter) == ("wgpu", adapter.name)
        assert decoder.info.reason == "there is a GPU"


def test_auto_in_a_worker_shows_the_first_image_before_the_gpu_is_ready(
    bundle: Bundle, adapter: AdapterSummary
) -> None:
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
    with DecodeService(decoder_source(bundle, machine=A_GPU), decoded, errors.append, opened) as worker:
        worker.submit(z)
        assert shown.wait(TIMEOUT)
        assert better.wait(TIMEOUT)
        shown.clear()
        worker.submit(z)
        assert shown.wait(TIMEOUT)
    assert [info.backend for info in infos] == ["onnxruntime", "wgpu"]
    assert infos[0].reason == "the GPU is not ready yet"
    difference = frames[0].image.astype(int) - frames[1].image.astype(int)
    assert np.abs(difference).max() <= 1
    assert errors == []


class Timed(OnnxRuntimeDecoder):
    """Makes the right images, and says how long it took."""

    def __init__(self, bundle: Bundle, reason: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(bundle, reason)
        self.info = replace(self.info, backend="wgpu")
        self.closed = threading.Event()

    def decode(self, z: Latents) -> Images:
        images = super().decode(z)
        self.times = DecodeTimes(compute=self.seconds)
        return images

    def close(self) -> None:
        super().close()
        self.closed.set()


@pytest.mark.parametrize(("seconds", "taken"), [(0.001, True), (10.0, False)])
def test_auto_keeps_the_processor_where_the_gpu_is_slower(
    bundle: Bundle, seconds: float, taken: bool
) -> None:
    gpus: list[Timed] = []

    def open_wgpu(bundle: Bundle, reason: str, *, tuning: TuningMode, software: bool) -> Decoder:
        gpus.append(Timed(bundle, reason, seconds))
        return gpus[-1]

    infos: queue.Queue[DecoderInfo] = queue.Queue()
    shown, errors = threading.Event(), list[Exception]()
    source = decoder_source(bundle, machine=Machine(lambda: True, open_wgpu))
    with DecodeService(source, lambda frame: shown.set(), errors.append, infos.put) as service:
        service.submit(bundle.space.mean)
        assert infos.get(timeout=TIMEOUT).backend == "onnxruntime"
        info = infos.get(timeout=TIMEOUT)
        assert info.backend == ("wgpu" if taken else "onnxruntime")
        assert info.reason.startswith("there is a GPU" if taken else "the GPU takes 10000.0 ms an image")
    assert gpus[0].closed.wait(TIMEOUT)
    assert errors == []


class Wrong(Timed):
    """One column of one channel is another, as by a shader that reads beside its tile."""

    def decode(self, z: Latents) -> Images:
        images = super().decode(z)
        images[:, :, 5, 0] += 100
        return images


def test_a_gpu_is_verified_against_what_was_shown_and_nothing_else_is_decoded(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object, **options: object) -> Decoder:
        raise AssertionError("another process was started for what onnxruntime has made already")

    monkeypatch.setattr("vaevis_tui.engine.verify.IsolatedDecoder", fails)
    gpus: list[Wrong] = []

    def open_wgpu(bundle: Bundle, reason: str, *, tuning: TuningMode, software: bool) -> Decoder:
        gpus.append(Wrong(bundle, reason, 0.001))
        return gpus[-1]

    infos: queue.Queue[DecoderInfo] = queue.Queue()
    errors = list[Exception]()
    source = decoder_source(bundle, machine=Machine(lambda: True, open_wgpu))
    with DecodeService(source, lambda frame: None, errors.append, infos.put) as service:
        service.submit(bundle.space.sample(1)[0])
        assert infos.get(timeout=TIMEOUT).backend == "onnxruntime"
        info = infos.get(timeout=TIMEOUT)
        assert info.backend == "onnxruntime"
        assert info.reason.startswith("the GPU's images are wrong: ")
    assert gpus[0].closed.wait(TIMEOUT)
    assert errors == []


def test_a_gpu_that_fails_is_named(bundle: Bundle) -> None:
    with open_decoder(bundle, machine=failing(EngineError("device lost"))) as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason == "device lost"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("two", "Card Two"),
        ("2", "Card Two"),
        ("1", "Card One"),
        ("", "Card One"),
        ("3", None),
        ("Three", None),
    ],
)
def test_one_of_several_adapters_is_chosen_by_name_or_number(wanted: str, found: str | None) -> None:
    adapters = [AdapterSummary(f"Card {name}", "DiscreteGPU", "Vulkan", "") for name in ("One", "Two")]
    if found is not None:
        assert chosen(adapters, wanted).name == found
    else:
        with pytest.raises(UserError, match=r"no adapter '.*'; there are 1: Card One, 2: Card Two"):
            chosen(adapters, wanted)


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
    require(sys.platform.startswith("linux"), "Vulkan loader that can be told of no driver")
    monkeypatch.setenv("VK_ICD_FILENAMES", "/dev/null")
    with pytest.raises(UserError, match=r"wgpu finds no adapter; .*Debian: libvulkan1 mesa-vulkan-drivers"):
        open_decoder(bundle, "wgpu")


def request_for(bundle: Bundle, *, software: bool) -> dict[str, object]:
    return {"decoder": bundle.decoder_request(), "tuning": "off", "software": software}


def test_only_a_software_adapter(bundle: Bundle, adapter: AdapterSummary) -> None:
    software = AdapterSummary(adapter.name, "CPU", adapter.backend, adapter.driver)
    message = f"wgpu finds only {adapter.name}, which is software; "
    with pytest.raises(UserError, match=re.escape(message)):
        open_wgpu(request_for(bundle, software=False), lambda: [software])
    with open_wgpu(request_for(bundle, software=True), lambda: [software]) as decoder:
        assert decoder.info.adapter == adapter.name


def test_without_wgpu_s_library(bundle: Bundle) -> None:
    def broken() -> list[AdapterSummary]:
        raise EngineError("wgpu cannot be used: libvulkan.so.1 not found")

    message = r"wgpu does not start \(wgpu cannot be used: libvulkan.so.1 not found\); "
    with pytest.raises(UserError, match=message):
        open_wgpu(request_for(bundle, software=True), broken)


def test_the_operator_that_wgpu_lacks_is_what_the_user_reads(tmp_path: Path, adapter: AdapterSummary) -> None:
    b = Builder(12)
    b.view(3, 2, 2)
    b.add("LRN", size=3)
    path = tmp_path / "decoder.onnx"
    path.write_bytes(b.model().SerializeToString())
    with open_decoder(open_bundle(path), "wgpu") as decoder:
        assert decoder.info.backend == "onnxruntime"
        reason = "LRN 'n2': this operator is not in the engine's set (inputs (1, 3, 2, 2))"
        assert decoder.info.reason.startswith(reason)


@pytest.mark.parametrize("backend", ["cuda", "", "WGPU", "auto "])
def test_an_unknown_backend(bundle: Bundle, backend: str) -> None:
    with pytest.raises(UserError, match="the backends are auto, wgpu, onnxruntime") as refusal:
        open_decoder(bundle, backend)
    assert repr(backend) in str(refusal.value)


def test_what_was_adapted_is_said_with_the_reason(tmp_path: Path) -> None:
    bundle = open_bundle(write_decoder(tmp_path / "decoder.onnx", 4, height=8, width=8, final="Tanh"))
    with open_decoder(bundle, "onnxruntime") as decoder:
        assert decoder.info.reason == (
            "it was asked for; its values -1 to 1 are shown as black to white (it ends in Tanh)"
        )
