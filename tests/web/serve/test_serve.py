"""`vaevis-tui serve`: the page decodes in Python; strangers get nothing."""

from __future__ import annotations

import json
import subprocess
import sys

from playwright.sync_api import Browser

from tests.web.pages import apart, decoded, opened, page_decode
from tests.web.serve.serving import CONNECT, NAME, serve, status
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.web.answers import answer
from vaevis_tui.web.plans import MAX_BATCH


def test_the_page_decodes_in_python(browser: Browser) -> None:
    bundle = open_bundle(NAME)
    z = bundle.space.sample(1, 11)
    with serve("--max-sessions", "1") as address:
        page = browser.new_page()
        info = opened(page, address)
        assert info["backend"] == "live"
        assert "onnxruntime" in info["detail"]
        assert apart(page_decode(page, z, 28, 28), decoded(bundle, z)) == 0
        live = address.replace("http", "ws") + "live"
        assert page.evaluate(CONNECT, live) == "refused"  # the one session is the page's
        page.close()
        for path in ("../pyproject.toml", "%2e%2e/pyproject.toml", "model.toml", "decoder.onnx"):
            assert status(address + path) == 404
        assert status(address, Host="evil.example") == 403
        assert status(address + "live", Origin="http://evil.example") == 403
        elsewhere = browser.new_page()
        elsewhere.goto("data:text/html,elsewhere")
        assert elsewhere.evaluate(CONNECT, live) == "refused"
        elsewhere.close()


LEAVE = """async (url) => {
    for (let i = 0; i < 40; i++) {
        await new Promise((resolve) => {
            const socket = new WebSocket(url);
            socket.onmessage = () => {
                for (let number = 0; number < 20; number++) socket.send(new Uint8Array(4 + 4 * 2 * 8));
                socket.close();
                resolve();
            };
            socket.onerror = resolve;
        });
    }
}"""


def test_browsers_that_go_give_their_session_back(browser: Browser) -> None:
    """In the middle of an answer too; nothing is printed."""
    with serve("--max-sessions", "2") as address:
        page = browser.new_page()
        page.goto(address + "style.css")
        page.evaluate(LEAVE, address.replace("http", "ws") + "live")
        assert opened(page, address)["backend"] == "live"
        z = open_bundle(NAME).space.sample(2, 8)
        assert apart(page_decode(page, z, 28, 28), decoded(open_bundle(NAME), z)) == 0
        page.close()


def test_what_is_no_request_is_answered_with_a_reason() -> None:
    with OnnxRuntimeDecoder(open_bundle(NAME), "") as decoder:
        for data, said in (
            (b"\0" * 4, "no whole number of latents"),
            (b"\0" * 11, "no whole number of latents"),
            (b"\0" * (4 + 8 * (MAX_BATCH + 1)), "8 at most"),
            (b"\0" * 4 + b"\xff" * 8, "NaN"),
        ):
            reply = answer(decoder, data)
            assert isinstance(reply, str)
            assert said in json.loads(reply)["error"]


def test_beyond_the_loopback_a_token_is_needed(browser: Browser) -> None:
    with serve("--host", "0.0.0.0", means="may decode here; the connection is not encrypted") as address:
        bare, _, token = address.replace("0.0.0.0", "127.0.0.1").partition("?token=")
        assert len(token) >= 24
        assert status(bare) == 403
        assert status(f"{bare}?token={token[:-1]}x") == 403
        page = browser.new_page()
        assert opened(page, f"{bare}?token={token}")["backend"] == "live"
        page.close()


def test_an_address_that_is_taken_is_said() -> None:
    with serve() as address:
        port = address.rstrip("/").rpartition(":")[2]
        command = [sys.executable, "-m", "vaevis_tui", "serve", "--model", NAME, "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "cannot be served" in done.stderr
