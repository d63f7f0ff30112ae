"""What a terminal can show, concluded from what it answered.

Answers are not believed blindly: some terminals say that they have kitty's graphics but draw no placeholders,
and a multiplexer answers for itself. What is known of them is in tables below, each with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.detect.capabilities import TRUECOLOR_BRANDS
from vaevis_tui.terminal.detect.probe import Reply, ReplyKind, draws_24_bit
from vaevis_tui.terminal.detect.window import Window
from vaevis_tui.terminal.graphics import Graphics


@dataclass(frozen=True, slots=True)
class KittyGraphics:
    """How a terminal is to be told of pictures by kitty's protocol, as for `KittyImage`.

    Attributes:
        placeholders: Whether it draws placeholders.
        frames: Whether it replaces frames.
    """

    placeholders: bool
    frames: bool


@dataclass(frozen=True, slots=True)
class GraphicsSupport:
    """What follows from the replies.

    Attributes:
        brand: The terminal's name; by its reply, else by its environment.
        version: Its version, () if it is not known.
        multiplexer: What stands between, by reply or environment.
        kitty: How to use kitty's graphics, None if it has none.
        iterm: Whether it shows iTerm2's inline images.
        sixel_registers: Colour registers for sixels, 0 if it shows none.
        sixel_size: Height and width in dots that a sixel picture may have, None if not known.
        synchronized: Whether output between ``CSI ? 2026 h`` and ``l`` is shown at once.
        truecolor: Whether it is known by its answers to draw 24-bit colours.
        cell: Height and width of a cell in dots, None if not known.
        passthrough: Whether tmux hands on what is wrapped for the terminal outside.
        answered: Whether it has answered the last question, so that what it did not answer it does not know.
        best: What pictures should be drawn with.
        reasons: What each was concluded from, pairs of a name and one clause, for people.
    """

    brand: str
    version: tuple[int, ...]
    multiplexer: str | None
    kitty: KittyGraphics | None
    iterm: bool
    sixel_registers: int
    sixel_size: tuple[int, int] | None
    synchronized: bool
    truecolor: bool
    cell: tuple[int, int] | None
    passthrough: bool
    answered: bool
    best: Graphics
    reasons: tuple[tuple[str, str], ...]

    def colors(self, told: ColorMode) -> ColorMode:
        """The colours to draw in, where the environment tells of these: it may not know of all."""
        more = self.truecolor and told.depth is ColorDepth.PALETTE
        return replace(told, depth=ColorDepth.TRUECOLOR) if more else told


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

_MULTIPLEXERS = {"tmux": "tmux", "zellij": "zellij"}

_VERSION = re.compile(r"([A-Za-z][A-Za-z0-9.]*?)(?:[ (]v?([0-9]+(?:\.[0-9]+)*)|$)")

_PLACEHOLDERS_FROM: dict[str, tuple[int, ...]] = {
    "kitty": (0, 28),  # changelog: 0.28.0, "Support for displaying images using Unicode placeholders"
    "Ghostty": (1, 0),  # ghostty-org/ghostty pull request 2015, before 1.0
}
"""Releases that draw placeholders. Not among them, though they answer the query: WezTerm (issue 986),
xterm.js and thereby VS Code (issue 5711), Warp (issue 6210), Konsole; zellij refuses them (issue 5530)."""

_FRAMES_FROM: dict[str, tuple[int, ...]] = {"kitty": (0, 20)}  # changelog: 0.20.0, "animation"
"""Releases that replace frames. For others pictures are flipped, which works everywhere."""

_INLINE_IMAGES = frozenset({"iTerm2", "WezTerm", "mintty", "xterm.js", "VS Code", "Tabby", "Warp"})
"""Brands that show iTerm2's images, as their documents say; nothing can be asked."""

_SIXEL_TELLS = frozenset({"xterm.js", "VS Code", "Tabby"})
"""Of these those made of xterm.js, whose images are an add-on: it tells of sixels, or is not there."""

_DEFAULT_REGISTERS = 256
"""Of terminals that have sixels and do not say how many colours: all that emulate them have this many."""


def conclude(
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
    said: dict[ReplyKind, Reply] = {reply.kind: reply for reply in replies}
    answered = said.get(ReplyKind.VERSION)
    name, version = _named(answered.text if answered else "")
    # Who answers by name stands next to us: a terminal's own name belies what the environment says of tmux.
    inside = _MULTIPLEXERS.get(name.lower(), None if name.lower() in _NAMES else multiplexer)
    if inside:
        name, version = _named(outside)
    brand = _NAMES.get(name.lower(), name or brand)
    reasons = [("terminal", _why_brand(answered, brand, inside, outside))]
    kitty, why = _kitty(said.get(ReplyKind.KITTY), brand, version, inside, passthrough)
    reasons.append(("kitty graphics", why))
    iterm, why = _iterm(brand, inside, passthrough, said.get(ReplyKind.ATTRIBUTES))
    reasons.append(("iTerm2 images", why))
    registers, why = _registers(said)
    reasons.append(("sixels", why))
    size = said.get(ReplyKind.SIXEL_SIZE)
    limit = size.numbers[2:0:-1] if size and size.numbers[:1] == (0,) else ()
    state = said.get(ReplyKind.SYNCHRONIZED)
    synchronized = state is not None and state.numbers[:1] in {(1,), (2,), (3,)}
    reasons.append(("synchronised output", f"mode 2026: {state.text if state else 'no answer'}"))
    truecolor, why = _truecolor(said.get(ReplyKind.COLOR), brand if answered and not inside else "")
    reasons.append(("24-bit colours", why))
    cell, why = _cell(said, window)
    reasons.append(("cell", why))
    drawable = bool(registers and cell)
    best = Graphics.HALF
    if kitty:
        best = Graphics.KITTY
    elif iterm:
        best = Graphics.ITERM
    elif drawable:
        best = Graphics.SIXEL
    return GraphicsSupport(
        brand=brand,
        version=version,
        multiplexer=inside,
        kitty=kitty,
        iterm=iterm,
        sixel_registers=registers,
        sixel_size=(limit[0], limit[1]) if len(limit) == 2 and all(limit) else None,
        synchronized=synchronized,
        truecolor=truecolor,
        cell=cell,
        passthrough=inside == "tmux" and passthrough,
        answered=ReplyKind.ATTRIBUTES in said,
        best=best,
        reasons=tuple(reasons),
    )


def _named(text: str) -> tuple[str, tuple[int, ...]]:
    match = _VERSION.match(text)
    if match is None:
        return "", ()
    return match[1], tuple(int(part) for part in match[2].split(".")) if match[2] else ()


def _why_brand(reply: Reply | None, brand: str, inside: str | None, outside: str) -> str:
    answered = f"it calls itself {reply.text!r}" if reply else "it does not tell its name"
    if inside:
        by = f"{inside}, which was told {outside!r}" if outside else "its environment"
        return f"{answered}; inside {inside}, the terminal outside is {brand} by {by}"
    return answered if reply else f"{answered}, its environment says {brand}"


def _kitty(
    reply: Reply | None, brand: str, version: tuple[int, ...], inside: str | None, passthrough: bool
) -> tuple[KittyGraphics | None, str]:
    if inside == "tmux":
        # The query does not come through; placeholders alone stay where tmux puts text.
        if not passthrough:
            return None, "tmux passthrough is off: set -g allow-passthrough on"
        named = f"{brand} {'.'.join(map(str, version))}".strip()
        if not _since(_PLACEHOLDERS_FROM, brand, version or (99,)):
            return None, f"through tmux it takes placeholders, which {named} is not known to draw"
        frames = _since(_FRAMES_FROM, brand, version or (99,))
        return KittyGraphics(True, frames), f"through tmux, {named} draws placeholders"
    if inside:
        return None, f"{inside} passthrough is off"
    if reply is None:
        return None, "no answer"
    if not reply.text.endswith(";OK"):
        return None, f"it answered {reply.text!r}"
    placeholders, frames = (_since(known, brand, version) for known in (_PLACEHOLDERS_FROM, _FRAMES_FROM))
    where = "draws placeholders" if placeholders else "is not known to draw placeholders: placed directly"
    how = "replaces frames" if frames else "is not known to replace frames: flipped"
    named = f"{brand} {'.'.join(map(str, version))}".strip()
    return KittyGraphics(placeholders, frames), f"answered OK; {named} {where}, {how}"


def lacks_placeholders(support: GraphicsSupport) -> bool:
    """Whether the terminal is one of a release that is known to draw none."""
    known = _PLACEHOLDERS_FROM.get(support.brand)
    return known is not None and bool(support.version) and support.version < known


def _since(known: Mapping[str, tuple[int, ...]], brand: str, version: tuple[int, ...]) -> bool:
    """Whether a release is one of those that can do something."""
    return brand in known and version >= known[brand]


def _iterm(brand: str, inside: str | None, passthrough: bool, attributes: Reply | None) -> tuple[bool, str]:
    if inside and not (inside == "tmux" and passthrough):
        return (
            False,
            f"{inside} passthrough is off{': set -g allow-passthrough on' if inside == 'tmux' else ''}",
        )
    if brand in _SIXEL_TELLS and not inside and attributes and 4 not in attributes.numbers[1:]:
        return False, f"{brand} shows no images: DA1 has no 4"
    shows = brand in _INLINE_IMAGES
    return shows, f"{brand} {'shows' if shows else 'is not known to show'} them"


def _registers(said: Mapping[ReplyKind, Reply]) -> tuple[int, str]:
    attributes, registers = said.get(ReplyKind.ATTRIBUTES), said.get(ReplyKind.REGISTERS)
    if attributes is None:
        return 0, "no answer to DA1"
    if 4 not in attributes.numbers[1:]:
        return 0, f"DA1 has no 4: {attributes.text}"
    told = registers.numbers if registers else ()
    if len(told) == 2 and told[0] == 0 and told[1] > 1:
        return told[1], f"DA1 has 4, XTSMGRAPHICS tells {told[1]} colours"
    return _DEFAULT_REGISTERS, f"DA1 has 4; {_DEFAULT_REGISTERS} colours, which it does not tell"


def _truecolor(reply: Reply | None, brand: str) -> tuple[bool, str]:
    """Whether 24-bit colours are drawn; brand is what the terminal calls itself, empty if it does not."""
    if reply is not None and draws_24_bit(reply):
        return True, "it gives back the colour that it was told"
    if brand in TRUECOLOR_BRANDS:
        return True, f"{brand} draws them"
    return False, f"it answered {reply.text!r}" if reply else "no answer"


def _cell(said: Mapping[ReplyKind, Reply], window: Window | None) -> tuple[tuple[int, int] | None, str]:
    cell, whole = said.get(ReplyKind.CELL_SIZE), said.get(ReplyKind.WINDOW_SIZE)
    if cell and len(cell.numbers) == 2 and all(cell.numbers):
        height, width = cell.numbers
        return (height, width), f"{width}x{height} dots, as it tells"
    if window and (known := window.cell):
        return known, f"{known[1]}x{known[0]} dots, by the window's size as the system knows it"
    if window and whole and len(whole.numbers) == 2:
        known = Window(window.rows, window.columns, *whole.numbers).cell
        if known:
            return known, f"{known[1]}x{known[0]} dots, its window divided"
    return None, "its size in dots is not told"
