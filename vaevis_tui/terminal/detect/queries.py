r"""The queries that find out what a terminal can do; `reply_parser` reads the answers.

All queries (xterm's ctlseqs unless said otherwise) are written in one go. Every terminal answers the last
one, the fence: what was not answered before it never will be.

====================  ==========================  ==================================================
XTVERSION             ``CSI > q``                 ``DCS > | name version ST``
kitty graphics        ``APC G a=q ... ST``        ``APC G i=31 ; OK ST`` (kitty's protocol, "Querying")
XTSMGRAPHICS          ``CSI ? 1 ; 1 ; 0 S``       ``CSI ? 1 ; 0 ; n S``, n colour registers for sixels
XTSMGRAPHICS          ``CSI ? 2 ; 1 ; 0 S``       ``CSI ? 2 ; 0 ; w ; h S``, the largest sixel image
DECRQM                ``CSI ? 2026 $ p``          ``CSI ? 2026 ; n $ y``, 1 or 2: synchronised output
DECRQM                ``CSI ? 5522 $ p``          ``CSI ? 5522 ; n $ y``, 1 to 3: see `link.clipboard`
XTWINOPS              ``CSI 14 t``                ``CSI 4 ; h ; w t``, the window in dots
XTWINOPS              ``CSI 16 t``                ``CSI 6 ; h ; w t``, a cell in dots
OSC 11                ``OSC 11 ; ? ST``           ``OSC 11 ; rgb:rrrr/gggg/bbbb ST``, the background
DECRQSS               ``DCS $ q m ST``            ``DCS 1 $ r ... m ST``, the SGR in force: see `draws_24_bit`
DA1                   ``CSI c``                   ``CSI ? n ; ... c``, with 4 for sixels
====================  ==========================  ==================================================

The queries about images are in the descriptors of their protocols. What follows from the answers is in
`vaevis_tui.terminal.detect.support`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from vaevis_tui.terminal.detect.protocols.registry import IMAGE_PROTOCOLS
from vaevis_tui.terminal.detect.replies import Query, ReplyKind

_GENERAL: dict[str, Query] = {
    ReplyKind.SYNCHRONIZED: Query(b"\x1b[?2026$p", control=(b"?", b"$", b"y"), first="2026"),
    ReplyKind.CLIPBOARD: Query(b"\x1b[?5522$p", control=(b"?", b"$", b"y"), first="5522"),
    ReplyKind.WINDOW_SIZE: Query(b"\x1b[14t", control=(b"", b"", b"t"), first="4"),
    ReplyKind.CELL_SIZE: Query(b"\x1b[16t", control=(b"", b"", b"t"), first="6"),
    ReplyKind.BACKGROUND: Query(b"\x1b]11;?\x1b\\", strings=(b"\x1b]11;",)),
    ReplyKind.COLOR: Query(b"\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m", strings=(b"\x1bP1$r", b"\x1bP0$r")),
    ReplyKind.ATTRIBUTES: Query(b"\x1b[c", control=(b"?", b"", b"c")),
}

ALL: dict[str, Query] = {
    ReplyKind.VERSION: Query(b"\x1b[>q", strings=(b"\x1bP>|",)),
    **dict(chain.from_iterable(protocol.queries.items() for protocol in IMAGE_PROTOCOLS)),
    **_GENERAL,
}
"""Every query with the form of its reply, in the order in which they are asked."""

QUERIES: dict[str, bytes] = {kind: query.sent for kind, query in ALL.items()}
"""The bytes of each query, in order; the last is the fence."""

_PRINT_STRINGS = frozenset({"Apple Terminal", "Linux console"})
"""Brands that show a device control string as text instead of ignoring it."""

_NO_COLOR_QUERY = frozenset({"Linux console"})
"""Brands that take an operating system command for something else."""

TIMEOUT = 1.0
"""Seconds to wait for the fence on this machine. Nothing waits for it but a better image."""

REMOTE_TIMEOUT = 5.0
"""Seconds to wait for the fence over SSH: several round trips of a bad link that carries an image, too."""


def timeout(environ: Mapping[str, str]) -> float:
    """Seconds to wait for the fence, by the environment."""
    return REMOTE_TIMEOUT if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else TIMEOUT


def queries(brand: str, multiplexer: str | None) -> dict[str, bytes]:
    """The queries for a terminal, to be written in this order and in one go.

    Args:
        brand: The terminal by its environment, as in `TerminalCapabilities`.
        multiplexer: What stands between, as in `TerminalCapabilities`.
    """
    left_out: dict[str, bool] = {
        ReplyKind.BACKGROUND: brand in _NO_COLOR_QUERY,
        # Multiplexers do not know it, or let the terminal outside answer, which never sees these colours.
        ReplyKind.COLOR: brand in _PRINT_STRINGS or multiplexer is not None,
        ReplyKind.CLIPBOARD: multiplexer is not None,  # whose answer would go to another window, or be keys
    }
    silent = {
        kind
        for protocol in IMAGE_PROTOCOLS
        if not protocol.may_ask(brand, multiplexer)
        for kind in protocol.queries
    }
    return {kind: sent for kind, sent in QUERIES.items() if kind not in silent and not left_out.get(kind)}
