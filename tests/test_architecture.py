"""docs/architecture.md leads whoever is new to files and names that are there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import E2E, SLOW

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WHERE = re.findall(r"^\| (.+?) \| `(.+?)` \| `(.+?)` \|$", PAGE, re.MULTILINE)
LARGEST_FILE = 400
"""Lines: what one reads in one sitting."""
LARGEST_FOLDER = 18
"""Modules: what one sees at a glance, about fifteen."""
FLAT = {"vaevis_tui/commands", "tests/benchmarks"}
"""One file a command or a benchmark, named as it."""
SOURCES = [path for folder in ("vaevis_tui", "training", "tests") for path in (ROOT / folder).rglob("*.py")]


def defined(path: Path) -> set[str]:
    """The names of a module, and of its classes."""
    if path.suffix == ".js":
        return set(
            re.findall(r"^ *(?:export |async |function |class )*(#?\w+).*\{$", path.read_text(), re.MULTILINE)
        )
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def named(path: Path) -> set[str]:
    """All that a docstring may refer to in a module: what it defines, sets, takes or imports, and itself."""
    found = {path.stem, *path.parent.relative_to(ROOT).parts}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) if isinstance(node.ctx, ast.Store):
                found.add(name)
            case ast.arg(arg=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add((other or name).rpartition(".")[2])
    return found


def test_what_docstrings_refer_to_is_there() -> None:
    """`name` is a name of ours, ``name`` is anything else."""
    packages = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"]
    there = set[str]().union(*map(named, packages))
    lost = [
        f"{path.relative_to(ROOT)}: `{name}`"
        for path in packages
        for name in re.findall(r"(?<![`\w])`((?:vaevis_tui\.[\w.]+|[A-Za-z_]\w*))`(?!`)", path.read_text())
        if name.rpartition(".")[2] not in there
    ]
    assert not lost, f"renamed or gone; what is not ours stands in two backticks: {lost}"


def test_the_table_is_read() -> None:
    assert len(WHERE) > 25


@pytest.mark.parametrize(("what", "file", "name"), WHERE, ids=[what for what, _, _ in WHERE])
def test_what_a_newcomer_looks_for_is_where_the_page_says(what: str, file: str, name: str) -> None:
    assert (ROOT / file).is_file(), f"{file} is gone: name in docs/architecture.md where {what}"
    assert name in defined(ROOT / file), f"{file} has no {name}: name in docs/architecture.md where {what}"


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|js|md|toml))`", PAGE))))
def test_every_file_that_the_page_names_is_there(path: str) -> None:
    """Some are named from the folder that the text is about."""
    folders = ("vaevis_tui", "tests", "training", "docs")
    files = [ROOT / path, *(each for folder in folders for each in (ROOT / folder).rglob(Path(path).name))]
    there = any(file.is_file() and file.as_posix().endswith(f"/{path}") for file in files)
    assert there, f"docs/architecture.md names {path}, which is moved or gone: mend the page"


def test_no_file_is_too_long_to_be_read_in_one_sitting() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n") for path in SOURCES
    }
    long = {path: count for path, count in lines.items() if count > LARGEST_FILE}
    assert not long, f"over {LARGEST_FILE} lines; give a part that has a name a file of its own: {long}"


def test_no_folder_is_too_full_to_be_seen_at_a_glance() -> None:
    modules = Counter(path.parent.relative_to(ROOT).as_posix() for path in SOURCES)
    full = {
        folder: count for folder, count in modules.items() if count > LARGEST_FOLDER and folder not in FLAT
    }
    assert not full, f"over {LARGEST_FOLDER} modules; put what belongs together into a folder: {full}"


def test_what_conftest_marks_is_there() -> None:
    lost = [path for path in (*E2E, *SLOW) if not (ROOT / "tests" / path).exists()]
    assert not lost, f"renamed or gone, so that no test of it is marked; mend tests/conftest.py: {lost}"
