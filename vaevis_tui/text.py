"""Text of unknown origin, made fit to be shown on a terminal."""

from __future__ import annotations


def one_line(text: object, limit: int = 200) -> str:
    """Untrusted text as one short line, without control characters that a terminal would obey."""
    printable = "".join(c if c.isprintable() else " " for c in str(text)[: 4 * limit])
    line = " ".join(printable.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quoted(name: str) -> str:
    """A name from an untrusted file, quoted and shortened."""
    return f"'{one_line(name, 60)}'"


def file_stem(name: str) -> str:
    """A name from an untrusted file as the beginning of a file's name, which leads into no other folder."""
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in name[:80]).strip("-.")
    return safe or "model"
