"""Paths as people type, drop and paste them."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vaevis_tui.export.picture import ENDINGS

LONGEST = 4096
"""Characters that are looked at."""


def dropped_path(text: str) -> Path | None:
    """The file that a terminal means when one is dropped on it, or that was pasted; None if there is none.

    Terminals put quotes around a name, or backslashes before its blanks, or write it as an address; of
    several names the first one counts.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or "\0" in text:
        return None
    names = [text, text.splitlines()[0].strip()]
    with contextlib.suppress(ValueError):  # a quote that is part of the name
        names += shlex.split(names[1])[:1]
    for name in dict.fromkeys(names):
        path = Path(unquote(urlsplit(name).path) if name.startswith("file://") else name)
        try:
            path = path.expanduser()
            if path.is_file():
                return path
        except (OSError, RuntimeError, ValueError):
            continue
    return None


def completions(text: str, endings: tuple[str, ...] = ENDINGS) -> list[str]:
    """What a half-typed path may become: folders, with a slash at their end, and files; sorted by name.

    Hidden ones are left out unless the name begins with a dot, like files with other endings.
    """
    folder, _, beginning = text.rpartition("/")
    folder = f"{folder}/" if "/" in text else ""
    found = []
    try:
        with os.scandir(Path(folder).expanduser()) as entries:
            for entry in entries:
                if not entry.name.startswith(beginning) or (entry.name[0] == "." and beginning[:1] != "."):
                    continue
                if entry.is_dir():
                    found.append(f"{folder}{entry.name}/")
                elif entry.name.lower().endswith(endings):
                    found.append(f"{folder}{entry.name}")
    except (OSError, RuntimeError, ValueError):
        return []
    return sorted(found)


def completed(text: str, endings: tuple[str, ...] = ENDINGS) -> tuple[str, list[str]]:
    """The text as far as every completion of it agrees, and the names that are left to choose from."""
    if text == "~":
        return "~/", []
    found = completions(text, endings)
    if not found:
        return text, []
    first, last = found[0], found[-1]  # sorted: what these two share, all share
    agreed = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:agreed], [Path(each).name for each in found]
