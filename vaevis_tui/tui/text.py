"""Text that has to fit."""

from __future__ import annotations

import re

_CLAUSE_END = re.compile(r"(?<=[.;:?!]) ")

LEAST_OF_WORD = 4
"""Characters of a word that is cut, its ellipsis included, by which one still knows it."""


def cut(text: str, width: int) -> str:
    """The text, with an ellipsis where it is longer than so many characters."""
    if len(text) <= width:
        return text
    return f"{text[: width - 1]}…" if width > 0 else ""


def cut_words(text: str, width: int) -> str:
    """The same, but that of several words the longest is cut, so that it is told from its like."""
    longest = max(text.split() or [""], key=len)
    room = width - (len(text) - len(longest))
    whole = len(text) <= width or room < LEAST_OF_WORD
    return cut(text, width) if whole else text.replace(longest, cut(longest, room), 1)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words, as many characters wide at most.

    A word alone is cut where it is longer: a path behind a slash, if that leaves no line nearly empty.
    """
    lines, width = [""], max(width, 1)  # a window may be narrower than what stands beside the text
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            begun = word.rfind("/", 1, width - len(lines[-1]) - 1) + 1 if len(word) > width else 0
            if begun:
                lines[-1] += f" {word[:begun]}"
            lines.append(word[begun:])
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
        while len(lines[-1]) > width:
            end = lines[-1].rfind("/", width // 4, width) + 1 or width
            lines[-1:] = [lines[-1][:end], lines[-1][end:]]
    return lines


def in_parts(text: str, width: int, rows: int) -> list[list[str]]:
    """Text in as few parts of so many lines as it takes, each a whole clause, or else of like length."""

    def parts(text: str, width: int) -> list[list[str]]:
        lines = wrapped(text, width)
        return [lines[start : start + rows] for start in range(0, len(lines), rows)]

    fewest = len(parts(text, width))
    if fewest == 1:
        return parts(text, width)
    filled: list[str] = []
    for clause in _CLAUSE_END.split(text):
        longer = f"{filled[-1]} {clause}" if filled else clause
        if filled and len(parts(longer, width)) == 1:
            filled[-1] = longer
        else:
            filled.append(clause)
    if len(filled) == fewest and all(len(parts(each, width)) == 1 for each in filled):
        return [wrapped(each, width) for each in filled]
    least = max(width // 2, *map(len, text.split()))  # so that no word is cut for it
    narrower = (each for each in range(least, width + 1) if len(parts(text, each)) == fewest)
    return parts(text, next(narrower, width))
