"""What a terminal can show, concluded from what it answered.

Answers are not believed blindly: some terminals say that they have kitty's graphics but draw no placeholders,
and a multiplexer answers for itself. What is known of them is in the protocols' descriptors, with its
source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vaevis_tui.terminal.detect.capabilities import TRUECOLOR_BRANDS
from vaevis_tui.terminal.detect.protocols.protocol import Answers
from vaevis_tui.terminal.detect.protocols.registry import IMAGE_PROTOCOLS
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind, draws_24_bit
from vaevis_tui.terminal.detect.window import Window
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport

_NAMES = {
    "contour": "Contour",
    "foot": "foot",
    "ghostty": "Ghostty",
    "iterm2": "iTerm2",
    "kitty": "kitty",
    "konsole": "Konsole",
    "mintty": "mintty",
    "rio": "Rio",
    "vte": "VTE (GNOME Terminal and its kin)",
    "warp": "Warp",
    "wezterm": "WezTerm",
    "xterm": "xterm",
    "xterm.js": "xterm.js",
}
"""Brands by the name in their version, as `TerminalCapabilities` calls them."""

_CLIPBOARD_FROM = 0, 27
"""Of kitty (manual of its clipboard kitten, "Added in version 0.27.0")."""

_MULTIPLEXERS = {"tmux": "tmux", "zellij": "zellij"}

_VERSION = re.compile(r"([A-Za-z][A-Za-z0-9.]*?)(?:[ (]v?([0-9]+(?:\.[0-9]+)*)|$)")


def infer_support(
    replies: Iterable[Reply],
    *,
    brand: str,
    multiplexer: str | None,
    window: Window | None = None,
    passthrough: bool = False,
    outside: str = "",
) -> GraphicsSupport:
    """What a terminal can show.

    Args:
        replies: What it answered; nothing at all is an answer, too.
        brand: The terminal by its environment, as in `TerminalCapabilities`.
        multiplexer: What stands between by the environment, as in `TerminalCapabilities`.
        window: The window as the system knows it, for the size of a cell where the terminal does not tell.
        passthrough: Whether tmux hands on what is wrapped by `through_tmux` (its option allow-passthrough).
        outside: How the terminal outside tmux calls itself, as tmux knows it (client_termtype); or empty.
    """
    said: dict[str, Reply] = {reply.kind: reply for reply in replies}
    answered = said.get(ReplyKind.VERSION)
    name, version = _named(answered.text if answered else "")
    # Who answers by name stands next to us: a terminal's own name belies what the environment says of tmux.
    inside = _MULTIPLEXERS.get(name.lower(), None if name.lower() in _NAMES else multiplexer)
    if inside:
        name, version = _named(outside)
    brand = _NAMES.get(name.lower(), name or brand)
    reasons = [("terminal", _why_brand(answered, brand, inside, outside))]
    answers = Answers(said, brand, version, inside, passthrough)
    facts: dict[str, Any] = {}
    for protocol in IMAGE_PROTOCOLS:
        found, why = protocol.infer(answers)
        facts.update(found)
        reasons.append((protocol.about, why))
    state = said.get(ReplyKind.SYNCHRONIZED)
    reasons.append(("synchronised output", f"mode 2026: {state.text if state else 'no answer'}"))
    truecolor, why = _truecolor(said.get(ReplyKind.COLOR), brand if answered and not inside else "")
    reasons.append(("24-bit colours", why))
    clipboard, why = _clipboard(said.get(ReplyKind.CLIPBOARD), brand, version, inside)
    reasons.append(("images on the clipboard", why))
    cell, why = _cell(said, window)
    reasons.append(("cell", why))
    support = GraphicsSupport(
        brand=brand,
        version=version,
        multiplexer=inside,
        truecolor=truecolor,
        clipboard=clipboard,
        cell=cell,
        passthrough=inside == "tmux" and passthrough,
        answered=ReplyKind.ATTRIBUTES in said,
        best=Graphics.HALF,
        reasons=tuple(reasons),
        **facts,
    )
    best = (protocol.graphics for protocol in IMAGE_PROTOCOLS if protocol.has(support))
    return replace(support, best=next(best, Graphics.HALF))


def _named(text: str) -> tuple[str, tuple[int, ...]]:
    match = _VERSION.match(text)
    if match is None:
        return "", ()
    return match[1], tuple(int(part) for part in match[2].split(".")) if match[2] else ()


def _why_brand(reply: Reply | None, brand: str, inside: str | None, outside: str) -> str:
    answered = f"it calls itself {reply.text!r}" if reply else "it does not tell its name"
    if inside:
        by = f"{inside}, which knows it as {outside!r}" if outside else "its environment"
        return f"{answered}; inside {inside}, the terminal outside is {brand} by {by}"
    return answered if reply else f"{answered}, its environment says {brand}"


def _truecolor(reply: Reply | None, brand: str) -> tuple[bool, str]:
    """Whether 24-bit colours are drawn; brand is what the terminal calls itself, empty if it does not."""
    if reply is not None and draws_24_bit(reply):
        return True, "it reports the colour that was set"
    if brand in TRUECOLOR_BRANDS:
        return True, f"{brand} draws them"
    return False, f"it answered {reply.text!r}" if reply else "no answer"


def _clipboard(
    reply: Reply | None, brand: str, version: tuple[int, ...], inside: str | None
) -> tuple[bool, str]:
    """Whether it takes images for its clipboard (OSC 5522): who has mode 5522 does, and older kitties."""
    if inside:
        return False, f"{inside} would take the terminal's answer for keys"
    if reply is not None and reply.numbers[:1] in {(1,), (2,), (3,)}:
        return True, f"mode 5522: {reply.text}"
    if brand == "kitty" and version >= _CLIPBOARD_FROM:
        return True, f"kitty {'.'.join(map(str, version))} takes them"
    return False, f"mode 5522: {reply.text if reply else 'no answer'}"


def _cell(said: Mapping[str, Reply], window: Window | None) -> tuple[tuple[int, int] | None, str]:
    cell, whole = said.get(ReplyKind.CELL_SIZE), said.get(ReplyKind.WINDOW_SIZE)
    if cell and len(cell.numbers) == 2 and all(cell.numbers):
        height, width = cell.numbers
        return (height, width), f"{width}x{height} pixels, as it reports"
    if window and (known := window.cell):
        return known, f"{known[1]}x{known[0]} pixels, by the window's size as the system knows it"
    if window and whole and len(whole.numbers) == 2:
        known = Window(window.rows, window.columns, *whole.numbers).cell
        if known:
            return known, f"{known[1]}x{known[0]} pixels, its window divided"
    return None, "it does not report its size in pixels"
