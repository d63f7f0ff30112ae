"""However much is typed, what waits for the app stays short, and the last key is among it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.message import Message

from vaevis_tui.tui.textual_private.brake import (
    AT_ONCE,
    LONGEST_WAIT,
    MOST,
    MOST_REPEATS,
    MOST_TOGGLES,
    InputBrake,
)


class App:
    """Takes messages, and says that they are handled when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: list[Message] = []
        self.asked: list[Callable[[], None]] = []
        self.brake = InputBrake(self.taken.append, self.asked.append, lambda: self.now)

    def handle_all(self) -> int:
        turns = 0
        while self.brake.waits:
            self.asked[-1]()
            self.brake.put()
            turns += 1
        return turns

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.taken if isinstance(message, events.Key)]


def key(name: str) -> events.Key:
    return events.Key(name, name if len(name) == 1 else None)


def mouse(kind: type[Any], x: int = 0) -> Message:
    made: Message = kind(None, x, 0, 0, 0, 1, False, False, False)
    return made


def test_what_is_typed_by_hand_goes_through_at_once() -> None:
    app = App()
    for name in "hello":
        app.brake.put([key(name)])
        app.asked[-1]()
    assert app.keys == list("hello")
    assert not app.brake.waits


def test_a_flood_of_one_key_is_merged_and_the_next_key_comes_soon() -> None:
    app = App()
    for _ in range(5_000):
        app.brake.put([key("r")] * 10)
    app.brake.put([key("q")])
    app.handle_all()
    assert app.keys[-1] == "q"
    assert len(app.keys) <= AT_ONCE + MOST_REPEATS + 1


def test_a_key_that_opens_something_is_not_pressed_again_and_again() -> None:
    app = App()
    app.brake.put([key("question_mark")] * 1_000)
    app.brake.put([key("q")])
    app.handle_all()
    assert app.keys[-1] == "q"
    assert len(app.keys) <= AT_ONCE + MOST_TOGGLES + 1


def test_a_flood_of_text_keeps_its_end() -> None:
    app = App()
    text = "".join(chr(ord("a") + n % 26) for n in range(100_000))
    app.brake.put(map(key, text))
    turns = app.handle_all()
    assert "".join(app.keys).endswith(text[-200:])
    assert len(app.keys) <= MOST
    assert turns <= MOST / AT_ONCE + 1


def test_the_mouse_is_where_it_was_last_and_no_release_is_lost() -> None:
    app = App()
    app.brake.put([mouse(events.MouseDown)])
    app.brake.put([mouse(events.MouseMove, x) for x in range(50_000)])
    app.brake.put([key("x")] * 500)
    app.brake.put(map(key, "abcdefghij" * 100))
    app.brake.put([mouse(events.MouseMove, 7), mouse(events.MouseUp)])
    app.handle_all()
    kinds = [type(message) for message in app.taken if not isinstance(message, events.Key)]
    assert kinds[:1] == [events.MouseDown]
    assert kinds[-2:] == [events.MouseMove, events.MouseUp]
    assert sum(kind is events.MouseMove for kind in kinds) <= 2


def test_an_app_that_does_not_answer_is_asked_again_and_given_no_more() -> None:
    app = App()
    app.brake.put([key("a")])
    app.brake.put([key("b")])
    assert len(app.asked) == 1
    app.now += LONGEST_WAIT * 1.01
    app.brake.put()
    assert len(app.asked) == 2
    assert app.keys == ["a"]
    app.asked[1]()
    app.brake.put([key("c")])
    assert app.keys == ["a", "b", "c"]
    app.asked[0]()  # late, and of what was asked before
    app.brake.put([key("d")])
    assert app.keys == ["a", "b", "c"]


def test_long_text_is_not_even_read_where_much_waits() -> None:
    app = App()
    text = b"ab" * 2000
    assert app.brake.skim(text) == text
    app.brake.put(map(key, (text.decode())))
    assert len(app.brake.skim(text)) < 10
    assert app.brake.skim(text + b"\x1b[A") == text + b"\x1b[A"


@pytest.mark.parametrize("report", [b"\x1b[C", b"\x1bOB", b"\x1b[1;2D", b"\x1b[<65;21;11M"])
def test_of_what_is_held_no_more_is_parsed_than_may_wait(report: bytes) -> None:
    app = App()
    assert app.brake.skim(b"a" + report * 5_000 + b"\x1b[Aq") == b"a" + report * MOST_REPEATS + b"\x1b[Aq"
    assert app.brake.skim(report * MOST_REPEATS) == report * MOST_REPEATS


def test_what_was_handed_over_does_not_count_as_waiting() -> None:
    app = App()
    for _ in range(2):
        app.brake.put([key("x")] * (AT_ONCE + MOST_TOGGLES + 5))
        app.handle_all()
    assert len(app.keys) == 2 * MOST_TOGGLES
