"""Who may ask a served page: this machine alone on the loopback, and beyond it who has the token."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from aiohttp import web

GRACE = 1
"""Seconds that answers under way get at the end; pages that are connected never end by themselves."""

_ANY = ("0.0.0.0", "::")
"""Hosts that are no address but all of them."""

_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "ttf": "font/ttf",
}

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


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a page and this program say to each other over a WebSocket.

    Attributes:
        path: Where.
        hold: Talks until either has enough; a connection that is lost raises ConnectionResetError.
        max_bytes: Of a message from the page.
        meaning: What whoever talks there may do here.
    """

    path: str
    hold: Callable[[web.Request, web.WebSocketResponse], Awaitable[None]]
    max_bytes: int
    meaning: str


class Listener:
    """Serves a page, its files and nothing else, to whoever may ask.

    Args:
        files: What is served, by path.
        conversation: What answers the page.
        address: Where.
        max_sessions: Browsers that are answered at once.
    """

    def __init__(
        self, files: Mapping[str, bytes], conversation: Conversation, address: Address, max_sessions: int
    ) -> None:
        self._files = files
        self._conversation = conversation
        self._address = address
        self._max_sessions = max_sessions
        self._sessions = 0
        self.port = address.port

    async def start(self) -> web.AppRunner:
        """Listen; `runner.cleanup()` ends it.

        Raises:
            UserError: The address cannot be had.
        """
        from aiohttp import web

        app = web.Application()
        app.router.add_get(f"/{self._conversation.path}", self._talk)
        app.router.add_get("/{path:.*}", self._file)
        runner = web.AppRunner(app, access_log=None, logger=_logger(), shutdown_timeout=GRACE)
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

    @property
    def consequences(self) -> list[str]:
        """What listening there means, a sentence a line; none on the loopback."""
        if self._address.token is None:
            return []
        said = [
            f"Whoever knows this address may {self._conversation.meaning}; the connection is not encrypted."
        ]
        if self._address.host in _ANY:
            said.append(
                f"{self._address.host} stands for every address of this machine: others put one in its place."
            )
        return said

    @property
    def _cookie(self) -> str:
        """Where a browser keeps the token; cookies are one host's, whatever the port."""
        return f"vaevis-tui-token-{self.port}"

    async def _file(self, request: web.Request) -> web.Response:
        from aiohttp import web

        if not self._is_authorized(request):
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
            response.set_cookie(self._cookie, self._address.token, httponly=True, samesite="Strict")
        return response

    def _is_authorized(self, request: web.Request) -> bool:
        """Whether a request is for this host by its own name, and knows the token where there is one."""
        token = self._address.token
        if token is None:
            return is_loopback(_host(request.host))  # another name would be another site's, rebound to here
        given = request.query.get("token") or request.cookies.get(self._cookie) or ""
        return hmac.compare_digest(given.encode(errors="replace"), token.encode())

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        own = f"http://{request.host}", f"https://{request.host}"  # the latter behind a proxy
        if not self._is_authorized(request) or request.headers.get("Origin") not in own:
            return web.Response(status=403, text="Only the page that is served here is answered.\n")
        if self._sessions >= self._max_sessions:
            return web.Response(status=503, text=f"{self._max_sessions} browsers are connected already.\n")
        most = self._conversation.max_bytes + 1
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=most, compress=False)
        self._sessions += 1
        try:
            await socket.prepare(request)
            await self._conversation.hold(request, socket)
        except ConnectionResetError:
            pass  # the browser went in the middle of an answer
        finally:
            self._sessions -= 1
        return socket


_AUTHORITY = re.compile(r"(?:\[([^]]*)\]|([^]:/@[]*))(?::\d*)?")
"""``host:port``, where the host may be an IPv6 address in brackets."""


def _host(authority: str) -> str:
    """The host of ``host:port``; an empty one where that is none."""
    found = _AUTHORITY.fullmatch(authority)
    return "" if found is None else found[1] or found[2] or ""


def _logger() -> logging.Logger:
    """For what goes wrong here: requests that are none are told so, and are no news."""
    from aiohttp.http import HttpProcessingError

    def is_ours(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))

    logger = logging.getLogger("vaevis_tui.web.listener")
    logger.filters[:] = [is_ours]
    return logger
