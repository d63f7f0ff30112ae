"""Other keys for actions, as a person's config gives them: read as people write keys, and checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from vaevis_tui.suggestions import suggestion
from vaevis_tui.tui import keys

_WORDS = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
}


_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "hyper", "meta"})
_NAMED = frozenset({"add", "subtract", *(key.value for key in Keys)})
_CHARACTERS = range(0x20, 0x600)
"""Those of keyboards' alphabets, and their signs, which Textual names by words."""


def all_bindings() -> Sequence[Binding]:
    """Every binding with an id, those of the screen first."""
    return [binding for binding in (*keys.EXPLORER, *keys.APP) if binding.id]


def textual_keymap(keymap: Mapping[str, str]) -> dict[str, str]:
    """The same with keys as Textual names them, for `App.set_keymap`."""
    return {action: ",".join(map(textual_key, _split(text))) for action, text in keymap.items()}


def _split(text: str) -> list[str]:
    """Keys between commas; a comma itself is written as one, or as ``comma``."""
    if text.strip() == ",":
        return [","]
    return [key.strip() for key in text.split(",") if key.strip()]


def textual_key(key: str) -> str:
    """``"?"`` is ``"question_mark"``, ``"Ctrl+Left"`` is ``"ctrl+left"``, ``"G"`` stays a capital."""
    modifiers, last = (key[:-1], "+") if key.endswith("+") else (*key.rpartition("+")[::2],)
    name = _character_name(last) if len(last) == 1 else _WORDS.get(last.lower(), last.lower())
    return "+".join([*(each.lower() for each in modifiers.split("+") if each), name])


def _character_name(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _is_key(key: str) -> bool:
    """Whether a key as Textual names it is one that a keyboard may have."""
    *modifiers, name = key.split("+")
    known = len(name) == 1 or name in _NAMED or name in map(_character_name, map(chr, _CHARACTERS))
    return known and _MODIFIERS.issuperset(modifiers)


def keymap_problems(keymap: Mapping[str, str]) -> list[str]:
    """What is wrong with a keymap, a line each: actions that are none, and keys that two actions share."""
    bindings = {str(binding.id): binding for binding in all_bindings()}
    problems = []
    for action, text in keymap.items():
        if action not in bindings:
            hint = suggestion(action, bindings) or "; vaevis-tui config keys lists them"
            problems.append(f"keymap: there is no action {action!r}{hint}")
        elif not _split(text):
            problems.append(f"keymap: {action} has no key")
        problems += [
            f"keymap: {action}: unknown key {key!r}; expected e.g. f9, ctrl+w, G or space"
            for key in _split(text)
            if not _is_key(textual_key(key))
        ]
    chosen = textual_keymap(keymap)
    owners: dict[str, list[str]] = {}
    for action, binding in bindings.items():
        for key in chosen.get(action, binding.key).split(","):
            owners.setdefault(key, []).append(action)
    for key, actions in owners.items():
        by_default = all(key in bindings[action].key.split(",") for action in actions)
        if len(set(actions)) > 1 and not by_default:
            problems.append(
                f"keymap: {keys.key_name(key)} is the key of {' and of '.join(sorted(set(actions)))}"
            )
    return problems
