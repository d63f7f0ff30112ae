"""The page with a live backend: Python decodes, images go to browsers over WebSockets.

Each browser has one request under way and keeps only its latest z meanwhile, so an image acknowledges its
request and nothing queues. Only the page's own files are served: on the loopback by its own name, and beyond
it to who has the token.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from vaevis_tui.engine.decoder import Decoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.web.answers import MAX_BATCH, answer, greeting, live_model
from vaevis_tui.web.page import page_files

if TYPE_CHECKING:
    from aiohttp import web

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
        self._files = page_files(*live_model(bundle, decoder, "live"), {})
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
            await socket.send_json(greeting(self._decoder.info))
            async for message in socket:
                if message.type is not WSMsgType.BINARY:
                    continue
                async with self._lock:
                    reply = await asyncio.to_thread(answer, self._decoder, message.data)
                await (socket.send_str(reply) if isinstance(reply, str) else socket.send_bytes(reply))
        except ConnectionResetError:
            pass  # the browser went while its image was being decoded
        finally:
            self._sessions -= 1
        return socket


def _host(authority: str) -> str:
    """The host of ``host:port``, be it an IPv6 address in brackets."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0]
