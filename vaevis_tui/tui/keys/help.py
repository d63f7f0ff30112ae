"""Actions and their keys as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from textual.binding import Binding
from textual.screen import Screen

from vaevis_tui.tui.keys.table import GROUPS

_NAMES = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "enter": "Enter",
    "backspace": "Backspace",
    "escape": "Esc",
    "tab": "Tab",
    "question_mark": "?",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "add": "+",
    "subtract": "-",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "comma": ",",
    "full_stop": ".",
    "slash": "/",
    "space": "Space",
    "delete": "Del",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}

_HEADINGS = [group.description for group in GROUPS]


@dataclass(frozen=True, slots=True)
class Help:
    """One action as people read it.

    Attributes:
        id: Of its binding.
        keys: All its keys as written on keyboards.
        name: A few words.
        explanation: One line.
        group: The heading it belongs under.
        action: What it runs, on the node that it is bound on.
    """

    id: str
    keys: tuple[str, ...]
    name: str
    explanation: str
    group: str
    action: str


def key_name(key: str) -> str:
    """A key of Textual's as it is written on keyboards: ``"ctrl+left"`` is ``"Ctrl+←"``."""
    *modifiers, last = key.split("+")
    name = _NAMES.get(last) or (last.upper() if modifiers or last[1:].isdigit() else last)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])


def helps(bindings: Iterable[Binding]) -> list[Help]:
    """The actions behind bindings by group, each with all its keys."""
    found: dict[str, Help] = {}
    for binding in bindings:
        if binding.id is None or binding.group is None:
            continue
        known = found.get(binding.id)
        # The number pad's keys have names of their own, but look the same.
        names = [*(known.keys if known else ()), *map(key_name, binding.key.split(","))]
        keys = tuple(dict.fromkeys(names))
        found[binding.id] = Help(
            binding.id, keys, binding.description, binding.tooltip, binding.group.description, binding.action
        )
    return sorted(found.values(), key=lambda help_: _HEADINGS.index(help_.group))


def active_helps(screen: Screen[Any]) -> list[Help]:
    """The actions that a screen offers at the moment, with the keys that they have now."""
    return helps(active.binding for active in screen.active_bindings.values())
