"""`vaevis-tui serve` under attack: by sockets that keep to no rules."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.serve.serving import MEASURING, NAME, Guarded, status
from tests.web.serve.sockets import REQUEST, client, frame

IMAGE = 4 + 28 * 28 * 3

MODES = {"live": (), "terminal": ("--terminal",)}
"""What a browser talks to, and how the program is started for it."""


@pytest.mark.parametrize("mode", MODES)
def test_only_its_own_page_is_answered(mode: str, request: pytest.FixtureRequest) -> None:
    """Not another site's, nor one whose name was bound anew to this machine, nor what says no origin."""
    address: str = request.getfixturevalue("served" if mode == "live" else "terminal_served")
    port = urlsplit(address).port
    strangers: list[dict[str, str | None]] = [
        {"Origin": "http://evil.example"},
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": f"http://evil.example:{port}", "Host": f"evil.example:{port}"},
        {"Host": f"127.0.0.1.evil.example:{port}", "Origin": f"http://127.0.0.1.evil.example:{port}"},
        {"Origin": f"http://127.0.0.1:{port}.evil.example"},
        {"Origin": f"http://127.0.0.1:{1 if port == 2 else 2}"},
        {"Origin": f"evil://127.0.0.1:{port}"},
    ]
    for host in (f"127.0.0.1:{port}@evil.example", "[::1].evil.example", "[::1", "0", ""):
        strangers += [{"Host": host, "Origin": f"http://{host}"}]
    for headers in strangers:
        with client(address, mode, **headers) as stranger:
            assert stranger.status == 403, headers
    with client(address, mode) as own:
        assert own.status == 101


@pytest.mark.parametrize("mode", MODES)
def test_the_token_is_asked_for_on_the_socket_too(mode: str, request: pytest.FixtureRequest) -> None:
    """In the address or as a cookie; neither a part of it nor more."""
    guarded: Guarded = request.getfixturevalue("guarded" if mode == "live" else "guarded_terminal")
    address, token = guarded.address, guarded.token
    cookie = f"vaevis-tui-token-{urlsplit(address).port}"
    for query in ("", "?token=", f"?token={token}x", f"?token={token[:-1]}", f"?token=%00{token}"):
        with client(address, mode + query) as stranger:
            assert stranger.status == 403, query
    wrong = f"{cookie}={token}x", f"vaevis-tui-token={token}", f"{cookie}0={token}", f"{cookie}=\xff\xed"
    for said in wrong:
        with client(address, mode, Cookie=said) as stranger:
            assert stranger.status == 403, said
    for origin in ("http://evil.example", None):
        with client(address, f"{mode}?token={token}", Origin=origin) as stranger:
            assert stranger.status == 403, origin
    for path, kept in ((f"{mode}?token={token}", None), (mode, f"{cookie}={token}")):
        with client(address, path, Cookie=kept) as known:
            assert known.status == 101, path


def test_messages_that_are_too_large_end_their_connection(served: str) -> None:
    """Also one that says it is a terabyte, of which nothing is kept room for; no session is lost by them."""
    for data, length in [(bytes(1 << 20), None), *[(b"", 1 << 40)] * 9]:
        with client(served) as large:
            assert large.status == 101
            try:
                large.send(data, length=length)
                while (got := large.receive())[0] != 8:
                    pass
                assert got[1][:2] in (b"", struct.pack(">H", 1009))
            except (BrokenPipeError, ConnectionResetError):
                pass


@pytest.mark.parametrize(
    "request_line",
    [
        b"\x16\x03\x01\x02\x00\x01\x00" * 40,
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000,
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
    ],
    ids=["TLS", "no host", "two hosts", "a long header", "a long path", "two lengths"],
)
def test_what_is_no_request_is_refused_without_a_word(served: str, request_line: bytes) -> None:
    """That nothing is printed, the server's end proves."""
    where = urlsplit(served)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as stranger:
        stranger.sendall(request_line + b"\r\n\r\n")
        assert b" 400 " in stranger.recv(4096).split(b"\r\n")[0]


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


@pytest.mark.parametrize(("mode", "number"), [("live", signal.SIGINT), ("terminal", signal.SIGTERM)])
def test_it_ends_while_browsers_are_connected(mode: str, number: int) -> None:
    """At once, with what it started, and without another word."""
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
        assert program.stderr.read() == ("" if mode == "terminal" else MEASURING)
    for handle in handles:
        assert select.select([handle], [], [], 20)[0], "the program behind the terminal goes on"
        os.close(handle)
