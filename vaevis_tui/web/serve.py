"""The page with a live backend: Python decodes, images go to browsers over WebSockets.

Each browser has one request under way and keeps only its latest z meanwhile, so an image acknowledges its
request and nothing queues. Only the page's own files are served: on the loopback by its own name, and beyond
it to who has the token.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import numpy as np

from vaevis_tui.engine.decoder import Decoder, EngineError
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.web.arrays import ArrayFile
from vaevis_tui.web.export import model_record
from vaevis_tui.web.page import page_files

if TYPE_CHECKING:
    from aiohttp import web

MAX_BATCH = 8
"""Latents of one request: as many as the page asks for at once."""

COOKIE = "vaevis-tui-token"

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "json": "application/json"}

_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served.

    Attributes:
        host: A name or an IP address of this machine.
        port: 0 takes a free one.
        token: What a browser has to know; None on the loopback, where only this machine asks.
    """

    host: str
    port: int
    token: str | None

    @classmethod
    def of(cls, host: str, port: int) -> Address:
        """With a token where others than this machine can ask."""
        return cls(host, port, None if is_loopback(host) else secrets.token_urlsafe(24))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class LiveServer:
    """Serves one model; owns neither bundle nor decoder.

    Args:
        bundle: The model.
        decoder: An open decoder of it, used by one thread at a time.
        address: Where.
        max_sessions: Browsers that are answered at once.
    """

    def __init__(self, bundle: Bundle, decoder: Decoder, address: Address, max_sessions: int = 8) -> None:
        self._decoder = decoder
        self._address = address
        self._max_sessions = max_sessions
        self._sessions = 0
        self._lock = asyncio.Lock()
        self._dim = bundle.latent_dim
        self._files = live_files(bundle, decoder)
        self.port = address.port

    async def start(self) -> web.AppRunner:
        """Listen; `runner.cleanup()` ends it.

        Raises:
            UserError: The address cannot be had.
        """
        from aiohttp import web

        app = web.Application()
        app.router.add_get("/live", self._live)
        app.router.add_get("/{path:.*}", self._file)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._address.host, self._address.port).start()
        except OSError as error:
            await runner.cleanup()
            where = f"{self._address.host}:{self._address.port}"
            raise UserError(f"{where} cannot be served: {(error.strerror or str(error)).lower()}") from None
        self.port = runner.addresses[0][1]
        return runner

    @property
    def url(self) -> str:
        """What to open in a browser, token included."""
        host = f"[{self._address.host}]" if ":" in self._address.host else self._address.host
        query = "" if self._address.token is None else f"?token={self._address.token}"
        return f"http://{host}:{self.port}/{query}"

    async def _file(self, request: web.Request) -> web.Response:
        from aiohttp import web

        if not self._may(request):
            return web.Response(
                status=403, text="This page is served to who has its address, token included.\n"
            )
        name = request.match_info["path"] or "index.html"
        data = self._files.get(name)
        if data is None:
            return web.Response(status=404, text="There is no such file.\n")
        kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        response = web.Response(body=data, content_type=kind, headers=_HEADERS)
        if self._address.token is not None:
            response.set_cookie(COOKIE, self._address.token, httponly=True, samesite="Strict")
        return response

    def _may(self, request: web.Request) -> bool:
        """Whether a request is for this host by its own name, and knows the token where there is one."""
        token = self._address.token
        if token is None:
            return is_loopback(_host(request.host))  # another name would be another site's, rebound to here
        given = request.query.get("token") or request.cookies.get(COOKIE) or ""
        return hmac.compare_digest(given.encode(), token.encode())

    async def _live(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import WSMsgType, web

        origin = request.headers.get("Origin", "")
        if not self._may(request) or origin.partition("://")[2] != request.host:
            return web.Response(status=403, text="The live backend answers its own page alone.\n")
        if self._sessions >= self._max_sessions:
            return web.Response(status=503, text=f"{self._max_sessions} browsers are connected already.\n")
        largest = 4 + 4 * self._dim * MAX_BATCH
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=largest + 1, compress=False)
        self._sessions += 1
        try:
            await socket.prepare(request)
            info = self._decoder.info
            detail = f"{info.backend}, {info.precision}"
            await socket.send_json({"device": info.adapter, "detail": detail})
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    await self._answer(socket, message.data)
        finally:
            self._sessions -= 1
        return socket

    async def _answer(self, socket: web.WebSocketResponse, data: bytes) -> None:
        """Number and latents, float32 (n, d), to number and images, uint8 (n, h, w, 3)."""
        row = 4 * self._dim
        if len(data) <= 4 or (len(data) - 4) % row:
            await socket.send_json({"error": "the request is no whole number of latents"})
            return
        z = np.frombuffer(data, "<f4", offset=4).reshape(-1, self._dim)
        if not np.isfinite(z).all():
            await socket.send_json({"error": "z holds NaN or infinities"})
            return
        try:
            async with self._lock:
                images = await asyncio.to_thread(partial(self._decoder.decode, z))
        except EngineError as error:
            await socket.send_json({"error": f"decoding failed: {error}"})
            return
        await socket.send_bytes(data[:4] + np.ascontiguousarray(images).tobytes())


def live_files(bundle: Bundle, decoder: Decoder) -> Mapping[str, bytes]:
    """The page's files, without weights, by path."""
    arrays = ArrayFile()
    record: dict[str, Any] = model_record(bundle, decoder, arrays)
    record |= {"live": "live", "entries": [asdict(entry) for entry in arrays.entries]}
    return page_files(record, arrays.pack(), {})


def _host(authority: str) -> str:
    """The host of ``host:port``, be it an IPv6 address in brackets."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0]
