"""What a misspelt word was most likely meant to be."""

from __future__ import annotations

from collections.abc import Iterable

_PREFIX = 4
"""Letters of a beginning that tell a word."""

_LETTERS = {"m": "--model", "o": "--out", "s": "--seed", "f": "--force", "b": "--backend", "n": "--n"}
"""What a letter stands for in other programs; here words have no short forms."""

_ANOTHER = 1.25
"""What another letter counts, where one too many or too few is 1: --sed is --seed before it is --set."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """``"; did you mean --model?"`` where a known word is close, else nothing.

    Close is a word that differs by one slip of the fingers in three letters, two in six and more: a letter
    too many, too few, another, or two in the wrong order; and one that goes on where this ends.
    """
    typed, words = word.partition("=")[0], list(known)
    if typed[:1] == "-" and typed[:2] != "--":
        meant = _LETTERS.get(typed[1:2], "")
        return f"; did you mean {meant}?" if meant in words else ""
    name = typed.lstrip("-")
    slips = {each: _distance(name, each.lstrip("-")) for each in words if each[:1] != "-" or each[:2] == "--"}
    near = min(slips, key=lambda each: slips[each], default="")
    if near and slips[near] <= _ANOTHER * min(len(name) // 3, 2):
        return f"; did you mean {near}?"
    longer = [each for each in slips if len(name) >= _PREFIX and each.lstrip("-").startswith(name)]
    return f"; did you mean {longer[0]}?" if longer else ""


def _distance(a: str, b: str) -> float:
    """Slips between two words (Damerau's distance, without changing a place twice)."""
    before: list[float] = []
    last: list[float] = []
    row: list[float] = [float(j) for j in range(len(b) + 1)]
    for i, x in enumerate(a):
        before, last, row = last, row, [i + 1.0]
        for j, y in enumerate(b):
            steps = [last[j + 1] + 1, row[j] + 1, last[j] + (0 if x == y else _ANOTHER)]
            if i and j and x == b[j - 1] and a[i - 1] == y:
                steps.append(before[j - 1] + 1)
            row.append(min(steps))
    return row[-1]
