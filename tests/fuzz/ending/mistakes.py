"""A program with a mistake in it: one of its callbacks ends in an exception, from some call on."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import vaevis_tui

FAULT = "a mistake in the program"

_PACKAGES = ("tui", "explorer", "engine/service")
"""Where callbacks are: of Textual, of timers, of what other threads have to tell."""

_LEFT_OUT = {
    "tui/textual_private/driver.py",
    "tui/textual_private/restore.py",
    "tui/textual_private/writing.py",
}
"""What gives the terminal back; whoever breaks that cannot ask for it."""

_CALLED_BY_TEXTUAL = re.compile(
    r"_?(on|action|watch|validate|compute|key)_\w+|render\w*|compose|get_content_\w+|get_system_commands"
)
"""Names by which Textual finds what it calls."""

_REPLACE = """
import functools, importlib, inspect, sys

def replace(name, before):
    module, _, method = name.partition(":")
    kind, _, method = method.partition(".")
    owner = getattr(importlib.import_module(module), kind)
    kept = inspect.getattr_static(owner, method)
    function = kept.__func__ if isinstance(kept, (staticmethod, classmethod)) else kept

    @functools.wraps(function)
    def called(*arguments, **options):
        before(name)
        return function(*arguments, **options)

    setattr(owner, method, type(kept)(called) if function is not kept else called)
    for handlers in vars(owner).get("_decorated_handlers", {}).values():  # of Textual's decorator `on`
        handlers[:] = [(called if handler is kept else handler, *rest) for handler, *rest in handlers]
"""

_MISTAKE = f"""
name, times, *sys.argv[1:] = sys.argv[1:]
left = [int(times)]

def fail(name):
    left[0] -= 1
    if left[0] < 0:
        raise RuntimeError({FAULT!r})

replace(name, fail)
"""

_COUNT = """
log, names, *sys.argv[1:] = sys.argv[1:]
unseen, log = set(names.split()), open(log, "a", buffering=1)

def note(name):
    if name in unseen:
        unseen.remove(name)
        print(name, file=log)

for name in names.split():
    replace(name, note)
"""

_RUN = """
from vaevis_tui.cli import main
sys.exit(main(sys.argv[1:]))
"""


@cache
def callbacks() -> tuple[str, ...]:
    """All callbacks of the explorer, as "module:Class.method".

    They are the methods that Textual finds by their names or by `on`, those that keys call, and those that
    are handed to somebody as `self.method`: timers, other threads, the terminal's answers, observers.
    """
    root = Path(vaevis_tui.__file__).parent
    found = []
    for path in sorted(path for package in _PACKAGES for path in (root / package).rglob("*.py")):
        if path.relative_to(root).as_posix() in _LEFT_OUT:
            continue
        module = ".".join(("vaevis_tui", *path.relative_to(root).with_suffix("").parts))
        for kind in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(kind, ast.ClassDef):
                by_keys = "/tui/actions/" in path.as_posix()
                found += [f"{module}:{kind.name}.{name}" for name in _of_class(kind, by_keys)]
    return tuple(found)


def _of_class(kind: ast.ClassDef, by_keys: bool) -> Iterator[str]:
    handed_on = set()
    for call in ast.walk(kind):
        if isinstance(call, ast.Call):
            for value in (*call.args, *(keyword.value for keyword in call.keywords)):
                if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
                    handed_on.add(value.attr if value.value.id == "self" else "")
    for method in kind.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(each).split("(")[0] for each in method.decorator_list}
            if decorators - {"on", "staticmethod", "classmethod", "override"}:
                continue
            called = "on" in decorators or method.name in handed_on
            if called or (by_keys and method.name[0] != "_") or _CALLED_BY_TEXTUAL.fullmatch(method.name):
                yield method.name


def with_a_mistake(callback: str, times: int) -> list[str]:
    """A command that starts the program, in which a callback fails after so many calls."""
    return [sys.executable, "-c", _REPLACE + _MISTAKE + _RUN, callback, str(times)]


def counted(log: Path) -> list[str]:
    """A command that starts the program, which writes to a file which callbacks are called, a line each."""
    return [sys.executable, "-c", _REPLACE + _COUNT + _RUN, str(log), " ".join(callbacks())]
