"""WebGPU that is missing, refused, lost or wrong: the page says so and goes on where it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import ARGUMENTS, chromium
from tests.web.pages import (
    NAME,
    apart,
    decoded,
    opened,
    ort_source,
    page_decode,
    page_z,
    shipped_page,
    until,
)
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.web.export import single_file

AS_HARDWARE = """
    Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { value: false });
    Object.defineProperty(GPUAdapterInfo.prototype, "architecture", { value: "ampere" });
    window.devices = [];
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (options) {
        const device = await request.call(this, options);
        devices.push(device);
        return device;
    };
"""
"""The software adapter under another name, so that the page prefers it; devices can be got at."""

MISSING = "Object.defineProperty(navigator, 'gpu', { value: undefined })"

HERE = np.array([[0.5, 0.25]], np.float32)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that has its WebGPU for hardware; no glides."""
    page = browser.new_page(reduced_motion="reduce")
    page.add_init_script(AS_HARDWARE)
    yield page
    page.close()


def goes_on(page: Page, backend: str) -> None:
    """The page shows and decodes on a backend what it did before."""
    assert apart(page_decode(page, HERE, 28, 28), decoded(open_bundle(NAME), HERE)) <= 1
    assert page.evaluate("vaevis.backend") == backend
    np.testing.assert_array_equal(page_z(page), HERE[0])


def test_the_cpu_path_is_said(browser: Browser, address: str) -> None:
    """A software adapter is slower than wasm, so the page takes that."""
    page = browser.new_page()
    info = opened(page, address)
    z = open_bundle(NAME).space.sample(3, 2)
    assert info["backend"] == "cpu"
    assert apart(page_decode(page, z, 28, 28), decoded(open_bundle(NAME), z)) <= 1
    expect(page.locator("#backend")).to_have_text("CPU")
    assert "?backend=banana is neither" in opened(page, f"{address}?backend=banana")["reasons"][0]
    page.close()


def test_without_webgpu_it_is_the_cpu_or_said(browser: Browser, address: str, tmp_path: Path) -> None:
    page = browser.new_page()
    page.add_init_script(MISSING)
    assert opened(page, address)["backend"] == "cpu"
    file = tmp_path / "page.html"
    file.write_bytes(single_file(shipped_page(NAME), None))
    page.goto(file.as_uri())
    said = page.evaluate("vaevis.ready.catch((error) => error.message)")
    assert "WebGPU: this browser has none" in said
    expect(page.locator("#failure")).to_contain_text("this browser has none")
    expect(page.locator("#backend")).to_have_text("No decoder")
    page.close()


def test_a_file_has_its_cpu_path_inside(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(single_file(shipped_page(NAME, ort=True), ort_source()))
    page = browser.new_page()
    page.add_init_script(MISSING)
    assert opened(page, file.as_uri())["backend"] == "cpu"
    assert apart(page_decode(page, HERE, 28, 28), decoded(open_bundle(NAME), HERE)) <= 1
    page.close()


FAULTS = {
    "no adapter was given out": "GPU.prototype.requestAdapter = async () => null",
    "not today": "GPUAdapter.prototype.requestDevice = async () => { throw new Error('not today') }",
    "no such shader": """GPUDevice.prototype.createComputePipelineAsync = async () => {
        throw new Error("no such shader");
    }""",
    "its image differs": """const read = GPUBuffer.prototype.getMappedRange;
    GPUBuffer.prototype.getMappedRange = function (...range) {
        const bytes = read.apply(this, range);
        new Uint8Array(bytes).fill(127);
        return bytes;
    }""",
}
"""What is said, by what goes wrong."""


@pytest.mark.parametrize("said", FAULTS)
def test_webgpu_that_refuses_leaves_it_to_the_cpu(page: Page, address: str, said: str) -> None:
    page.add_init_script(FAULTS[said])
    info = opened(page, address)
    page.evaluate("z => vaevis.show(z)", HERE[0].tolist())
    goes_on(page, "cpu")
    assert said in "; ".join(info["reasons"])
    page.locator("#tab-about").click()
    expect(page.locator("#reason")).to_contain_text(said)


def test_a_lost_device_is_replaced_and_a_second_one_left_to_the_cpu(page: Page, address: str) -> None:
    """After an update of the driver, say, another device does. One that goes again so soon does not."""
    assert opened(page, address)["backend"] == "webgpu"
    page.evaluate("z => vaevis.show(z)", HERE[0].tolist())
    page.evaluate("devices.at(-1).destroy()")
    goes_on(page, "webgpu")
    assert page.evaluate("devices.length") == 2
    expect(page.locator("#message")).to_contain_text("WebGPU")
    page.evaluate("devices.at(-1).destroy()")
    goes_on(page, "cpu")
    assert "WebGPU" in page.evaluate("vaevis.info.reasons.join()")


def test_a_walk_goes_on_where_the_gpu_process_dies(browser: Browser, address: str) -> None:
    """A browser of its own, whose GPU process is killed: the device is lost, and another one asked for."""
    with browser.browser_type.launch(executable_path=chromium(), args=ARGUMENTS) as own:
        page = own.new_page()
        page.add_init_script(AS_HARDWARE)
        assert opened(page, address)["backend"] == "webgpu"
        page.keyboard.press("w")
        processes = own.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        (gpu,) = (process["id"] for process in processes if process["type"] == "GPU")
        os.kill(gpu, signal.SIGKILL)
        until(page, "vaevis.backend && vaevis.info.reasons.length")
        until(page, f"vaevis.z[0] !== {float(page_z(page)[0])}")
        assert page.evaluate("vaevis.backend") == "webgpu"
        assert page.evaluate("vaevis.decode(vaevis.z).then((image) => image.length)") == 28 * 28 * 4
