"""The backend in a process of its own, on a driver that is lost, hangs, crashes or has no memory."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.engine.wgpu.device import require_adapter
from tests.engine.wgpu.process.vulkan_faults import VulkanFaults
from tests.models.make import write_bundle
from vaevis_tui.cli import main
from vaevis_tui.engine.decoder import Decoder, EngineError, Pipelined
from vaevis_tui.engine.decoder_process import AT_ONCE, IsolatedDecoder, list_adapters
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.select import Machine, decoder_source, open_decoder
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import Frame
from vaevis_tui.engine.wgpu import adapters
from vaevis_tui.models.bundle import Bundle, open_bundle

pytestmark = pytest.mark.slow

TIMEOUT = 60.0
"""Seconds until a wait is given up."""


@pytest.fixture(autouse=True)
def _adapter() -> None:
    require_adapter()


def latents(bundle: Bundle, n: int) -> np.ndarray:
    return bundle.space.sample(1, n)


# ---- the contract ----


@pytest.mark.parametrize("n", [0, 1, 2, AT_ONCE + 1])
def test_images_are_onnxruntime_s(bundle: Bundle, n: int) -> None:
    z = latents(bundle, n)
    with IsolatedDecoder(bundle, "because") as decoder, OnnxRuntimeDecoder(bundle) as other:
        typed: Decoder = decoder
        images = typed.decode(z)
        assert images.shape == (n, 8, 8, 3)
        assert np.abs(images.astype(int) - other.decode(z)).max(initial=0) <= 1
        assert (typed.info.backend, typed.info.reason, typed.info.latent_dim) == ("wgpu", "because", 4)
        assert typed.times.total > 0 or n == 0


def test_images_that_were_begun_ahead_are_those_of_a_plain_decode(bundle: Bundle) -> None:
    z = latents(bundle, 6)
    with IsolatedDecoder(bundle) as decoder:
        typed: Pipelined = decoder
        plain = decoder.decode(z)
        for i in range(5):
            found = typed.decode_on(z[i : i + 1], partial(z.__getitem__, slice(i + 1, i + 2)))
            np.testing.assert_array_equal(found, plain[i : i + 1])
            assert decoder._begun is not None
        # Another than what was begun, a batch too, and the end.
        np.testing.assert_array_equal(decoder.decode(z[:3]), plain[:3])
        np.testing.assert_array_equal(typed.decode_on(z[:1], lambda: None), plain[:1])
        assert decoder._begun is None


@pytest.mark.parametrize("z", [np.zeros((1, 5)), np.full((1, 4), np.nan), np.zeros((600, 4))])
def test_what_cannot_be_begun_ahead_is_left_for_its_turn(bundle: Bundle, z: np.ndarray) -> None:
    with IsolatedDecoder(bundle) as decoder:
        first = latents(bundle, 1)
        decoder.decode_on(first, lambda: z.astype(np.float32))
        assert decoder._begun is None
        assert decoder.decode(first).shape == (1, 8, 8, 3)


def test_another_backend_can_be_isolated_too(bundle: Bundle) -> None:
    z = latents(bundle, 3)
    with IsolatedDecoder(bundle, backend="onnxruntime") as decoder, OnnxRuntimeDecoder(bundle) as other:
        np.testing.assert_array_equal(decoder.decode(z), other.decode(z))


def test_z_of_another_shape_is_refused_and_the_decoder_goes_on(bundle: Bundle) -> None:
    with IsolatedDecoder(bundle) as decoder:
        with pytest.raises(ValueError, match=r"\(1, 5\); \(n, 4\) is expected"):
            decoder.decode(np.zeros((1, 5), np.float32))
        assert decoder.decode(latents(bundle, 1)).shape == (1, 8, 8, 3)


def test_closing_twice_is_harmless_and_ends_the_process(bundle: Bundle) -> None:
    decoder = IsolatedDecoder(bundle)
    assert decoder._child is not None
    process = decoder._child._process
    decoder.close()
    decoder.close()
    assert process.wait(TIMEOUT) == 0
    with pytest.raises(EngineError, match="closed"):
        decoder.decode(latents(bundle, 1))


def test_no_display_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's socket in the runtime folder held up the start for 30 seconds."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with socket.socket(socket.AF_UNIX) as display:
        display.bind(str(tmp_path / "wayland-0"))
        display.listen()
        display.setblocking(False)
        assert list_adapters()
        with pytest.raises(BlockingIOError):
            display.accept()


def test_a_driver_that_crashes_leaves_no_core_dump(bundle: Bundle) -> None:
    with IsolatedDecoder(bundle, backend="onnxruntime") as decoder:
        assert decoder._child is not None
        text = Path(f"/proc/{decoder._child._process.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", text), text


def test_a_cancelled_decode_ends(bundle: Bundle, faults: VulkanFaults) -> None:
    with IsolatedDecoder(bundle) as decoder:
        decoder.decode(latents(bundle, 1))
        faults.begin("vkQueueSubmit hang")
        threading.Timer(0.1, decoder.cancel).start()
        with pytest.raises(EngineError):
            decoder.decode(latents(bundle, 1))


def test_a_file_that_was_replaced_meanwhile_is_not_shown(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "model", 4, height=8, width=8)
    bundle = open_bundle(path)
    (path / "decoder.onnx").write_bytes(
        (write_bundle(tmp_path / "other", 4, height=4, width=4) / "decoder.onnx").read_bytes()
    )
    with pytest.raises(EngineError, match="was changed since it was opened"):
        IsolatedDecoder(bundle)


def test_it_ends_with_whoever_started_it(bundle: Bundle) -> None:
    """Also if that was killed, and could close nothing."""
    script = (
        "import os, signal; from pathlib import Path\n"
        "from vaevis_tui.engine.decoder_process import IsolatedDecoder\n"
        "from vaevis_tui.models.bundle import open_bundle\n"
        f"decoder = IsolatedDecoder(open_bundle(Path({str(bundle.path)!r})))\n"
        "print(decoder._child._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    started = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    ended = threading.Event()
    child = int(started.stdout)

    def watch() -> None:
        while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
            if ended.wait(0.05):
                return
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    assert ended.wait(TIMEOUT)


# ---- faults ----


@pytest.mark.parametrize("fault", ["vkQueueSubmit lost", "vkQueueSubmit crash"])
def test_without_a_worker_too_onnxruntime_makes_the_image(
    bundle: Bundle, faults: VulkanFaults, fault: str
) -> None:
    z = latents(bundle, 2)
    with open_decoder(bundle, "wgpu") as decoder, OnnxRuntimeDecoder(bundle) as other:
        decoder.decode(z)
        assert decoder.info.backend == "wgpu"
        faults.begin(fault)
        np.testing.assert_array_equal(decoder.decode(z), other.decode(z))
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason.startswith("the GPU's driver failed ")
        np.testing.assert_array_equal(decoder.decode(z), other.decode(z))


def test_on_the_command_line_one_line_says_what_happened(
    bundle: Bundle, faults: VulkanFaults, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    faults.begin("vkQueueSubmit lost")
    out = tmp_path / "image.png"
    assert main(["decode", "--model", str(bundle.path), "--backend", "wgpu", "--out", str(out)]) == 0
    captured = capfd.readouterr()
    assert captured.out == f"{out}\n"
    said = "vaevis-tui: onnxruntime decoded: the GPU's driver failed (SIGABRT): the device was lost\n"
    assert captured.err == said


def test_wrong_images_are_found_out_beside_decoding(bundle: Bundle, faults: VulkanFaults) -> None:
    """A driver that runs no kernel: everything is black, and no call fails."""
    faults.begin("vkCmdDispatch nothing")
    frames: list[Frame] = []
    twice = threading.Event()

    def decoded(frame: Frame) -> None:
        frames.append(frame)
        if len(frames) == 2:
            twice.set()

    errors: list[Exception] = []
    z = latents(bundle, 1)
    with DecodeService(decoder_source(bundle, "wgpu"), decoded, errors.append) as worker:
        worker.submit(z[0], "here")
        assert twice.wait(TIMEOUT)
        assert worker.info is not None
        assert worker.info.backend == "onnxruntime"
        assert worker.info.reason.startswith("the GPU's images are wrong: ")
    assert not frames[0].image.any()
    with OnnxRuntimeDecoder(bundle) as other:
        np.testing.assert_array_equal(frames[1].image, other.decode(z)[0])
    assert frames[1].tag == "here"
    assert errors == []


@pytest.mark.parametrize("backend", ["auto", "wgpu"])
def test_no_gpu_is_taken_whose_images_are_wrong(bundle: Bundle, faults: VulkanFaults, backend: str) -> None:
    faults.begin("vkCmdDispatch nothing")
    machine = Machine(
        lambda: True, lambda bundle, reason, *, tuning, software: IsolatedDecoder(bundle, reason)
    )
    with open_decoder(bundle, backend, machine=machine) as decoder:
        assert decoder.info.backend == "onnxruntime"
        assert decoder.info.reason.startswith("the GPU's images are wrong: ")


# ---- quiet ----


def test_what_native_libraries_print_stays_away(bundle: Bundle, faults: VulkanFaults) -> None:
    """The loader when asked to talk, and the panic of a lost device."""
    faults.begin("vkQueueSubmit lost")
    script = (
        "from pathlib import Path\n"
        "from vaevis_tui.engine.select import open_decoder\n"
        "from vaevis_tui.models.bundle import open_bundle\n"
        f"with open_decoder(open_bundle(Path({str(bundle.path)!r})), 'wgpu') as decoder:\n"
        "    print(decoder.info.backend)\n"
    )
    environment = {**os.environ, "VK_LOADER_DEBUG": "all", "RUST_BACKTRACE": "full"}
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("onnxruntime\n", "")


def test_adapters_are_listed_whatever_the_driver_does(faults: VulkanFaults) -> None:
    assert list_adapters() == [str(adapter) for adapter in adapters()]
    faults.begin("vkEnumeratePhysicalDevices crash")
    with pytest.raises(EngineError, match="SIGSEGV"):
        list_adapters()
    faults.begin("vkEnumeratePhysicalDevices hang")
    with pytest.raises(EngineError, match="does not answer"):
        list_adapters(timeout=1.5)
