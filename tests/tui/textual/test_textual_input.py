from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import constants, messages
from textual.events import CursorPosition, Key, Paste
from textual.message import Message

from tests.terminal.detect.replies import FOOT, KITTY_26, WEZTERM, XTERM
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.tui.textual_private.input import LONGEST_HOLD, LONGEST_PASTE, KeyParser, TerminalInput


class Input:
    """Input, the clock it goes by, and what came of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.replies: list[Reply] = []
        self.messages: list[Message] = []
        self._input = TerminalInput(KeyParser(), self.replies.append, lambda: self.now)

    def feed(self, data: bytes) -> None:
        self.messages += self._input.feed(data)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.messages += self._input.tick()

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.messages if isinstance(message, Key)]


MAY_BE_KEYS = (b"\x1b", b"\x1b[", b"\x1bP", b"\x1b_")
"""Beginnings of answers after which there must be no pause: Escape, and Alt with another key."""


@pytest.mark.parametrize("replies", [XTERM, KITTY_26, WEZTERM, FOOT])
@pytest.mark.parametrize("pause", [0.0, 1.0])
def test_answers_are_no_keys_however_they_come(replies: bytes, pause: float) -> None:
    for size in (1, 2, 3, 7, len(replies)):
        source = Input()
        source.feed(b"a")
        for end in range(size, len(replies) + size, size):
            source.feed(replies[end - size : end])
            if not replies[:end].endswith(MAY_BE_KEYS):
                source.wait(pause)
        source.feed(b"b")
        assert source.keys == ["a", "b"]
        assert source.replies[-1].kind is ReplyKind.ATTRIBUTES


KEYS = {b"a": "a", b"\x1b[A": "up", b"\x1b[1;5C": "ctrl+right", b"\x1bOP": "f1", b"\r": "enter"}


@given(
    st.lists(st.sampled_from([*KEYS, KITTY_26, XTERM]), max_size=8),
    st.lists(st.integers(1, 30), min_size=1),
)
@settings(max_examples=100, deadline=None)
def test_keys_among_answers_are_heard(tokens: list[bytes], sizes: list[int]) -> None:
    source = Input()
    data, at, turn = b"".join(tokens), 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        source.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert source.keys == [KEYS[token] for token in tokens if token in KEYS]


def test_escape_is_a_key_once_nothing_follows_and_no_later_than_without_us() -> None:
    source = Input()
    source.feed(b"\x1b")
    source.wait(constants.ESCAPE_DELAY / 2)
    assert source.keys == []
    source.wait(constants.ESCAPE_DELAY / 2)
    assert source.keys == ["escape"]
    source.feed(b"x")
    assert source.keys == ["escape", "x"]


@pytest.mark.parametrize("begun", [b"\x1b[?62;", b"\x1b]52;c;cn", b"\x1b]52;c;" + b"r" * 1000])
def test_what_begins_like_an_answer_and_never_ends_is_given_up(begun: bytes) -> None:
    source = Input()
    source.feed(begun)
    source.wait(LONGEST_HOLD)
    source.feed(b"a")
    assert source.keys == ["a"]


def test_textual_hears_what_it_asked_itself() -> None:
    source = Input()
    source.feed(b"\x1b[?2026;2$y\x1b[12;40R")
    kinds = {type(message) for message in source.messages}
    assert kinds == {messages.TerminalSupportsSynchronizedOutput, CursorPosition}
    assert [reply.kind for reply in source.replies] == [ReplyKind.SYNCHRONIZED]


def test_what_is_no_text_is_no_error() -> None:
    source = Input()
    source.feed(b"\xff\xfea")
    assert source.keys[-1] == "a"


@pytest.mark.parametrize(
    "report",
    [
        b"\x1b[1114112u",
        b"\x1b[99999999999999999999u",
        b"\x1b[97;1;1114112u",
        b"\x1b[97;1;55296u",
        b"\x1b[55296u",
        b"\x1b[97;1:2u",
    ],
)
def test_reports_of_keys_that_cannot_be_are_no_keys(report: bytes) -> None:
    source = Input()
    source.feed(b"a" + report + b"b")
    assert source.keys == ["a", "b"]


@pytest.mark.parametrize("text", ["6;16:2;8", "6;" + "9" * 5000 + ";8"], ids=["parts", "huge"])
def test_an_answer_that_cannot_be_read_holds_no_numbers(text: str) -> None:
    source = Input()
    source.feed(f"\x1b[{text}ta".encode())
    assert source.keys == ["a"]
    assert [reply.numbers for reply in source.replies] == [()]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_what_is_pasted_is_one_text_however_it_is_cut(size: int) -> None:
    source = Input()
    data = b"a\x1b[200~0.5, -1 \x1b[3 \xe2\x82\xac\0\x1b[201~b\x1b[200~\x1b[201~c"
    for start in range(0, len(data), size):
        source.feed(data[start : start + size])
    texts = [message.text for message in source.messages if isinstance(message, Paste)]
    assert texts == ["0.5, -1 \x1b[3 \u20ac", ""]
    assert source.keys == ["a", "b", "c"]


def test_a_huge_paste_is_cut_and_taken_at_once() -> None:
    source = Input()
    began = time.process_time()
    source.feed(b"\x1b[200~")
    for _ in range(200):
        source.feed(b"x" * 50_000)
    source.feed(b"\x1b[201~q")
    assert time.process_time() - began < 2  # 30 as single characters
    (paste,) = (message for message in source.messages if isinstance(message, Paste))
    assert paste.text == "x" * LONGEST_PASTE
    assert source.keys == ["q"]


def test_a_paste_that_never_ends_is_given_up() -> None:
    source = Input()
    source.feed(b"\x1b[200~abc")
    source.feed(b"q")
    assert source.keys == []
    source.wait(LONGEST_HOLD)
    assert [message.text for message in source.messages if isinstance(message, Paste)] == ["abcq"]
    source.feed(b"q")
    assert source.keys == ["q"]
