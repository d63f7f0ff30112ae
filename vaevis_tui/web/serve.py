"""The page with a live backend: Python decodes, images go to browsers over WebSockets.

Each browser has one request under way and keeps only its latest z meanwhile, so an image acknowledges its
request and nothing queues.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vaevis_tui.engine.decoder import Decoder
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.web.answers import answer, greeting, live_model
from vaevis_tui.web.listener import Address, Conversation, Listener
from vaevis_tui.web.page import page_files
from vaevis_tui.web.plans import MAX_BATCH

if TYPE_CHECKING:
    from aiohttp import web


def live_server(bundle: Bundle, decoder: Decoder, address: Address, max_sessions: int = 8) -> Listener:
    """Serves one model; owns neither bundle nor decoder.

    Args:
        bundle: The model.
        decoder: An open decoder of it, used by one thread at a time.
        address: Where.
        max_sessions: Browsers that are answered at once.
    """
    lock = asyncio.Lock()

    async def hold(request: web.Request, socket: web.WebSocketResponse) -> None:
        from aiohttp import WSMsgType

        await socket.send_json(greeting(decoder.info))
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                continue
            async with lock:
                reply = await asyncio.to_thread(answer, decoder, message.data)
            await (socket.send_str(reply) if isinstance(reply, str) else socket.send_bytes(reply))

    largest = 4 + 4 * bundle.latent_dim * MAX_BATCH
    files = page_files(*live_model(bundle, decoder, "live"), {})
    return Listener(files, Conversation("live", hold, largest, "decode here"), address, max_sessions)
