"""Text that has to fit."""

from __future__ import annotations


def cut(text: str, width: int) -> str:
    """The text, with an ellipsis where it is longer than so many characters."""
    if len(text) <= width:
        return text
    return f"{text[: width - 1]}…" if width > 0 else ""


def wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words, as many characters wide at most; a word alone is cut where it is longer."""
    lines, width = [""], max(width, 1)  # a window may be narrower than what stands beside the text
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
        while len(lines[-1]) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return lines
