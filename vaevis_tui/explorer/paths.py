"""Paths as people type, drop and paste them."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vaevis_tui.export.picture import ENDINGS
from vaevis_tui.reading import typed_path

LONGEST = 65_536
"""Characters that are looked at: some hundred names."""
MOST_PICTURES = 200
"""That are taken from a folder."""


def dropped_pictures(text: str) -> list[Path]:
    """The files that a terminal means when some are dropped on it, or that were pasted or typed.

    Terminals put quotes around a name, or backslashes before its blanks, or write it as an address. Of a
    folder it is the pictures in it, by name, `MOST_PICTURES` at most.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or "\0" in text:
        return []
    names = [text] if _existing(text) else [name for line in text.splitlines() for name in _names(line)]
    paths = [path for name in dict.fromkeys(names) if (path := _existing(name))]
    return [each for path in paths for each in (_pictures(path) if path.is_dir() else [path])]


def _names(line: str) -> list[str]:
    """The names in a line, or the line where it is one."""
    line = line.strip()
    if not _existing(line):
        with contextlib.suppress(ValueError):  # a quote that is part of the name
            return shlex.split(line)
    return [line]


def _existing(name: str) -> Path | None:
    """The file or folder of that name, if there is one."""
    path = Path(unquote(urlsplit(name).path) if name.startswith("file://") else name)
    with contextlib.suppress(OSError, ValueError):
        path = typed_path(path)
        if path.is_file() or path.is_dir():
            return path
    return None


def _pictures(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        files = sorted(each for each in folder.iterdir() if each.name.lower().endswith(ENDINGS))
        return [each for each in files if each.is_file()][:MOST_PICTURES]
    return []


def completions(text: str, endings: tuple[str, ...] = ENDINGS) -> list[str]:
    """What a half-typed path may become: folders, with a slash at their end, and files; sorted by name.

    Hidden ones are left out unless the name begins with a dot, like files with other endings.
    """
    folder, _, beginning = text.rpartition("/")
    folder = f"{folder}/" if "/" in text else ""
    found = []
    try:
        with os.scandir(typed_path(folder)) as entries:
            for entry in entries:
                if not entry.name.startswith(beginning) or (entry.name[0] == "." and beginning[:1] != "."):
                    continue
                if entry.is_dir():
                    found.append(f"{folder}{entry.name}/")
                elif entry.name.lower().endswith(endings):
                    found.append(f"{folder}{entry.name}")
    except (OSError, ValueError):
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
