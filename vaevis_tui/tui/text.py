"""Text that has to fit."""

from __future__ import annotations


def cut(text: str, width: int) -> str:
    """The text, with an ellipsis where it is longer than so many characters."""
    if len(text) <= width:
        return text
    return f"{text[: width - 1]}…" if width > 0 else ""
