"""A real Chromium with a software WebGPU adapter, one for all tests of the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support import require
from tests.web.pages import NAME, opened, ort_source, serving, shipped_page
from vaevis_tui.web.export import folder_files, write_folder

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

SOFTWARE_WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
"""Chromium's own adapter for machines without a GPU; it is only given out when asked for."""

# Its sandbox wants user namespaces, which containers seldom give; it opens nothing but our own pages.
ARGUMENTS = ["--no-sandbox", *SOFTWARE_WEBGPU]

expect.set_options(timeout=30_000)  # a busy machine takes its time

EMPTY = "<!doctype html><title>empty</title>"


def chromium() -> str:
    """Chromium's path; skips, or fails in CI, where there is none."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    require(found, "Chromium (Debian: chromium)")
    return str(found)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium with WebGPU in software. Closed with the package: asyncio tests cannot run beside it."""
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield chrome
        chrome.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of a secure origin, where WebGPU is given out; whatever it asks for is empty too."""
    empty = browser.new_page()
    empty.route("http://localhost/**", lambda route: route.fulfill(body=EMPTY, content_type="text/html"))
    empty.goto("http://localhost/")
    yield empty
    empty.close()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="package")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with a CPU path, hosted."""
    folder = tmp_path_factory.mktemp("page")
    write_folder(folder, folder_files(shipped_page(NAME, ort=True), ort_source()), force=True)
    with serving(folder) as found:
        yield found


@pytest.fixture
def shown(browser: Browser, address: str) -> Iterator[Page]:
    """The page, open on WebGPU, without glides; whatever it complains about fails the test."""
    context = browser.new_context(reduced_motion="reduce", accept_downloads=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened(page, f"{address}/?backend=webgpu")
    yield page
    context.close()
    assert complaints == []
