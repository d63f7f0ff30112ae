"""iTerm2's inline images: how to find out whether a terminal shows them."""

from __future__ import annotations

from dataclasses import replace

from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.protocols.protocol import Answers, Facts, ImageProtocol
from vaevis_tui.terminal.detect.replies import ReplyKind
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport
from vaevis_tui.terminal.surface import Renderer

_INLINE_IMAGES = frozenset({"iTerm2", "WezTerm", "mintty", "xterm.js", "VS Code", "Tabby", "Warp"})
"""Brands that show iTerm2's images, as their documents say; nothing can be asked."""

_SIXEL_TELLS = frozenset({"xterm.js", "VS Code", "Tabby"})
"""Of these those made of xterm.js, whose images are an add-on: it tells of sixels, or is not there."""


def _infer(answers: Answers) -> tuple[Facts, str]:
    shows, why = _iterm(answers)
    return {"iterm": shows}, why


def _iterm(answers: Answers) -> tuple[bool, str]:
    brand, inside = answers.brand, answers.inside
    attributes = answers.said.get(ReplyKind.ATTRIBUTES)
    if inside and not (inside == "tmux" and answers.passthrough):
        return (
            False,
            f"{inside} passthrough is off{': set -g allow-passthrough on' if inside == 'tmux' else ''}",
        )
    if brand in _SIXEL_TELLS and not inside and attributes and 4 not in attributes.numbers[1:]:
        return False, f"{brand} shows no images: DA1 has no 4"
    shows = brand in _INLINE_IMAGES
    return shows, f"{brand} {'shows' if shows else 'is not known to show'} them"


def _assume(support: GraphicsSupport) -> GraphicsSupport | None:
    through = support.multiplexer is None or (support.multiplexer == "tmux" and support.passthrough)
    return replace(support, iterm=True) if through else None


def _renderer(colors: ColorMode, support: GraphicsSupport) -> Renderer:
    from vaevis_tui.terminal.images.iterm2 import InlineImages

    return InlineImages(colors, support)


ITERM = ImageProtocol(
    graphics=Graphics.ITERM,
    name="iTerm2's images",
    about="iTerm2 images",
    queries={},
    infer=_infer,
    has=lambda support: support.iterm,
    assume=_assume,
    renderer=_renderer,
)
