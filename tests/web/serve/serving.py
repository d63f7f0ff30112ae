"""The real server, as tests talk to it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NAME = "mnist-2d"


CONNECT = """(url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
})"""


@dataclass(frozen=True)
class Guarded:
    """A server that asks for a token.

    Attributes:
        address: On this machine, without the token.
        token: What it asks for.
    """

    address: str
    token: str

    @classmethod
    def of(cls, printed: str) -> Guarded:
        """From the address that the program prints."""
        address, _, token = printed.replace("0.0.0.0", "127.0.0.1").partition("?token=")
        return cls(address, token)

    @property
    def url(self) -> str:
        """What to open."""
        return f"{self.address}?token={self.token}"


MEASURING = f"vaevis-tui: measuring what each axis of {NAME} does ...\n"
"""What is said before a page is served, which takes seconds."""


@contextmanager
def serve(*arguments: str, means: str = "") -> Iterator[str]:
    """The real program; gives the address that it prints, which is to mean something for others."""
    command = [sys.executable, "-m", "vaevis_tui", "serve", "--model", NAME, "--backend", "onnxruntime"]
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            [*command, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as program,
    ):
        try:
            assert program.stdout is not None
            address = program.stdout.readline().split()[2]
            if means:
                assert means in program.stdout.readline()
            yield address
        finally:
            program.terminate()
            program.wait(20)
        complaints.seek(0)
        said = complaints.read()
        assert said == ("" if "--terminal" in arguments else MEASURING), said


def status(address: str, **headers: str) -> int:
    """What a request is answered with."""
    request = urllib.request.Request(address, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
