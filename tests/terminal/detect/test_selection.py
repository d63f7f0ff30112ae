from __future__ import annotations

import pytest

from vaevis_tui.terminal.detect.reply_parser import ReplyParser
from vaevis_tui.terminal.detect.selection import choose, following, offered
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.graphics import AUTO, Graphics, GraphicsSupport, KittyGraphics

KITTY = b"\x1bP>|kitty(0.26.5)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;20;9t\x1b[?62;c"
FOOT = b"\x1bP>|foot(1.25.0)\x1b\\\x1b[?1;0;1024S\x1b[6;19;10t\x1b[?62;4;22c"
XTERM = b"\x1bP>|XTerm(379)\x1b\\\x1b[?64;1;2c"
SIXELS_WITHOUT_A_CELL = b"\x1b[?62;4c"
TMUX = b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c"

CHARACTERS = (
    Graphics.OCTANT,
    Graphics.SEXTANT,
    Graphics.QUADRANT,
    Graphics.HALF,
    Graphics.BRAILLE,
    Graphics.ASCII,
)


def support(
    data: bytes, multiplexer: str | None = None, *, passthrough: bool = False, outside: str = ""
) -> GraphicsSupport:
    parser = ReplyParser()
    parser.feed(data)
    return infer_support(
        parser.replies, brand="unknown", multiplexer=multiplexer, passthrough=passthrough, outside=outside
    )


def test_what_is_offered_is_what_the_terminal_has_and_all_characters() -> None:
    assert offered(support(KITTY)) == (Graphics.KITTY, *CHARACTERS)
    assert offered(support(FOOT)) == (Graphics.SIXEL, *CHARACTERS)
    assert offered(support(b"")) == CHARACTERS


@pytest.mark.parametrize(
    ("data", "graphics"), [(KITTY, Graphics.KITTY), (FOOT, Graphics.SIXEL), (b"", Graphics.HALF)]
)
def test_auto_takes_the_best(data: bytes, graphics: Graphics) -> None:
    choice = choose(AUTO, support(data))
    assert (choice.graphics, choice.notice) == (graphics, None)


def test_characters_are_always_had() -> None:
    assert choose("braille", support(b"")).graphics is Graphics.BRAILLE


@pytest.mark.parametrize("requested", ["kitty", "sixel"])
def test_what_the_terminal_denies_is_not_used_and_the_user_is_told_why(requested: str) -> None:
    choice = choose(requested, support(XTERM))
    assert choice.graphics is Graphics.HALF
    assert choice.notice is not None
    assert choice.notice.endswith("images are drawn as half.")
    assert choose("kitty", support(FOOT)).graphics is Graphics.SIXEL


def test_a_silent_terminal_is_taken_at_the_users_word() -> None:
    kitty = choose("kitty", support(b""))
    assert (kitty.graphics, kitty.support.kitty) == (Graphics.KITTY, KittyGraphics(False, False))
    sixel = choose("sixel", support(b""))
    assert (sixel.graphics, sixel.support.sixel_registers, sixel.support.cell) == (
        Graphics.SIXEL,
        256,
        (20, 10),
    )
    for choice in (kitty, sixel):
        assert choice.notice is not None
        assert "not known" in choice.notice


def test_nobody_can_ask_for_inline_images_so_the_users_word_counts() -> None:
    choice = choose("iterm", support(XTERM))
    assert choice.graphics is Graphics.ITERM
    assert choice.support.iterm


def test_sixels_in_cells_of_unknown_size_need_the_users_word() -> None:
    assert choose(AUTO, support(SIXELS_WITHOUT_A_CELL)).graphics is Graphics.HALF
    assert choose("sixel", support(SIXELS_WITHOUT_A_CELL)).support.cell == (20, 10)


@pytest.mark.parametrize("requested", ["kitty", "iterm"])
def test_what_does_not_come_through_a_multiplexer_is_not_used(requested: str) -> None:
    assert choose(requested, support(TMUX, "tmux")).graphics is Graphics.HALF
    assert choose(requested, support(b"\x1b[?1;2c", "screen")).graphics is Graphics.HALF


def test_what_comes_through_tmux_is_used_if_asked_for() -> None:
    through = support(TMUX, "tmux", passthrough=True, outside="WezTerm 20240203")
    assert choose("kitty", through).support.kitty == KittyGraphics(True, False)
    assert choose(AUTO, through).graphics is Graphics.ITERM


def test_a_kitty_that_is_known_to_draw_no_placeholders_gets_none_through_tmux() -> None:
    through = support(TMUX, "tmux", passthrough=True, outside="kitty(0.26.5)")
    choice = choose("kitty", through)
    assert choice.graphics is Graphics.HALF
    assert choice.notice is not None
    assert "kitty 0.26.5 is not known to draw" in choice.notice


def test_the_key_goes_through_all_and_comes_back() -> None:
    foot = support(FOOT)
    seen = [Graphics.SIXEL]
    while (after := following(seen[-1], foot)) is not seen[0]:
        seen.append(after)
    assert seen == list(offered(foot))
    assert following(Graphics.KITTY, foot) is Graphics.SIXEL
