"""A real Chromium with a software WebGPU adapter, one for all tests of the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import require

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

SOFTWARE_WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
"""Chromium's own adapter for machines without a GPU; it is only given out when asked for."""

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
        # Its sandbox wants user namespaces, which containers seldom give; it opens nothing but our own pages.
        opened = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", *SOFTWARE_WEBGPU]
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of a secure origin, where WebGPU is given out; whatever it asks for is empty too."""
    opened = browser.new_page()
    opened.route("http://localhost/**", lambda route: route.fulfill(body=EMPTY, content_type="text/html"))
    opened.goto("http://localhost/")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).parents[2]
