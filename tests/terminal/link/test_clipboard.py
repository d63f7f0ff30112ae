from __future__ import annotations

import base64
import re

import pytest

from vaevis_tui.terminal.link.clipboard import (
    clipboard_hint,
    clipboard_refusal,
    set_clipboard,
    set_clipboard_image,
)

TEXT = ",".join(f"{number / 7}" for number in range(256))
SEQUENCE = f"\x1b]52;c;{base64.b64encode(TEXT.encode()).decode()}\a"


def test_a_terminal_gets_the_sequence_as_it_is() -> None:
    assert set_clipboard(TEXT) == SEQUENCE
    assert set_clipboard("0.5,é") == "\x1b]52;c;MC41LMOp\a"


def test_tmux_gets_it_for_itself_and_wrapped_up_for_its_terminal() -> None:
    own, _, wrapped = set_clipboard(TEXT, "tmux").partition("\x1bPtmux;")
    assert own == SEQUENCE
    assert wrapped.endswith("\x1b\\")
    assert wrapped.removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b") == SEQUENCE


def test_screen_gets_it_in_pieces_that_it_hands_on() -> None:
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", set_clipboard(TEXT, "screen"), re.DOTALL)
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 768
    assert "".join(pieces) == SEQUENCE


@pytest.mark.parametrize(
    ("multiplexer", "words"), [(None, "OSC 52"), ("screen", "OSC 52"), ("tmux", "set-clipboard on")]
)
def test_the_hint_names_what_to_look_at(multiplexer: str | None, words: str) -> None:
    assert words in clipboard_hint(multiplexer)


def test_an_image_goes_in_packets_that_kitty_takes() -> None:
    image = bytes(range(256)) * 40
    first, *packets, last = set_clipboard_image(image).split("\x1b\\")[:-1]
    assert first == "\x1b]5522;type=write"
    assert last == "\x1b]5522;type=wdata"
    begin = "\x1b]5522;type=wdata:mime=aW1hZ2UvcG5n;"  # image/png
    assert all(packet.startswith(begin) for packet in packets)
    parts = [base64.b64decode(packet.removeprefix(begin), validate=True) for packet in packets]
    assert max(map(len, parts)) <= 4096
    assert b"".join(parts) == image


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("type=write:status=EPERM", "permit"),
        ("type=write:status=EBUSY:id=7", "another program"),
        ("type=write:status=EIO", "it answered EIO"),
        ("type=write", "nothing that can be read"),
    ],
)
def test_why_an_image_was_not_taken(answer: str, words: str) -> None:
    assert words in (clipboard_refusal(answer) or "")
    assert clipboard_refusal("type=write:status=DONE") is None
