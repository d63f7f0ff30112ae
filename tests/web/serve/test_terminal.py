"""`vaevis-tui serve --terminal`: the app itself, on a pseudo-terminal behind xterm.js in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, WebSocket, expect

from tests.web.serve.serving import CONNECT, serve, status
from tests.web.serve.sockets import client
from vaevis_tui.errors import UserError
from vaevis_tui.web.listener import Address
from vaevis_tui.web.terminal import terminal_server

WINDOW: ViewportSize = {"width": 900, "height": 600}


class Screen:
    """What came for xterm.js, and what a page sends back."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.came = b""
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, data: str | bytes) -> None:
        self.came += data if isinstance(data, bytes) else b""

    def until(self, text: str) -> None:
        """Wait until a text was written."""
        for _ in range(400):
            if text.encode() in self.came:
                return
            self.page.wait_for_timeout(50)  # lets events come in
        raise AssertionError(f"{text!r} was not written; last came {self.came[-500:]!r}")

    def press(self, key: str) -> None:
        """A key, with an eye on what comes from now on."""
        self.came = b""
        self.page.keyboard.press(key)


@contextmanager
def terminal(browser: Browser, address: str) -> Iterator[Screen]:
    """The app in a browser, once it has drawn itself."""
    page = browser.new_page(viewport=WINDOW)
    screen = Screen(page)
    page.goto(address)
    screen.until("help")
    yield screen
    page.close()


def test_the_app_runs_in_the_browser(browser: Browser) -> None:
    """Keys arrive, the window's size does, the end is said; a browser that goes ends its program."""
    with serve("--terminal", "--max-sessions", "1") as address:
        with terminal(browser, address) as screen:
            screen.press("?")
            screen.until("Esc closes")
            screen.press("Escape")
            screen.until("help")
            screen.came = b""
            screen.page.set_viewport_size({"width": 700, "height": 500})
            screen.until("help")
            screen.press("q")
            expect(screen.page.get_by_role("alert")).to_contain_text("has ended")
            screen.page.keyboard.press("Enter")  # the button has the focus
            screen.until("help")
            with client(address, "terminal") as other:
                assert other.status == 503
        for _ in range(100):  # its one session is given back
            with client(address, "terminal") as other:
                if other.status == 101:
                    break
        assert other.status == 101


def test_strangers_get_no_terminal(browser: Browser, terminal_served: str) -> None:
    elsewhere = browser.new_page()
    elsewhere.goto("data:text/html,elsewhere")
    assert elsewhere.evaluate(CONNECT, terminal_served.replace("http", "ws") + "terminal") == "refused"
    elsewhere.close()
    assert status(terminal_served, Host="evil.example") == 403
    assert status(terminal_served + "../server.py") == 404


def test_textual_serve_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaevis_tui.web.terminal.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"vaevis-tui\[serve-terminal\]"):
        terminal_server([], Address.of("127.0.0.1", 0))
