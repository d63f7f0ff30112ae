"""``vaevis-tui serve``: the page with a live backend."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import signal
import sys
from typing import TYPE_CHECKING

from vaevis_tui.commands.shared import arguments
from vaevis_tui.commands.shared.opening import model_name
from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from vaevis_tui.web.listener import Address, Listener

DESCRIPTION = """\
Serve the page of a model with this machine behind it: Python decodes, the browser shows.

On the loopback it is for this machine alone (through ssh -L for others too). Another --host lets whoever
reaches this machine and knows the printed token decode here; the connection is not encrypted."""

EPILOG = """\
examples:
  vaevis-tui serve --model dog
  vaevis-tui serve --model decoder.onnx --port 9000
  vaevis-tui serve --model dog --host 192.168.1.20
  vaevis-tui serve --model dog --terminal"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    arguments.add_no_tune(parser)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=_port, default=8765, help="the port; 0 takes a free one (default: 8765)"
    )
    parser.add_argument(
        "--max-sessions", type=_sessions, default=8, metavar="N", help="browsers at once (default: 8)"
    )
    parser.add_argument(
        "--terminal",
        action="store_true",
        help="the terminal app itself in the browser, drawn by xterm.js, and not the page",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl+C or SIGTERM."""
    if importlib.util.find_spec("aiohttp") is None:
        raise UserError("serve needs aiohttp; install it with: pip install 'vaevis-tui[serve]'")
    return asyncio.run(_serve_terminal(options) if options.terminal else _serve(options))


async def _serve(options: argparse.Namespace) -> int:
    from vaevis_tui.engine.select import open_decoder
    from vaevis_tui.models.bundle import open_bundle
    from vaevis_tui.web.serve import live_server

    bundle = open_bundle(model_name(options))
    # Seconds, with many axes; export-web says the same.
    print(f"vaevis-tui: measuring what each axis of {bundle.name} does ...", file=sys.stderr)
    with open_decoder(bundle, options.backend, "cached" if options.tune else "off") as decoder:
        return await _listen(
            live_server(bundle, decoder, _address(options), options.max_sessions), bundle.name
        )


async def _serve_terminal(options: argparse.Namespace) -> int:
    from vaevis_tui.models.bundle import open_bundle
    from vaevis_tui.web.terminal import terminal_server

    model = model_name(options)
    name = open_bundle(model).name  # says now what every browser would be told
    command = [sys.executable, "-m", "vaevis_tui", "--model", model, "--backend", options.backend]
    command += [] if options.tune else ["--no-tune"]
    return await _listen(terminal_server(command, _address(options), options.max_sessions), name)


def _address(options: argparse.Namespace) -> Address:
    from vaevis_tui.web.listener import Address

    return Address.of(options.host, options.port)


async def _listen(listener: Listener, name: str) -> int:
    runner = await listener.start()
    try:
        said = [f"{name} at {listener.url} (Ctrl+C ends it)", *listener.consequences]
        print("\n".join(said), flush=True)
        terminated = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
        await terminated.wait()
    finally:
        await runner.cleanup()
    return 128 + signal.SIGTERM


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"invalid port {text!r}: expected 0 to 65535")
    return int(text)


def _sessions(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"invalid number {text!r}: expected 1 to 1000")
    return int(text)
