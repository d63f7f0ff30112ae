from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.terminal.detect.replies import (
    APPLE,
    FOOT,
    GHOSTTY,
    ITERM2,
    KITTY_26,
    KITTY_45,
    KONSOLE,
    SCREEN,
    TMUX,
    VS_CODE,
    VTE,
    WARP,
    WEZTERM,
    WINDOWS_TERMINAL,
    XTERM,
    XTERM_VT340,
    ZELLIJ,
)
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.detect.queries import QUERIES, REMOTE_TIMEOUT, TIMEOUT, queries, timeout
from vaevis_tui.terminal.detect.replies import ReplyKind
from vaevis_tui.terminal.detect.reply_parser import ReplyParser
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.detect.window import Window
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport, KittyGraphics


def heard(data: bytes) -> ReplyParser:
    parser = ReplyParser()
    assert parser.feed(data) == b""
    return parser


def support(
    data: bytes, brand: str = "unknown", multiplexer: str | None = None, passthrough: bool = False
) -> GraphicsSupport:
    replies = heard(data).replies
    return infer_support(
        replies, brand=brand, multiplexer=multiplexer, window=Window(23, 94), passthrough=passthrough
    )


# Asking


def batch(brand: str, multiplexer: str | None) -> bytes:
    return b"".join(queries(brand, multiplexer).values())


def test_the_fence_is_asked_last_and_answered_by_all() -> None:
    assert list(QUERIES)[-1] is ReplyKind.ATTRIBUTES
    assert batch("xterm", None).endswith(b"\x1b[c")
    for replies in (XTERM, XTERM_VT340, KITTY_26, TMUX, GHOSTTY, WEZTERM, FOOT, ITERM2, VTE, APPLE):
        assert heard(replies).fenced


def test_exact_queries() -> None:
    assert batch("kitty", None) == (
        b"\x1b[>q\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[?1;1;0S\x1b[?2;1;0S\x1b[?2026$p\x1b[?5522$p\x1b[14t\x1b[16t\x1b]11;?\x1b\\"
        b"\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m\x1b[c"
    )


@pytest.mark.parametrize(
    ("brand", "multiplexer"),
    [("Apple Terminal", None), ("Linux console", None), ("xterm", "screen"), ("kitty", "tmux")],
)
def test_who_would_print_kittys_query_or_take_it_for_a_title_is_not_asked(
    brand: str, multiplexer: str | None
) -> None:
    assert b"\x1b_" not in batch(brand, multiplexer)


def test_ssh_gets_more_time() -> None:
    assert timeout({}) == TIMEOUT
    assert timeout({"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}) == REMOTE_TIMEOUT > TIMEOUT


@pytest.mark.parametrize("multiplexer", ["screen", "tmux", "zellij"])
def test_no_terminal_outside_a_multiplexer_is_asked_for_colours(multiplexer: str) -> None:
    assert b"\x1bP$q" not in batch("xterm", multiplexer)


# Hearing


def test_replies_are_told_apart() -> None:
    replies = {reply.kind: reply.text for reply in heard(KITTY_26 + XTERM_VT340).replies[:6]}
    assert replies == {
        ReplyKind.VERSION: "kitty(0.26.5)",
        ReplyKind.KITTY: "i=31;OK",
        ReplyKind.SYNCHRONIZED: "2",
        ReplyKind.WINDOW_SIZE: "460;846",
        ReplyKind.CELL_SIZE: "20;9",
        ReplyKind.ATTRIBUTES: "62;",
    }


KEYS = [
    *[
        b"a",
        b"\r",
        b"\x7f",
        b"\xc3\xa9",
        b"\x1b[A",
        b"\x1b[1;5C",
        b"\x1bOP",
        b"\x1b[3~",
        b"\x1bx",
        b"\x1b[200~",
    ],
    *[b"\x1b[12;40R", b"\x1b[<0;3;4M", b"\x1b[I", b"\x1b[O", b"\x1b[?1049;1$y", b"\x1b[48;24;80;600;800t"],
    *[b"\x1bPz", b"\x1b_a", b"\x1b]a", b"\x1bX", b"\x1b^", b"\x1b[97;5u", b"\x1b[c"],
]
"""And what Textual asks for."""

FOREIGN = [
    *[
        b"\x1b]10;rgb:0/0/0\x1b\\",
        b"\x1b]4;7;rgb:aa/bb/cc\x07",
        b"\x1b]52;c;cnEgcg==\x07",
        b"\x1b]lname\x1b\\",
    ],
    *[b"\x1b]1337;ReportCellSize=17;8;2\x1b\\", b"\x1bP1+r544e=78\x1b\\", b"\x1bP!|00000000\x1b\\"],
    *[b"\x1bP0+r\x1b\\", b"\x1b[>1;10;0c", b"\x1b[=0c", b"\x1b[?997;1n", b"\x1b[?0u", b"\x1b[?12;40;1R"],
    *[b"\x1b[0n", b"\x1b[8;24;80t", b"\x1b[3;0;0t", b"\x1b[2;1$y", b"\x1b[2;1;1;128;128;1;0x"],
    *[b"\x1b]52;c;" + 100 * b"cnEg" + b"\x07", b"\x1bP!|" + 300 * b"0" + b"\x1b\\"],
]
"""Answers to other people's questions, which come after all: from the program before, from a paste."""


@given(
    st.lists(st.sampled_from([*KEYS, *FOREIGN, XTERM, KITTY_26, WEZTERM, VTE]), max_size=6),
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
)
@settings(max_examples=150, deadline=None)
def test_keys_come_out_untouched_however_input_is_cut(tokens: list[bytes], sizes: list[int]) -> None:
    data = b"".join(tokens)
    parser = ReplyParser()
    keys, at, turn = b"", 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        keys += parser.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    keys += parser.flush()

    assert keys == b"".join(token for token in tokens if token in KEYS)
    raw = b"".join(reply.raw for reply in parser.replies)
    assert raw == b"".join(token for token in tokens if token not in KEYS and token not in FOREIGN)


@pytest.mark.parametrize("reply", FOREIGN)
def test_answers_to_others_are_neither_keys_nor_ours(reply: bytes) -> None:
    parser = ReplyParser()
    assert parser.feed(b"a" + reply + b"b") == b"ab"
    assert parser.replies == ()


@pytest.mark.parametrize("broken_off", [b"\x18", b""])
def test_a_string_that_is_broken_off_is_no_reply_and_takes_nothing_along(broken_off: bytes) -> None:
    for begun in (b"\x1bP>|kit", b"\x1b]52;c;" + b"x" * 1000):
        parser = ReplyParser()
        assert parser.feed(begun + broken_off + b"\x1b[A") == b"\x1b[A"
        assert parser.replies == ()


def test_escape_alone_is_held_back_until_it_is_known_to_be_a_key() -> None:
    parser = ReplyParser()
    assert parser.feed(b"q\x1b") == b"q"
    assert parser.flush() == b"\x1b"
    assert parser.feed(b"\x1b") == b""
    assert parser.feed(b"x") == b"\x1bx"


def test_what_never_ends_is_no_reply() -> None:
    parser = ReplyParser()
    assert parser.feed(b"\x1bP>|" + b"x" * 1000) == b""
    assert parser.skips
    assert parser.flush() == b""
    assert parser.feed(b"a") == b"a"
    assert parser.replies == ()


# Concluding


@pytest.mark.parametrize(
    ("replies", "brand", "multiplexer", "best", "kitty"),
    [
        pytest.param(XTERM, "xterm", None, Graphics.HALF, None, id="xterm"),
        pytest.param(
            XTERM_VT340 + b"\x1b[6;13;6t", "xterm", None, Graphics.SIXEL, None, id="xterm as a VT340"
        ),
        pytest.param(KITTY_26, "kitty", None, Graphics.KITTY, KittyGraphics(False, True), id="kitty 0.26"),
        pytest.param(KITTY_45, "kitty", None, Graphics.KITTY, KittyGraphics(True, True), id="kitty 0.45"),
        pytest.param(GHOSTTY, "unknown", None, Graphics.KITTY, KittyGraphics(True, False), id="Ghostty"),
        pytest.param(WEZTERM, "WezTerm", None, Graphics.KITTY, KittyGraphics(False, False), id="WezTerm"),
        pytest.param(KONSOLE, "Konsole", None, Graphics.KITTY, KittyGraphics(False, False), id="Konsole"),
        pytest.param(VS_CODE, "VS Code", None, Graphics.KITTY, KittyGraphics(False, False), id="VS Code"),
        pytest.param(FOOT, "foot", None, Graphics.SIXEL, None, id="foot"),
        pytest.param(ITERM2, "unknown", None, Graphics.ITERM, None, id="iTerm2"),
        pytest.param(WARP, "Warp", None, Graphics.ITERM, None, id="Warp"),
        pytest.param(VTE, "VTE (GNOME Terminal and its kin)", None, Graphics.HALF, None, id="VTE"),
        pytest.param(WINDOWS_TERMINAL, "Windows Terminal", None, Graphics.SIXEL, None, id="Windows Terminal"),
        pytest.param(APPLE, "Apple Terminal", None, Graphics.HALF, None, id="Apple Terminal"),
        pytest.param(b"", "unknown", None, Graphics.HALF, None, id="no answer at all"),
        pytest.param(TMUX, "kitty", "tmux", Graphics.HALF, None, id="tmux"),
        pytest.param(SCREEN, "kitty", "screen", Graphics.HALF, None, id="screen"),
        pytest.param(ZELLIJ, "Ghostty", "zellij", Graphics.SIXEL, None, id="zellij"),
        pytest.param(
            GHOSTTY, "Ghostty", "tmux", Graphics.KITTY, KittyGraphics(True, False), id="TMUX left over"
        ),
    ],
)
def test_what_real_terminals_get(
    replies: bytes, brand: str, multiplexer: str | None, best: Graphics, kitty: KittyGraphics | None
) -> None:
    concluded = support(replies, brand, multiplexer)
    assert (concluded.best, concluded.kitty) == (best, kitty), concluded.reasons
    assert [name for name, _ in concluded.reasons] == [
        *["terminal", "kitty graphics", "iTerm2 images", "sixels", "synchronised output"],
        *["24-bit colours", "images on the clipboard", "cell"],
    ]


def test_tmux_is_known_by_its_name_and_passes_placeholders_if_it_may() -> None:
    concluded = support(TMUX, "kitty", passthrough=True)
    assert concluded.multiplexer == "tmux"
    assert concluded.kitty == KittyGraphics(True, True)
    assert support(TMUX, "Ghostty", passthrough=True).kitty == KittyGraphics(True, False)
    assert support(TMUX, "WezTerm", passthrough=True).kitty is None
    old = infer_support(
        heard(TMUX).replies, brand="unknown", multiplexer="tmux", passthrough=True, outside="kitty(0.26.5)"
    )
    assert (old.brand, old.version, old.kitty) == ("kitty", (0, 26, 5), None)
    assert "kitty 0.26.5 is not known to draw" in dict(old.reasons)["kitty graphics"]
    assert "allow-passthrough" in dict(support(TMUX, "kitty").reasons)["kitty graphics"]


def test_zellij_places_images_itself_where_it_says_so() -> None:
    answered = b"\x1bP>|Zellij(4500)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?62;c"
    for brand in ("Ghostty", "foot"):
        assert support(answered, brand).kitty == KittyGraphics(placeholders=False, frames=False)
    refused = answered.replace(b"OK", b"ENOTSUPPORTED:no")
    assert support(refused, "Ghostty").kitty is None


def test_facts_are_read() -> None:
    foot = support(FOOT)
    assert (foot.brand, foot.version) == ("foot", (1, 25, 0))
    assert (foot.sixel_registers, foot.sixel_size, foot.cell) == (1024, (570, 1000), (19, 10))
    assert "mode 2026: 2" in dict(foot.reasons)["synchronised output"]
    vte = support(VTE)
    assert vte.sixel_registers == 0
    assert support(XTERM).sixel_size is None
    assert support(WINDOWS_TERMINAL, "Windows Terminal").sixel_registers == 256
    assert support(GHOSTTY).brand == "Ghostty"


def test_a_cell_may_be_found_by_division() -> None:
    assert support(b"\x1b[4;460;846t").cell == (20, 9)
    assert support(b"\x1b[4;0;0t").cell is None
    by_the_system = infer_support([], brand="xterm", multiplexer=None, window=Window(50, 140, 654, 844))
    assert by_the_system.cell == (13, 6)


def test_no_sixels_where_the_size_of_a_cell_is_not_known() -> None:
    concluded = support(XTERM_VT340)
    assert concluded.sixel_registers == 1024
    assert concluded.best is Graphics.HALF


def test_a_refusal_is_no_support() -> None:
    refused = b"\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\\x1b[?62c"
    assert support(refused).kitty is None


@pytest.mark.parametrize(
    ("replies", "truecolor"),
    [
        pytest.param(b"\x1bP1$r0;48:2::1:2:3m\x1b\\", True, id="xterm"),
        pytest.param(b"\x1bP1$r48:2:1:2:3m\x1b\\", True, id="kitty"),
        pytest.param(b"\x1bP1$r48;2;1;2;3m\x1b\\", True, id="semicolons"),
        pytest.param(b"\x1bP1$r0;48:5:16m\x1b\\", False, id="xterm without directColor"),
        pytest.param(b"\x1bP1$r0;1;2;3m\x1b\\", False, id="numbers taken for attributes"),
        pytest.param(b"\x1bP0$r\x1b\\", False, id="refused"),
        pytest.param(b"\x1b[?62c", False, id="silent"),
        pytest.param(b"\x1bP>|WezTerm 20240203\x1b\\", True, id="known by its name"),
    ],
)
def test_24_bit_colours_are_asked_for(replies: bytes, truecolor: bool) -> None:
    concluded = support(replies)
    assert concluded.truecolor is truecolor, concluded.reasons
    depth = ColorDepth.TRUECOLOR if truecolor else ColorDepth.PALETTE
    assert concluded.colors(ColorMode(ColorDepth.PALETTE, grey=True)) == ColorMode(depth, grey=True)
    sixteen = ColorMode(ColorDepth.SIXTEEN)
    assert concluded.colors(sixteen) == sixteen, "TERM says so, which the user chose"


def test_what_tmux_calls_the_terminal_outside_is_no_word_about_its_own_colours() -> None:
    assert not support(TMUX, "kitty", passthrough=True).truecolor


@pytest.mark.parametrize("brand", ["VS Code", "unknown"])
def test_a_terminal_made_of_xterm_js_shows_images_where_it_tells_of_sixels(brand: str) -> None:
    version = b"\x1bP>|xterm.js(6.1.0)\x1b\\" if brand == "unknown" else b""
    off, on = support(version + b"\x1b[?1;2c", brand), support(version + b"\x1b[?62;4;9;22c", brand)
    assert off.best is Graphics.HALF, off.reasons
    assert "DA1 has no 4" in dict(off.reasons)["iTerm2 images"]
    assert on.iterm


@pytest.mark.parametrize(
    ("replies", "multiplexer", "takes"),
    [
        (b"\x1bP>|foot(1.26.0)\x1b\\\x1b[?5522;2$y\x1b[?62;c", None, True),
        (b"\x1bP>|foot(1.25.0)\x1b\\\x1b[?5522;0$y\x1b[?62;c", None, False),
        (b"\x1bP>|VTE(7802)\x1b\\\x1b[?5522;4$y\x1b[?65;1;9c", None, False),
        (KITTY_45, None, True),  # which had it before there was a mode to ask for
        (KITTY_26, None, False),
        (TMUX, "tmux", False),
        (b"\x1b[?5522;2$y\x1b[?1;2c", "screen", False),
        (b"", None, False),
    ],
)
def test_who_takes_images_for_the_clipboard(replies: bytes, multiplexer: str | None, takes: bool) -> None:
    found = infer_support(
        heard(replies).replies, brand="x", multiplexer=multiplexer, passthrough=True, outside="kitty(0.45.0)"
    )
    assert found.clipboard is takes
    assert (b"5522" in batch("kitty", multiplexer)) == (multiplexer is None)
