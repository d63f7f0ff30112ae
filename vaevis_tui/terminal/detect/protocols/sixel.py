"""Sixels: how to find out whether a terminal shows them, how large and in how many colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.protocols.protocol import Answers, Facts, ImageProtocol
from vaevis_tui.terminal.detect.replies import Query, Reply, ReplyKind
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport
from vaevis_tui.terminal.surface import Renderer

_DEFAULT_REGISTERS = 256
"""Of terminals that have sixels and do not say how many colours: all that emulate them have this many."""

_VT340_CELL = (20, 10)
"""Height and width of a cell in dots where nobody tells: what the first terminal with sixels had."""


def _infer(answers: Answers) -> tuple[Facts, str]:
    registers, why = _registers(answers.said)
    size = answers.said.get(ReplyKind.SIXEL_SIZE)
    limit = size.numbers[2:0:-1] if size and size.numbers[:1] == (0,) else ()
    most = (limit[0], limit[1]) if len(limit) == 2 and all(limit) else None
    return {"sixel_registers": registers, "sixel_size": most}, why


def _registers(said: Mapping[str, Reply]) -> tuple[int, str]:
    attributes, registers = said.get(ReplyKind.ATTRIBUTES), said.get(ReplyKind.REGISTERS)
    if attributes is None:
        return 0, "no answer to DA1"
    if 4 not in attributes.numbers[1:]:
        return 0, f"DA1 has no 4: {attributes.text}"
    answered = registers.numbers if registers else ()
    if len(answered) == 2 and answered[0] == 0 and answered[1] > 1:
        return answered[1], f"DA1 has 4, XTSMGRAPHICS reports {answered[1]} colours"
    return _DEFAULT_REGISTERS, f"DA1 has 4; {_DEFAULT_REGISTERS} colours, which it does not tell"


def _assume(support: GraphicsSupport) -> GraphicsSupport | None:
    if support.answered and not support.sixel_registers:
        return None
    registers = support.sixel_registers or _DEFAULT_REGISTERS
    return replace(support, sixel_registers=registers, cell=support.cell or _VT340_CELL)


def _renderer(colors: ColorMode, support: GraphicsSupport) -> Renderer:
    from vaevis_tui.terminal.images.sixel import Sixels

    return Sixels(colors, support)


SIXEL = ImageProtocol(
    graphics=Graphics.SIXEL,
    name="sixels",
    about="sixels",
    queries={
        ReplyKind.REGISTERS: Query(b"\x1b[?1;1;0S", control=(b"?", b"", b"S"), first="1"),
        ReplyKind.SIXEL_SIZE: Query(b"\x1b[?2;1;0S", control=(b"?", b"", b"S"), first="2"),
    },
    infer=_infer,
    has=lambda support: bool(support.sixel_registers and support.cell),
    assume=_assume,
    renderer=_renderer,
)
