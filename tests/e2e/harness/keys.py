"""What a terminal sends for keys and the mouse: xterm's encoding (ctlseqs, "PC-Style Function Keys")."""

from __future__ import annotations

_MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4}
_ARROWS = {"up": "A", "down": "B", "right": "C", "left": "D", "end": "F", "home": "H"}
_FUNCTIONS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_NUMBERS = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6, "f5": 15}
_CONTROLS = {"enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}


def key(name: str) -> str:
    """What the named key sends, e.g. ``"a"``, ``"up"``, ``"shift+left"``, ``"ctrl+c"``, ``"f1"``.

    Raises:
        ValueError: there is no such key.
    """
    *modifiers, base = name.split("+") if len(name) > 1 else [name]
    if not set(modifiers) <= set(_MODIFIERS):
        raise ValueError(f"no terminal has the key {name!r}")
    modifier = 1 + sum(_MODIFIERS[each] for each in modifiers)
    if base in _ARROWS:
        return f"\x1b[1;{modifier}{_ARROWS[base]}" if modifiers else f"\x1b[{_ARROWS[base]}"
    if base in _NUMBERS:
        return f"\x1b[{_NUMBERS[base]};{modifier}~" if modifiers else f"\x1b[{_NUMBERS[base]}~"
    if base in _FUNCTIONS and not modifiers:
        return f"\x1bO{_FUNCTIONS[base]}"
    if base in _CONTROLS and not modifiers:
        return _CONTROLS[base]
    if modifiers == ["ctrl"] and len(base) == 1 and "a" <= base <= "z":
        return chr(ord(base) & 0x1F)
    if len(base) == 1 and not modifiers:
        return base
    raise ValueError(f"no terminal has the key {name!r}")


def mouse(row: int, column: int, *, pressed: bool = True, moving: bool = False, button: int = 0) -> str:
    """A mouse report in SGR encoding (mode 1006).

    Args:
        row: From 0.
        column: From 0.
        pressed: Whether the button is down; False reports its release.
        moving: Whether this is a movement with the button held.
        button: 0 left, 1 middle, 2 right, 64 and 65 the wheel.
    """
    return f"\x1b[<{button + 32 * moving};{column + 1};{row + 1}{'M' if pressed else 'm'}"
