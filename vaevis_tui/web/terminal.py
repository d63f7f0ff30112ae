"""The terminal app in a browser: the program on a pseudo-terminal, and xterm.js in the page before it.

textual-serve brings xterm.js and the script that connects it; the program is not run on pipes as that does
it, but as in any terminal, so that it asks what the terminal can do, and has its frames acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import struct
import termios
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaevis_tui.errors import UserError
from vaevis_tui.web.listener import Address, Conversation, Listener
from vaevis_tui.web.page import ASSETS

if TYPE_CHECKING:
    from aiohttp import web

MAX_MESSAGE = 1 << 20
"""Bytes of a message from the page: what is pasted."""

CHUNK = 1 << 16
"""Bytes that are handed on at once."""

GRACE = 5
"""Seconds that a program whose browser has gone gets to write its session."""

_FILES = ("js/textual.js", "css/xterm.css", "fonts/RobotoMono-VariableFont_wght.ttf")

_OTHER_TERMINALS = (
    *("TERM", "TMUX", "STY", "ZELLIJ", "KITTY", "ITERM"),
    *("WEZTERM", "KONSOLE", "VTE", "XTERM", "WT_", "SSH_"),
)
"""Beginnings of variables that tell of the terminal that the server was started in."""


def terminal_server(command: Sequence[str], address: Address, max_sessions: int = 8) -> Listener:
    """Serves a program, which every browser gets a process of.

    Args:
        command: It and its arguments.
        address: Where.
        max_sessions: Browsers that are answered at once.

    Raises:
        UserError: textual-serve is not installed.
    """
    leaving: set[asyncio.Task[None]] = set()

    async def hold(request: web.Request, socket: web.WebSocketResponse) -> None:
        program = await _run(command, _size(dict(request.query)), socket)
        end = asyncio.create_task(_end(program))  # the next browser does not wait for it
        leaving.add(end)
        end.add_done_callback(leaving.discard)

    return Listener(
        _files(),
        Conversation("terminal", hold, MAX_MESSAGE, "open and write files as you can"),
        address,
        max_sessions,
    )


def _files() -> dict[str, bytes]:
    spec = find_spec("textual_serve")
    if spec is None or spec.origin is None:
        raise UserError(
            "serve --terminal needs textual-serve; install it with: pip install 'vaevis-tui[serve-terminal]'"
        )
    theirs, ours = Path(spec.origin).parent / "static", ASSETS / "terminal"
    files = {name: (theirs / name).read_bytes() for name in _FILES}
    return files | {path.name: path.read_bytes() for path in ours.iterdir()}


async def _run(
    command: Sequence[str], size: tuple[int, int], socket: web.WebSocketResponse
) -> asyncio.subprocess.Process:
    """Run the program until it ends or the browser goes, which hangs it up as a closed window would."""
    primary, secondary = os.openpty()
    _resize(primary, size)
    program = await asyncio.create_subprocess_exec(
        *command,
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env=_environment(os.environ),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(secondary)
    output = asyncio.create_task(_send(primary, socket))
    try:
        await _receive(primary, socket)
    finally:
        output.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await output
        os.close(primary)
    return program


async def _send(primary: int, socket: web.WebSocketResponse) -> None:
    """What the program writes; no more is read from it than the browser takes."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    while True:
        loop.add_reader(primary, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(primary)
        readable.clear()
        try:
            data = os.read(primary, CHUNK)
        except OSError:  # the program has ended
            data = b""
        if not data:
            await socket.close()
            return
        await socket.send_bytes(data)


async def _receive(primary: int, socket: web.WebSocketResponse) -> None:
    """Keys, and how large the window is."""
    from aiohttp import WSMsgType

    async for message in socket:
        match _message(message.data) if message.type is WSMsgType.TEXT else None:
            case ["stdin", str(text)]:
                await asyncio.to_thread(_write, primary, text.encode())
            case ["resize", {"width": _, "height": _} as asked]:
                _resize(primary, _size(asked))
            case ["ping", str(said)]:
                await socket.send_json(["pong", said])


def _message(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _write(primary: int, data: bytes) -> None:
    """All of it, which waits where the program does not read; nothing where it has ended."""
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(primary, data) :]


def _size(asked: Mapping[str, Any]) -> tuple[int, int]:
    """Columns and rows, as far as they are numbers that a terminal may have."""
    try:
        columns, rows = int(asked["width"]), int(asked["height"])
    except (KeyError, TypeError, ValueError):
        return 80, 24
    return min(max(columns, 2), 1000), min(max(rows, 2), 1000)


def _resize(primary: int, size: tuple[int, int]) -> None:
    columns, rows = size
    fcntl.ioctl(primary, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """The server's, in another terminal."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_OTHER_TERMINALS)}
    for name in ("COLUMNS", "LINES"):
        kept.pop(name, None)
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


async def _end(program: asyncio.subprocess.Process) -> None:
    """Wait for a program that was hung up; what does not go by itself is killed."""
    try:
        await asyncio.wait_for(program.wait(), GRACE)
    except TimeoutError:
        pass
    finally:
        if program.returncode is None:
            program.kill()
