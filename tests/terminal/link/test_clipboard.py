from __future__ import annotations

import base64
import re

import pytest

from vaevis_tui.terminal.link.clipboard import clipboard_hint, set_clipboard

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
