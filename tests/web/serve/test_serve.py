"""`vaevis-tui serve`: the page decodes in Python; strangers get nothing."""

from __future__ import annotations

import json
import subprocess
import sys

from playwright.sync_api import Browser

from tests.web.pages import apart, decoded, opened, page_decode
from tests.web.serve.serving import CONNECT, NAME, Guarded, status
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.web.answers import answer
from vaevis_tui.web.plans import MAX_BATCH


def test_the_page_decodes_in_python(browser: Browser, served: str) -> None:
    bundle = open_bundle(NAME)
    z = bundle.space.sample(1, 11)
    page = browser.new_page()
    info = opened(page, served)
    assert info["backend"] == "live"
    assert "onnxruntime" in info["detail"]
    assert apart(page_decode(page, z, 28, 28), decoded(bundle, z)) == 0
    page.close()
    for path in ("../pyproject.toml", "%2e%2e/pyproject.toml", "model.toml", "decoder.onnx"):
        assert status(served + path) == 404
    elsewhere = browser.new_page()
    elsewhere.goto("data:text/html,elsewhere")
    assert elsewhere.evaluate(CONNECT, served.replace("http", "ws") + "live") == "refused"
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


def test_browsers_that_go_give_their_session_back(browser: Browser, served: str) -> None:
    """In the middle of an answer too; nothing is printed."""
    page = browser.new_page()
    page.goto(served + "style.css")
    page.evaluate(LEAVE, served.replace("http", "ws") + "live")
    assert opened(page, served)["backend"] == "live"
    z = open_bundle(NAME).space.sample(2, 8)
    assert apart(page_decode(page, z, 28, 28), decoded(open_bundle(NAME), z)) == 0
    page.close()


def test_what_is_no_request_is_answered_with_a_reason() -> None:
    with OnnxRuntimeDecoder(open_bundle(NAME), "") as decoder:
        for data, said in (
            (b"\0" * 4, "does not hold whole latents"),
            (b"\0" * 11, "does not hold whole latents"),
            (b"\0" * (4 + 8 * (MAX_BATCH + 1)), "8 at most"),
            (b"\0" * 4 + b"\xff" * 8, "NaN"),
        ):
            reply = answer(decoder, data)
            assert isinstance(reply, str)
            assert said in json.loads(reply)["error"]


def test_two_servers_of_a_host_keep_their_tokens_apart(
    browser: Browser, guarded: Guarded, guarded_terminal: Guarded
) -> None:
    """Cookies are one host's, whatever the port: one is still let in once the other was opened."""
    for each in (guarded, guarded_terminal):
        assert len(each.token) >= 24
        assert status(each.address) == 403
        assert status(f"{each.address}?token={each.token[:-1]}x") == 403
    context = browser.new_context()
    page, other = context.new_page(), context.new_page()
    assert opened(page, guarded.url)["backend"] == "live"
    other.goto(guarded_terminal.url)
    for each in (guarded, guarded_terminal):  # without the token, by the cookies alone
        answer = other.goto(each.address)
        assert answer is not None
        assert answer.status == 200
    assert opened(page, guarded.address)["backend"] == "live"
    kept = [(cookie["httpOnly"], cookie["sameSite"]) for cookie in context.cookies()]
    assert kept == [(True, "Strict")] * 2
    context.close()


def test_an_address_that_is_taken_is_said(served: str) -> None:
    port = served.rstrip("/").rpartition(":")[2]
    command = [sys.executable, "-m", "vaevis_tui", "serve", "--model", NAME, "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "cannot be served" in done.stderr
