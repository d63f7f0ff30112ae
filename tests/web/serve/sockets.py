"""WebSockets by hand, which may do what browsers do not."""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

REQUEST = struct.pack("<I", 1) + bytes(4 * 2)
"""A latent of zeros, and its number."""


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
        self.socket.sendall(request.encode("latin-1"))
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
