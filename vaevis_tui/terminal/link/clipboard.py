"""The clipboard of the terminal's own machine, also at the other end of SSH: OSC 52.

``ESC ] 52 ; c ; BASE64 BEL`` (xterm's *Manipulate Selection Data*) sets it. No terminal says whether it did:
VTE and Apple Terminal never do, xterm only where ``allowWindowOps`` or ``disallowedWindowOps`` let it.

tmux takes the sequence for itself where its option ``set-clipboard`` is ``on``, and hands on what is wrapped
up for it (DCS ``tmux;``, each ESC doubled) where ``allow-passthrough`` is. Both are sent: either may be off.
screen hands on any DCS, of strings of at most 768 bytes, so there it goes in pieces.
"""

from __future__ import annotations

import base64
import re

_SCREEN_PIECE = 500


def set_clipboard(text: str, multiplexer: str | None = None) -> str:
    """Output that sets the clipboard to a text.

    Args:
        text: Any.
        multiplexer: As in `TerminalCapabilities`.
    """
    sequence = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"
    if multiplexer == "tmux":
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"{sequence}\x1bPtmux;{doubled}\x1b\\"
    if multiplexer == "screen":
        pieces = (sequence[at : at + _SCREEN_PIECE] for at in range(0, len(sequence), _SCREEN_PIECE))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence


_IMAGE_PIECE = 4096
"""Bytes of an image at most that go in one packet of OSC 5522, before they are base64."""


def set_clipboard_image(png: bytes) -> str:
    """Output that sets the clipboard to an image, for terminals that take one (`GraphicsSupport.clipboard`).

    OSC 5522 (https://sw.kovidgoyal.net/kitty/clipboard/); the terminal answers, see `clipboard_refusal`. No
    multiplexer hands that answer back to us: tmux takes it for keys.

    Args:
        png: A PNG file.
    """
    kind = base64.b64encode(b"image/png").decode()
    pieces = (png[at : at + _IMAGE_PIECE] for at in range(0, len(png), _IMAGE_PIECE))
    data = (f"type=wdata:mime={kind};{base64.b64encode(piece).decode()}" for piece in pieces)
    return "".join(f"\x1b]5522;{packet}\x1b\\" for packet in ("type=write", *data, "type=wdata"))


_REFUSALS = {
    "EPERM": "it does not permit it, or you did not",
    "EBUSY": "another program writes to it just now",
    "ENOSYS": "it has none",
}


def clipboard_refusal(answer: str) -> str | None:
    """Why an image is not on the clipboard, a few words; None if it is.

    Args:
        answer: The terminal's, less ``OSC 5522 ;``.
    """
    status = re.search(r"status=([A-Za-z0-9_]+)", answer)
    code = status[1] if status else "nothing that can be read"
    return None if code == "DONE" else _REFUSALS.get(code, f"it answered {code}")


def clipboard_hint(multiplexer: str | None = None) -> str:
    """What to look at where nothing arrives, one sentence."""
    if multiplexer == "tmux":
        return "Did nothing arrive? In tmux: set -g set-clipboard on"
    return "Did nothing arrive? The terminal must allow OSC 52."
