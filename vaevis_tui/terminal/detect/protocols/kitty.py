"""kitty's graphics protocol: how to find out whether a terminal has it, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.protocols.protocol import Answers, Facts, ImageProtocol
from vaevis_tui.terminal.detect.replies import Query, ReplyKind
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport, KittyGraphics
from vaevis_tui.terminal.surface import Renderer

_QUERY_ID = 31

_PRINT_APC = frozenset({"Apple Terminal", "Linux console"})
"""Brands that show an application program command as text instead of ignoring it."""

_NAMED_BY_APC = frozenset({"screen", "tmux"})
"""Multiplexers that take one for the title of the window; neither would answer it."""

_PLACEHOLDERS_FROM: dict[str, tuple[int, ...]] = {
    "kitty": (0, 28),  # changelog: 0.28.0, "Support for displaying images using Unicode placeholders"
    "Ghostty": (1, 0),  # ghostty-org/ghostty pull request 2015, before 1.0
}
"""Releases that draw placeholders. Not among them, though they answer the query: WezTerm (issue 986),
xterm.js and thereby VS Code (issue 5711), Warp (issue 6210), Konsole; zellij refuses them (issue 5530)."""

_FRAMES_FROM: dict[str, tuple[int, ...]] = {"kitty": (0, 20)}  # changelog: 0.20.0, "animation"
"""Releases that replace frames. For others images are flipped, which works everywhere."""


def _may_ask(brand: str, multiplexer: str | None) -> bool:
    return brand not in _PRINT_APC and multiplexer not in _NAMED_BY_APC


def _infer(answers: Answers) -> tuple[Facts, str]:
    kitty, why = _kitty(answers)
    return {"kitty": kitty}, why


def _kitty(answers: Answers) -> tuple[KittyGraphics | None, str]:
    brand, version, inside = answers.brand, answers.version, answers.inside
    if inside == "tmux":
        # The query does not come through; placeholders alone stay where tmux puts text.
        if not answers.passthrough:
            return None, "tmux passthrough is off: set -g allow-passthrough on"
        if not _since(_PLACEHOLDERS_FROM, brand, version or (99,)):
            return None, f"through tmux it takes placeholders, which {answers.named} is not known to draw"
        frames = _since(_FRAMES_FROM, brand, version or (99,))
        return KittyGraphics(True, frames), f"through tmux, {answers.named} draws placeholders"
    reply = answers.said.get(ReplyKind.KITTY)
    if inside and reply is None:
        return None, f"{inside} did not answer"
    if reply is None:
        return None, "no answer"
    if not reply.text.endswith(";OK"):
        return None, f"it answered {reply.text!r}"
    if inside:  # zellij from 0.45 on draws images itself, whatever the terminal outside has
        return KittyGraphics(False, False), f"{inside} answered OK: placed directly and flipped"
    placeholders, frames = (_since(known, brand, version) for known in (_PLACEHOLDERS_FROM, _FRAMES_FROM))
    where = "draws placeholders" if placeholders else "is not known to draw placeholders: placed directly"
    how = "replaces frames" if frames else "is not known to replace frames: flipped"
    return KittyGraphics(placeholders, frames), f"answered OK; {answers.named} {where}, {how}"


def _since(known: Mapping[str, tuple[int, ...]], brand: str, version: tuple[int, ...]) -> bool:
    """Whether a release is one of those that can do something."""
    return brand in known and version >= known[brand]


def _lacks_placeholders(support: GraphicsSupport) -> bool:
    """Whether the terminal is one of a release that is known to draw none."""
    known = _PLACEHOLDERS_FROM.get(support.brand)
    return known is not None and bool(support.version) and support.version < known


def _assume(support: GraphicsSupport) -> GraphicsSupport | None:
    if support.multiplexer is None and not support.answered:
        return replace(support, kitty=KittyGraphics(placeholders=False, frames=False))
    if support.multiplexer and support.passthrough and not _lacks_placeholders(support):
        return replace(support, kitty=KittyGraphics(placeholders=True, frames=False))
    return None


def _renderer(colors: ColorMode, support: GraphicsSupport) -> Renderer:
    from vaevis_tui.terminal.images.kitty import KittyImages

    return KittyImages(colors, support)


KITTY = ImageProtocol(
    graphics=Graphics.KITTY,
    name="kitty's graphics",
    about="kitty graphics",
    queries={
        ReplyKind.KITTY: Query(
            b"\x1b_Gi=%d,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" % _QUERY_ID, strings=(b"\x1b_G",)
        )
    },
    may_ask=_may_ask,
    infer=_infer,
    has=lambda support: support.kitty is not None,
    assume=_assume,
    renderer=_renderer,
)
