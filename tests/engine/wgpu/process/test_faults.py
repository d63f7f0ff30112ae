"""Every fault of a driver at every stage: the image comes all the same, and one line says what happened."""

from __future__ import annotations

import queue
import re
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.engine.wgpu.process.vulkan_faults import VulkanFaults
from tests.support import require
from vaevis_tui.engine import decoder_process
from vaevis_tui.engine.decoder import DecoderInfo, Images
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.select import Machine, decoder_source
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource, Frame
from vaevis_tui.models.bundle import Bundle

pytestmark = pytest.mark.slow

TIMEOUT = 60.0
"""Seconds until a wait is given up."""

LOST, MEMORY = r"the device was lost", r"the device has no memory left"
CRASH, HANG = r"the GPU's driver failed \(SIGSEGV\)", r"the GPU's driver does not answer any more"
NONE = r"wgpu finds no adapter; "
FAULTS = {"lost": LOST, "memory": MEMORY, "crash": CRASH, "hang": HANG}

OPENING = {
    "vkCreateInstance": {"lost": NONE, "memory": NONE, "failed": NONE},
    "vkEnumeratePhysicalDevices": {"lost": NONE, "memory": NONE, "failed": NONE},
    "vkCreateDevice": {"failed": LOST},
    "vkAllocateMemory": {},
    "vkMapMemory": {"memory": LOST},  # wgpu takes memory that cannot be mapped for a lost device
    "vkCreateBuffer": {},
    "vkCreateImage": {},
    # wgpu makes three of its own with the device.
    "vkCreateShaderModule 3": {"failed": LOST},
    "vkCreateComputePipelines 3": {"failed": LOST},
    "vkQueueSubmit": {},
    "vkGetSemaphoreCounterValue": {"memory": LOST},
}
"""Functions from the adapter to the first image, with what is said where that is not as in `FAULTS`."""

LATER: dict[str, dict[str, str]] = {
    "vkCreateBuffer": {},
    "vkQueueSubmit": {},
    "vkGetSemaphoreCounterValue": {},
}
"""Functions that are called for a later image."""


def table(functions: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """Faults as `VulkanFaults` takes them, and what is said."""
    return [
        (" ".join((name.split()[0], fault, *name.split()[1:])), said)
        for name, others in functions.items()
        for fault, said in (FAULTS | others).items()
    ]


def patience(fault: str) -> float:
    """Seconds: few for what hangs, and enough for a busy machine with all else."""
    return 1.0 if "hang" in fault else 30.0


class Service:
    """The service as the explorer has it, but that it loses patience sooner with what hangs.

    Args:
        bundle: The model.
        backend: Which is asked for.
        opening: Seconds for opening and the first image.
        later: Seconds for each later one.
    """

    def __init__(
        self, bundle: Bundle, backend: str = "wgpu", *, opening: float = 30.0, later: float = 30.0
    ) -> None:
        machine = Machine(
            lambda: True,
            lambda bundle, reason, *, tuning, software: IsolatedDecoder(
                bundle, reason, opening_timeout=opening, timeout=later
            ),
        )
        source = decoder_source(bundle, backend, "off", machine)
        source = replace(source, batches=None)  # however slow, batches are decoded where frames are
        self._news: queue.Queue[Frame | Exception | DecoderInfo] = queue.Queue()
        self.service = self._begin(source)

    def _begin(self, source: DecoderSource) -> DecodeService:
        return DecodeService(source, self._news.put, self._news.put, self._news.put)

    def next(self) -> Frame | Exception | DecoderInfo:
        return self._news.get(timeout=TIMEOUT)

    def frame(self) -> Frame:
        """The next one, whatever opens before."""
        while isinstance(found := self.next(), DecoderInfo):
            pass
        assert isinstance(found, Frame), found
        return found

    def assert_fell_back(self, said: str) -> None:
        info = self.service.info
        assert info is not None
        assert info.backend == "onnxruntime"
        assert re.search(said, info.reason), info.reason
        assert "\n" not in info.reason


def decoded(bundle: Bundle, z: np.ndarray) -> Images:
    with OnnxRuntimeDecoder(bundle) as decoder:
        return decoder.decode(z)


def children() -> str:
    """Numbers of the processes that this one has started, and that were not waited for."""
    found = ""
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # the thread has ended meanwhile
            found += (task / "children").read_text()
    return found.strip()


def wait_for_no_child() -> None:
    require(Path("/proc/self/task").exists(), "/proc, which lists the children of a process")
    until = time.monotonic() + TIMEOUT
    while left := children():
        assert time.monotonic() < until, f"a process was left: {left}"
        time.sleep(0.01)


@pytest.mark.parametrize(("fault", "said"), table(OPENING))
def test_until_the_first_image(bundle: Bundle, faults: VulkanFaults, fault: str, said: str) -> None:
    faults.begin(fault)
    z = bundle.space.sample(1, 1)
    service = Service(bundle, opening=patience(fault), later=patience(fault))
    with service.service as decoding:
        decoding.submit(z[0])
        if said is NONE:  # there was none to begin with: whoever asks for it by name is told what to install
            error = service.next()
            assert isinstance(error, Exception)
            assert re.match(said, str(error))
            return
        np.testing.assert_array_equal(service.frame().image, decoded(bundle, z)[0])
        service.assert_fell_back(said)
    wait_for_no_child()


@pytest.mark.parametrize(("fault", "said"), table(LATER))
def test_at_a_later_image(bundle: Bundle, faults: VulkanFaults, fault: str, said: str) -> None:
    """The point stays, and what belongs to it."""
    z = bundle.space.sample(1, 2)
    service = Service(bundle, later=patience(fault))
    with service.service as decoding:
        decoding.submit(z[0])
        assert service.frame().number == 1
        assert decoding.info is not None
        assert decoding.info.backend == "wgpu"
        faults.begin(fault)
        decoding.submit(z[1], "the second")
        frame = service.frame()
        assert (frame.number, frame.tag) == (2, "the second")
        np.testing.assert_array_equal(frame.image, decoded(bundle, z[1:])[0])
        service.assert_fell_back(said)
    wait_for_no_child()


@pytest.mark.parametrize(("fault", "said"), table({"vkQueueSubmit": {}}))
def test_in_a_batch(bundle: Bundle, faults: VulkanFaults, fault: str, said: str) -> None:
    """Its images come in order, and all of them."""
    z = bundle.space.sample(1, 40)
    images: queue.Queue[Images] = queue.Queue()
    service = Service(bundle, later=patience(fault))
    with service.service as decoding:
        decoding.submit(z[0])
        service.frame()
        faults.begin(fault)
        decoding.submit_batch("a panel", z, lambda start, found: images.put(found))
        found: list[Images] = []
        while len(found) < len(z):
            found.extend(images.get(timeout=TIMEOUT))
        assert np.abs(np.stack(found).astype(int) - decoded(bundle, z)).max() <= 1
        service.assert_fell_back(said)


@pytest.mark.parametrize(
    ("fault", "said"), table({"vkCreateDevice": {}})[1:3] + table({"vkQueueSubmit": {}})[::3]
)
def test_of_a_gpu_that_is_opened_beside(bundle: Bundle, faults: VulkanFaults, fault: str, said: str) -> None:
    """What decodes goes on, and says why there is no better one."""
    faults.begin(fault)
    z = bundle.space.sample(1, 2)
    service = Service(bundle, "auto", opening=patience(fault), later=patience(fault))
    with service.service as decoding:
        decoding.submit(z[0])
        service.frame()
        news = service.next()
        assert isinstance(news, DecoderInfo), news
        service.assert_fell_back(said)
        decoding.submit(z[1])
        np.testing.assert_array_equal(service.frame().image, decoded(bundle, z[1:])[0])


def test_images_that_change_while_nothing_was_decoded(
    bundle: Bundle, faults: VulkanFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a machine slept, and its GPU's memory was lost: no call fails."""
    z = bundle.space.sample(1, 3)
    service = Service(bundle)
    with service.service as decoding:
        for each in z[:2]:
            decoding.submit(each)
            service.frame()
        monkeypatch.setattr(decoder_process, "REST", -1.0)
        decoding.submit(z[2])
        service.frame()
        assert decoding.info is not None
        assert decoding.info.backend == "wgpu"
        faults.begin("vkCmdDispatch nothing")
        decoding.submit(z[1])
        np.testing.assert_array_equal(service.frame().image, decoded(bundle, z[1:2])[0])
        service.assert_fell_back("the GPU's images have changed: ")


def test_a_driver_that_is_slow_at_everything_is_waited_for(bundle: Bundle, faults: VulkanFaults) -> None:
    faults.begin("any slow")
    z = bundle.space.sample(1, 40)
    images: queue.Queue[Images] = queue.Queue()
    service = Service(bundle)
    with service.service as decoding:
        decoding.submit(z[0])
        assert np.abs(service.frame().image.astype(int) - decoded(bundle, z[:1])[0]).max() <= 1
        decoding.submit_batch("a panel", z[:2], lambda start, found: images.put(found))
        assert np.abs(images.get(timeout=TIMEOUT)[0].astype(int) - decoded(bundle, z[:1])[0]).max() <= 1
        assert decoding.info is not None
        assert decoding.info.backend == "wgpu"
