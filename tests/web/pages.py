"""Exported pages, a web server for them, and what tests ask of an open one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.support import require
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.web.export import WebModel, make_web_model
from vaevis_tui.web.ort import OrtSource

NAME = "mnist-2d"
"""The model of most pages that tests open: its kernels compile fast."""

NODE_MODULES = Path(__file__).parent / "node_modules"


def node_package(name: str) -> Path:
    """The folder of a package that npm brought; skips, or fails in CI, where it did not."""
    folder = NODE_MODULES / name
    require(folder.is_dir(), f"{name} (python -m tests.web.npm)")
    return folder


def ort_source() -> OrtSource:
    """onnxruntime-web as npm brings it."""
    return OrtSource.open(str(node_package("onnxruntime-web")))


@cache
def shipped_page(name: str, ort: bool = False) -> WebModel:
    """A shipped model made ready for the page, once: a CPU path is put in afterwards."""
    bundle = open_bundle(name)
    if ort:
        made, onnx = shipped_page(name), bundle.read_decoder().model.SerializeToString()
        return replace(made, record={**made.record, "ort": ort_source().record()}, onnx=onnx)
    with OnnxRuntimeDecoder(bundle, "") as decoder:
        return make_web_model(bundle, decoder)


def decoded(bundle: Bundle, z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What `decode` makes of latents (n, d): uint8 (n, h, w, 3)."""
    with OnnxRuntimeDecoder(bundle, "") as decoder:
        return decoder.decode(z)


class _Handler(SimpleHTTPRequestHandler):
    """Serves files without a word, and isolates the page where that was asked for."""

    headers_sent: ClassVar[dict[str, str]]

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def end_headers(self) -> None:
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        super().end_headers()


@contextmanager
def serving(folder: Path, **headers: str) -> Iterator[str]:
    """Serve a folder; gives its address, without a slash at the end."""

    class Handler(_Handler):
        headers_sent: ClassVar = {name.replace("_", "-"): value for name, value in headers.items()}

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(page: Page, address: str) -> dict[str, Any]:
    """Open a page and wait until something decodes; its `window.vaevis.info`."""
    page.goto(address)
    page.evaluate("vaevis.ready.then(() => undefined)")
    info: dict[str, Any] = page.evaluate("vaevis.info")
    return info


def page_decode(page: Page, z: NDArray[np.float32], height: int, width: int) -> NDArray[np.uint8]:
    """What `window.vaevis.decode` makes of latents (n, d): uint8 (n, h, w, 3)."""
    data = page.evaluate(
        """async (z) => {
            const image = await vaevis.decode(z);
            return Array.from(image, (byte) => String.fromCharCode(byte)).join("");
        }""",
        [float(value) for value in z.reshape(-1)],
    )
    images = np.frombuffer(data.encode("latin-1"), np.uint8).reshape(len(z), height, width, 4)
    assert (images[..., 3] == 255).all()
    return images[..., :3]


def page_z(page: Page) -> NDArray[np.float32]:
    """The latent on show."""
    return np.array(json.loads(page.evaluate("JSON.stringify(Array.from(vaevis.z))")), np.float32)


def until(page: Page, expression: str) -> None:
    """Wait until an expression is true, looked at once a frame, without `eval`, which a page may not."""
    page.evaluate(
        "() => new Promise((done) => {"
        f" const look = () => ({expression}) ? done() : requestAnimationFrame(look); look(); }})"
    )


def apart(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    """The largest difference of two images, in levels of 255."""
    return int(np.abs(a.astype(np.int16) - b).max())
