"""`vaevis-tui serve` under attack: by sockets that keep to no rules."""

from __future__ import annotations

import base64
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.serve.serving import NAME, serve, status

REQUEST = struct.pack("<I", 1) + bytes(4 * 2)
"""A latent of zeros, and its number."""

IMAGE = 4 + 28 * 28 * 3

MODES = {"live": (), "terminal": ("--terminal",)}
"""What a browser talks to, and how the program is started for it."""


class Client:
    """A WebSocket by hand, which may do what browsers do not.

    Args:
        address: Of the page.
        path: Of the socket.
        headers: In place of those that a browser sends.
    """

    def __init__(self, address: str, path: str, **headers: str | None) -> None:
        where = urlsplit(address)
        self.socket = socket.create_connection((where.hostname or "", where.port or 0), timeout=30)
        own = f"{where.hostname}:{where.port}"
        sent: dict[str, str | None] = {
            "Host": own,
            "Origin": f"http://{own}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
            **headers,
        }
        lines = [f"{name}: {value}" for name, value in sent.items() if value is not None]
        request = "\r\n".join([f"GET /{path} HTTP/1.1", *lines, "", ""])
        self.socket.sendall(request.encode())
        self._file = self.socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline().strip():
            pass

    def send(self, data: bytes, kind: int = 2, length: int | None = None) -> None:
        """A frame, which may say that it is longer than it is."""
        self.socket.sendall(frame(data, kind, length))

    def receive(self) -> tuple[int, bytes]:
        """The next frame, kind and data; a connection that is closed without one counts as closed."""
        try:
            head = self._file.read(2)
        except ConnectionResetError:
            head = b""
        if len(head) < 2:
            return 8, b""
        size = head[1] & 127
        if size > 125:
            size = int.from_bytes(self._file.read(2 if size == 126 else 8))
        return head[0] & 15, self._file.read(size)

    def image(self) -> bytes:
        """Decode zeros, past what the server says first."""
        self.send(REQUEST)
        while True:
            kind, data = self.receive()
            assert kind != 8
            if kind == 2:
                return data

    def close(self) -> None:
        self._file.close()
        self.socket.close()


def frame(data: bytes, kind: int = 2, length: int | None = None) -> bytes:
    """A masked frame whose mask is zeros (RFC 6455)."""
    return (
        bytes([128 | kind, 255])
        + struct.pack(">Q", len(data) if length is None else length)
        + bytes(4)
        + data
    )


@contextmanager
def client(address: str, path: str = "live", **headers: str | None) -> Iterator[Client]:
    found = Client(address, path, **headers)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.parametrize("mode", MODES)
def test_only_its_own_page_is_answered(mode: str) -> None:
    """Not another site's, nor one whose name was bound anew to this machine, nor what says no origin."""
    with serve(*MODES[mode]) as address:
        port = urlsplit(address).port
        for headers in (
            {"Origin": "http://evil.example"},
            {"Origin": None},
            {"Origin": "null"},
            {"Origin": f"http://evil.example:{port}", "Host": f"evil.example:{port}"},
            {"Host": f"127.0.0.1.evil.example:{port}", "Origin": f"http://127.0.0.1.evil.example:{port}"},
        ):
            with client(address, mode, **headers) as stranger:
                assert stranger.status == 403, headers
        with client(address, mode) as own:
            assert own.status == 101


def test_the_token_is_asked_for_on_the_socket_too() -> None:
    with serve("--host", "0.0.0.0") as address:
        bare, _, token = address.replace("0.0.0.0", "127.0.0.1").partition("?token=")
        for query in ("", "?token=", f"?token={token}x"):
            with client(bare, f"live{query}") as stranger:
                assert stranger.status == 403, query
        with client(bare, f"live?token={token}") as known:
            assert len(known.image()) == IMAGE


def test_messages_that_are_too_large_end_their_connection() -> None:
    """Also one that says it is a terabyte, of which nothing is kept room for."""
    with serve("--max-sessions", "1") as address:
        for data, length in ((bytes(1 << 20), None), (b"", 1 << 40)):
            with client(address) as large:
                assert large.status == 101
                try:
                    large.send(data, length=length)
                    while (got := large.receive())[0] != 8:
                        pass
                    assert got[1][:2] in (b"", struct.pack(">H", 1009))
                except (BrokenPipeError, ConnectionResetError):
                    pass
        with client(address) as good:
            assert len(good.image()) == IMAGE


@pytest.mark.parametrize(
    "path",
    [
        "..%2f..%2fpyproject.toml",
        "%2e%2e/%2e%2e/etc/passwd",
        "/etc/passwd",
        "page/../../page.py",
        "..\\page.py",
        "style.css%00.html",
        "page/",
    ],
)
def test_no_path_leads_out(served: str, path: str) -> None:
    assert status(served + path) == 404


def test_two_hundred_connections(served: str) -> None:
    """So many as may be are answered, the others told; requests that never end hold nobody up."""
    with ExitStack() as held:
        for _ in range(100):
            stalled = held.enter_context(
                socket.create_connection((urlsplit(served).hostname or "", urlsplit(served).port or 0))
            )
            stalled.sendall(b"GET / HTTP/1.1\r\nHost: ")
        clients = [held.enter_context(client(served)) for _ in range(100)]
        assert [each.status for each in clients] == [101] * 8 + [503] * 92
        assert {len(each.image()) for each in clients[:8]} == {IMAGE}
        assert status(served) == 200
    with ExitStack() as held:  # their sessions are free again
        for _ in range(100):
            again = held.enter_context(client(served))
            if again.status == 101:
                break
        assert len(again.image()) == IMAGE


def test_one_that_does_not_read_is_not_read_either(served: str) -> None:
    """Nothing queues for it in the server, and others are answered meanwhile."""
    with client(served) as deaf, client(served) as other:
        deaf.socket.setblocking(False)
        sent, most = 0, 64 << 20
        data = frame(REQUEST) * 4096
        try:
            while sent < most:
                sent += deaf.socket.send(data)
        except BlockingIOError:
            pass
        # Each request of 26 bytes asks for 2,356: what it was not given is not taken either.
        for _ in range(20):
            assert len(other.image()) == IMAGE
        try:
            while sent < most:
                sent += deaf.socket.send(data)
        except BlockingIOError:
            pass
        assert sent < most


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The live page's address."""
    with serve() as address:
        yield address


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_while_browsers_are_connected(mode: str, number: int) -> None:
    """At once, with what it started, and without a word."""
    command = [sys.executable, "-m", "vaevis_tui", "serve", "--model", NAME, "--backend", "onnxruntime"]
    with subprocess.Popen(
        [*command, "--port", "0", *MODES[mode]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        with client(program.stdout.readline().split()[2], mode) as connected:
            assert connected.status == 101
            connected.receive()  # what the server says first, or the program behind the terminal
            children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
            assert len(children) == (mode == "terminal")
            handles = [os.pidfd_open(int(each)) for each in children]
            program.send_signal(number)
            assert program.wait(20) == 128 + number
            while connected.receive()[0] != 8:
                pass
        assert program.stderr.read() == ""
    for handle in handles:
        assert select.select([handle], [], [], 20)[0], "the program behind the terminal goes on"
        os.close(handle)
