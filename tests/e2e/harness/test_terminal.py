from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.e2e.harness.keys import key, mouse
from tests.e2e.harness.screen import Screen
from tests.e2e.harness.terminal import Frame, Terminal, Traits


def shown(data: bytes, columns: int = 20, rows: int = 4) -> Terminal:
    terminal = Terminal(columns, rows)
    terminal.feed(data, 0.0)
    return terminal


def lines(terminal: Terminal) -> list[str]:
    return [line.rstrip() for line in terminal.screen.lines()]


# queries


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[0c", b"\x1b[?62;22c"),
        (b"\x1b[>c", b"\x1b[>1;10;0c"),
        (b"\x1b[=c", b"\x1bP!|00000000\x1b\\"),
        (b"\x1b[>0q", b"\x1bP>|ptyharness 1.0\x1b\\"),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[6n", b"\x1b[1;1R"),
        (b"\x1b[?6n", b"\x1b[?1;1;1R"),
        (b"\x1b[?996n", b"\x1b[?997;1n"),
        (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
        (b"\x1b[?2026h\x1b[?2026$p", b"\x1b[?2026;1$y"),
        (b"\x1b[?25$p", b"\x1b[?25;1$y"),
        (b"\x1b[?2048$p", b"\x1b[?2048;0$y"),
        (b"\x1b[?12345$p", b"\x1b[?12345;0$y"),
        (b"\x1b[?u", b"\x1b[?0u"),
        (b"\x1b[>25u\x1b[?u", b"\x1b[?25u"),
        (b"\x1b[14t", b"\x1b[4;64;160t"),
        (b"\x1b[16t", b"\x1b[6;16;8t"),
        (b"\x1b[18t", b"\x1b[8;4;20t"),
        (b"\x1b]10;?\x07", b"\x1b]10;rgb:e5e5/e5e5/e5e5\x1b\\"),
        (b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
        (b"\x1b]4;1;?\x07", b"\x1b]4;1;rgb:e5e5/e5e5/e5e5\x1b\\"),
        (b"\x1bP+q544e\x1b\\", b"\x1bP0+r\x1b\\"),
        (b"\x1bP$qm\x1b\\", b"\x1bP0$r\x1b\\"),
        (b"\x1b_Gi=1,a=q;AAAA\x1b\\", b""),
        (b"text\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1b[22;0;0t", b""),
    ],
)
def test_queries_are_answered_as_xterm_does(query: bytes, answer: bytes) -> None:
    terminal = Terminal(20, 4)
    assert terminal.feed(query, 0.0) == answer
    assert len(terminal.queries) == bool(answer)
    assert not terminal.unknown


@pytest.mark.parametrize("emulate", [True, False])
@pytest.mark.parametrize(
    ("moves", "answer"),
    [
        (b"\x1b[2;7H", b"2;7"),
        (b"\x1b[H", b"1;1"),
        (b"\x1b[3H", b"3;1"),
        (b"\x1b[;9f", b"1;9"),
        (b"\x1b[99;99H", b"4;20"),
    ],
)
def test_the_cursor_is_reported_right_after_a_move(moves: bytes, answer: bytes, emulate: bool) -> None:
    terminal = Terminal(20, 4, emulate=emulate)
    assert terminal.feed(moves + b"\x1b[?2026l\x1b[6n", 0.0) == b"\x1b[%sR" % answer


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        (b"abc", b"1;4"),
        (b"\x1b[2;3Hab", b"2;5"),
        (b"\x1b[2;3Hab\x1b7\x1b[4;4H\x1b8", b"2;5"),
        (b"x" * 20, b"1;20"),
        (b"\x1b[2;3H\x1b[?1049h", b"1;1"),
        (b"\x1b[3;3Ha\x1b[4b", b"3;8"),
        (b"\x1b[3;3H\x1bc", b"1;1"),
    ],
)
def test_the_cursor_is_reported_wherever_it_is(written: bytes, answer: bytes) -> None:
    assert Terminal(20, 4).feed(written + b"\x1b[6n", 0.0) == b"\x1b[%sR" % answer


def test_a_terminal_with_kittys_graphics_says_so() -> None:
    terminal = Terminal(20, 4, traits=Traits(name="kitty(0.41.1)", kitty=True))
    assert terminal.feed(b"\x1b[>q", 0.0) == b"\x1bP>|kitty(0.41.1)\x1b\\"
    assert terminal.feed(b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", 0.0) == b"\x1b_Gi=31;OK\x1b\\"
    assert terminal.feed(b"\x1b_Ga=d,d=I,i=31,q=2\x1b\\", 0.0) == b""


def test_a_silent_terminal_answers_nothing() -> None:
    terminal = Terminal(20, 4, traits=Traits(answers=False))
    assert terminal.feed(b"\x1b[c\x1b[6n\x1b[?2026$p", 0.0) == b""
    assert terminal.queries == [b"\x1b[c", b"\x1b[6n", b"\x1b[?2026$p"]


def test_resize_reports_come_where_they_are_offered_and_asked_for() -> None:
    terminal = Terminal(20, 4, traits=Traits(in_band_resize=True))
    assert terminal.feed(b"\x1b[?2048$p", 0.0) == b"\x1b[?2048;2$y"
    assert terminal.resize(30, 5) == b""
    assert terminal.feed(b"\x1b[?2048h", 0.0) == b"\x1b[48;5;30;80;240t"
    assert terminal.resize(40, 6) == b"\x1b[48;6;40;96;320t"


def test_what_nothing_understands_is_kept_to_be_looked_at() -> None:
    terminal = shown(b"\x1b[?7$z\x1b[38:2::1:2:3m\x1b[?7$z")
    assert terminal.unknown == {b"\x1b[?7$z": 2, b"\x1b[38:2::1:2:3m": 1}
    assert lines(terminal) == ["", "", "", ""]


# frames


def test_frames_end_where_updates_do() -> None:
    terminal = Terminal(20, 4)
    first, second = b"\x1b[?2026habc\x1b[?2026l", b"between\x1b[?2026h\x1b[1;1H\x1b[?2026l"
    terminal.feed(first, 1.5)
    terminal.feed(second[:-3], 2.0)
    terminal.feed(second[-3:] + b"rest", 2.5)
    assert terminal.frames == [Frame(1.5, len(first)), Frame(2.5, len(second))]
    assert terminal.received == len(first + second) + 4


# what is left behind

ENTER = b"\x1b[?1049h\x1b[?1000;1006h\x1b[?25l\x1b[?1004h\x1b[>25u\x1b[?2004h\x1b[?7l\x1b[31m"
LEAVE = b"\x1b[m\x1b[?7h\x1b[?2004l\x1b[<u\x1b[?1004l\x1b[?25h\x1b[?1000;1006l\x1b[?1049l"


def test_a_program_that_tidies_up_leaves_nothing_behind() -> None:
    assert shown(b"").left_behind() == []
    assert shown(ENTER + LEAVE).left_behind() == []
    assert shown(ENTER + b"\x1bc").left_behind() == []


def test_each_thing_left_behind_is_named() -> None:
    assert shown(ENTER).left_behind() == [
        "a hidden cursor",
        "a mouse encoding",
        "bracketed paste",
        "coloured text",
        "focus reports",
        "kitty's keyboard protocol",
        "mouse reports",
        "no line wrap",
        "the alternate screen",
    ]
    assert shown(b"\x1b[?2026h\x1b[?2048h\x1b[?1h").left_behind() == [
        "an open synchronised update",
        "application cursor keys",
        "in-band resize reports",
    ]


def test_a_keyboard_protocol_popped_on_the_wrong_screen_is_left_behind() -> None:
    """Each screen has a stack of its own, so popping after leaving the alternate one does nothing."""
    assert shown(b"\x1b[?1049h\x1b[>1u\x1b[?1049l\x1b[<u").left_behind() == ["kitty's keyboard protocol"]
    assert shown(b"\x1b[>1u\x1b[>2u\x1b[<2u").left_behind() == []


# the screen


def test_what_pyte_would_print_by_mistake_is_not_shown() -> None:
    written = b"a\x1b[<u\x1b[>25u\x1b[?u\x1bP+q544e\x1b\\\x1b_Gi=1;AAAA\x1b\\\x1b[>4;2m\x1b[2 q\x1b]8;;http://x\x07b\x1b]8;;\x07c"
    assert lines(shown(written))[0] == "abc"


def test_the_alternate_screen_gives_the_main_one_back() -> None:
    terminal = shown(b"main\r\nscreen\x1b[?1049h\x1b[1;1Hother")
    assert lines(terminal)[:2] == ["other", ""]
    terminal.feed(b"\x1b[?1049l!", 0.0)
    assert lines(terminal)[:2] == ["main", "screen!"]


def test_a_repeated_character_is_drawn_so_often() -> None:
    assert lines(shown(b"ab\x1b[3bc"))[0] == "abbbbc"


def test_saved_cursors_come_back() -> None:
    assert lines(shown(b"ab\x1b7\x1b[3;3Hx\x1b8c"))[0] == "abc"
    assert lines(shown(b"ab\x1b[s\x1b[3;3Hx\x1b[uc"))[0] == "abc"


def test_without_line_wrap_the_last_cell_is_overwritten() -> None:
    assert lines(shown(b"\x1b[?7l" + b"a" * 25 + b"b"))[:2] == ["a" * 19 + "b", ""]


def test_what_no_longer_fits_after_a_resize_is_gone() -> None:
    terminal = shown(b"abcdef\r\nx")
    terminal.resize(3, 4)
    assert lines(terminal)[:2] == ["abc", "x"]


def test_without_a_screen_there_is_nothing_to_look_at() -> None:
    terminal = Terminal(20, 4, emulate=False)
    terminal.feed(b"abc\x1b[?2026l", 0.0)
    assert len(terminal.frames) == 1
    with pytest.raises(ValueError, match="without a screen"):
        _ = terminal.screen


WRITTEN = st.lists(
    st.sampled_from(
        [
            *[
                b"a",
                "▀".encode(),
                "🐕".encode(),
                b"\r\n",
                b"\x1b[31;48;2;1;2;3m",
                b"\x1b[m",
                b"\x1b[2;5H",
                b"\x1b[K",
            ],
            *[
                b"\x1b[?2026h",
                b"\x1b[?2026l",
                b"\x1b[?25l",
                b"\x1b[?1049h",
                b"\x1b[?1049l",
                b"\x1b[>1u",
                b"\x1b[<u",
            ],
            *[
                b"\x1b[6n",
                b"\x1b[c",
                b"\x1b]11;?\x1b\\",
                b"\x1b]0;t\x07",
                b"\x1bP+q00\x1b\\",
                b"\x1b_Gm=1;x\x1b\\",
            ],
            *[b"\x1b7", b"\x1b8", b"\x1b[2b", b"\x1b(B"],
        ]
    ),
    max_size=30,
).map(b"".join)


@given(WRITTEN, st.lists(st.integers(0, 300), max_size=8))
def test_it_does_not_matter_where_reads_cut_the_output(written: bytes, cuts: list[int]) -> None:
    whole, pieces = Terminal(12, 4), Terminal(12, 4)
    replies = whole.feed(written, 0.0)
    edges = sorted({0, len(written), *(cut for cut in cuts if cut < len(written))})
    answered = b"".join(pieces.feed(written[start:end], 0.0) for start, end in pairwise(edges))
    assert answered == replies
    assert pieces.screen.lines() == whole.screen.lines()
    assert pieces.screen.cursor == whole.screen.cursor
    assert pieces.frames == whole.frames
    assert pieces.modes == whole.modes
    assert pieces.left_behind() == whole.left_behind()


# pixels


def half_blocks(picture: NDArray[np.uint8]) -> bytes:
    rows = []
    for y in range(0, len(picture), 2):
        cells = (
            "\x1b[38;2;{};{};{};48;2;{};{};{}m▀".format(*a, *b)
            for a, b in zip(picture[y], picture[y + 1], strict=True)
        )
        rows.append(f"\x1b[{y // 2 + 1};1H" + "".join(cells))
    return "".join(rows).encode() + b"\x1b[m"


def test_a_picture_of_half_blocks_is_read_back() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 20, 3), np.uint8)
    terminal = shown(half_blocks(picture))
    assert np.array_equal(terminal.screen.pixels(0, 0, 4, 20), picture)
    assert np.array_equal(terminal.screen.pixels(1, 3, 2, 5), picture[2:6, 3:8])


def test_each_glyph_has_its_halves() -> None:
    cells = "\x1b[38;2;1;2;3;48;2;4;5;6m▀▄█ \x1b[7m▀\x1b[m "
    pixels = shown(cells.encode()).screen.pixels(0, 0, 1, 6)
    fore, back, black = [1, 2, 3], [4, 5, 6], [0, 0, 0]
    assert pixels[0].tolist() == [fore, back, fore, back, back, black]
    assert pixels[1].tolist() == [back, fore, fore, back, fore, black]


def test_named_and_indexed_colours_are_those_of_xterm() -> None:
    pixels = shown("\x1b[31;104m▀\x1b[38;5;196;48;5;232m▀\x1b[39;49m▀".encode()).screen.pixels(0, 0, 1, 3)
    assert pixels[0].tolist() == [[0xCD, 0, 0], [0xFF, 0, 0], [0xE5, 0xE5, 0xE5]]
    assert pixels[1].tolist() == [[0x5C, 0x5C, 0xFF], [8, 8, 8], [0, 0, 0]]


def test_what_is_no_picture_is_refused() -> None:
    screen = shown(b"a").screen
    with pytest.raises(ValueError, match="row 0, column 0 holds 'a'"):
        screen.pixels(0, 0, 1, 1)
    with pytest.raises(ValueError, match="not all on the screen"):
        screen.pixels(0, 19, 1, 2)


def test_colours_of_plain_text_are_noticed() -> None:
    screen = Screen(10, 2)
    screen.write(b"\x1b[1;31mx")
    assert not screen.plain
    screen.write(b"\x1b[0m")
    assert screen.plain


# keys


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("a", "a"),
        ("+", "+"),
        ("?", "?"),
        ("up", "\x1b[A"),
        ("home", "\x1b[H"),
        ("shift+left", "\x1b[1;2D"),
        ("ctrl+right", "\x1b[1;5C"),
        ("pagedown", "\x1b[6~"),
        ("ctrl+pageup", "\x1b[5;5~"),
        ("f1", "\x1bOP"),
        ("enter", "\r"),
        ("backspace", "\x7f"),
        ("escape", "\x1b"),
        ("ctrl+c", "\x03"),
        ("ctrl+p", "\x10"),
    ],
)
def test_keys_send_what_xterm_sends(name: str, sent: str) -> None:
    assert key(name) == sent


@pytest.mark.parametrize("name", ["hyper+a", "nokey", "ctrl+f1", "ctrl+1", "shift+enter"])
def test_keys_that_do_not_exist_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no terminal has the key"):
        key(name)


def test_the_mouse_reports_cells_from_one() -> None:
    assert mouse(0, 0) == "\x1b[<0;1;1M"
    assert mouse(4, 9, moving=True) == "\x1b[<32;10;5M"
    assert mouse(4, 9, pressed=False) == "\x1b[<0;10;5m"
