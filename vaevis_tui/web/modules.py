"""The page's modules as one script, for a page of one file: browsers load no module from a file's address.

Every module imports by name, on one line, and exports by declaration; so joining them is leaving these words
out, in the order of need. Names at the top of modules are of one scope then, and none may be there twice.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|class|const|let)", re.MULTILINE)
_TOP = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (?:\{([^}]*)\}|(\w+))", re.MULTILINE
)


def module_paths(folder: Path, entry: str) -> list[str]:
    """A module and all that it imports, in the order of need, relative to the folder where they lie."""
    order: list[str] = []
    _visit(folder, entry, order, set())
    return order


def joined(folder: Path, entry: str) -> str:
    """A script that does what a module and all that it imports do.

    Args:
        folder: Where they lie.
        entry: The module, relative to it.

    Raises:
        ValueError: Two modules have a name at their top in common.
    """
    owners: dict[str, str] = {}
    parts = []
    for name in module_paths(folder, entry):
        text = (folder / name).read_text("utf-8")
        for top in _names(text):
            if owners.setdefault(top, name) != name:
                raise ValueError(f"{name} and {owners[top]} both have {top} at their top")
        parts.append(f"// -- {name}\n{_EXPORT.sub('', _IMPORT.sub('', text))}")
    return '"use strict";\n' + "\n".join(parts)


def _visit(folder: Path, name: str, order: list[str], seen: set[str]) -> None:
    """Depth first: what is imported comes before who imports it."""
    if name in seen:
        return
    seen.add(name)
    for path in _IMPORT.findall((folder / name).read_text("utf-8")):
        _visit(folder, _resolved(PurePosixPath(name).parent / path), order, seen)
    order.append(name)


def _resolved(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _names(text: str) -> list[str]:
    """Names at the top of a module."""
    names: list[str] = []
    for several, one in _TOP.findall(text):
        names += [one] if one else [each.split(":")[-1].strip() for each in several.split(",")]
    return names
