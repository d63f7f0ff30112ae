"""The template scheme of the files in shaders/.

A kernel is WGSL with the shapes of one operator put into the text: compilers then see constants, and loops
that matter are written out, since Naga keeps whatever a loop variable indexes in memory. Three marks are all
there is:

- ``$name`` and ``$(expression)`` are replaced by the value of a Python expression over the kernel's
parameters,
  e.g. ``$width`` or ``$(pixels + 2)``; a list comes out with commas between.
- A line ``//! for NAME in EXPRESSION`` repeats the lines up to its ``//! end``, with NAME bound to each
value;
  ``//! for a, b in EXPRESSION`` unpacks.
- A line ``//! if EXPRESSION`` keeps the lines up to ``//! else`` or ``//! end`` only where the value is true.

Marks nest. Expressions come from the shader files of this project and see the parameters, ``range``, ``len``,
``enumerate``, ``min`` and ``max``; nothing from a model file is ever evaluated, only its numbers are
inserted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import CodeType
from typing import Any

from vaevis_tui import resources

_MARK = re.compile(r"\s*//! (for|if|else|end)\b\s*(.*)")
_VALUE = re.compile(r"\$(?:(\w+)|\()")
_BUILTINS = {"range": range, "len": len, "enumerate": enumerate, "min": min, "max": max}


class TemplateError(Exception):
    """A shader file does not follow the scheme; the message names the file and line."""


@dataclass(frozen=True, slots=True)
class _Line:
    parts: tuple[str | CodeType, ...]


@dataclass(frozen=True, slots=True)
class _For:
    names: tuple[str, ...]
    values: CodeType
    body: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _If:
    condition: CodeType
    body: tuple[_Node, ...]
    otherwise: tuple[_Node, ...]


_Node = _Line | _For | _If


def render(name: str, parameters: Mapping[str, Any]) -> str:
    """The WGSL of a shader file for these parameters.

    Args:
        name: File name in shaders/, e.g. ``"conv_tile.wgsl"``.
        parameters: Values that the file's expressions see.

    Raises:
        TemplateError: The file does not follow the scheme, or uses a parameter that is not given.
    """
    lines: list[str] = []
    scope = {"__builtins__": _BUILTINS, **parameters}
    try:
        _expand(_parsed(name), scope, lines)
    except NameError as error:
        raise TemplateError(f"{name}: {error}") from error
    return "\n".join(lines) + "\n"


def _expand(nodes: tuple[_Node, ...], scope: dict[str, Any], lines: list[str]) -> None:
    for node in nodes:
        if isinstance(node, _Line):
            lines.append("".join(p if isinstance(p, str) else _text(eval(p, scope)) for p in node.parts))
        elif isinstance(node, _If):
            _expand(node.body if eval(node.condition, scope) else node.otherwise, scope, lines)
        else:
            for value in eval(node.values, scope):
                values = (value,) if len(node.names) == 1 else value
                scope.update(zip(node.names, values, strict=True))
                _expand(node.body, scope, lines)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


@cache
def _parsed(name: str) -> tuple[_Node, ...]:
    return parse((resources.shaders_dir() / name).read_text("utf-8"), name)


def parse(text: str, name: str) -> tuple[_Node, ...]:
    """Parse a template; `render` does so once a file.

    Raises:
        TemplateError: A mark is not closed, closed twice or unknown.
    """
    lines = enumerate(text.splitlines(), 1)
    nodes, mark = _block(lines, name)
    if mark:
        raise TemplateError(f"{name}: '//! {mark}' without a beginning")
    return nodes


def _block(lines: Iterator[tuple[int, str]], name: str) -> tuple[tuple[_Node, ...], str]:
    """Nodes up to the mark that ends the block (``end``, ``else``, or empty at the end of the file)."""
    nodes: list[_Node] = []
    for number, line in lines:
        found = _MARK.fullmatch(line)
        if found is None:
            if line.lstrip().startswith("//!"):
                raise TemplateError(f"{name}:{number}: {line.strip()!r} is not a mark (for, if, else, end)")
            nodes.append(_line(line, f"{name}:{number}"))
            continue
        mark, rest = found.groups()
        place = f"{name}:{number}"
        if mark in ("else", "end"):
            return tuple(nodes), mark
        body, closing = _block(lines, name)
        if mark == "for":
            names, _, values = rest.partition(" in ")
            nodes.append(_For(tuple(n.strip() for n in names.split(",")), _code(values, place), body))
        else:
            otherwise: tuple[_Node, ...] = ()
            if closing == "else":
                otherwise, closing = _block(lines, name)
            nodes.append(_If(_code(rest, place), body, otherwise))
        if closing != "end":
            raise TemplateError(f"{place}: '//! {mark}' is not closed")
    return tuple(nodes), ""


def _line(line: str, place: str) -> _Line:
    parts: list[str | CodeType] = []
    position = 0
    while found := _VALUE.search(line, position):
        parts.append(line[position : found.start()])
        if found[1]:
            parts.append(_code(found[1], place))
            position = found.end()
        else:
            end = _closing(line, found.end(), place)
            parts.append(_code(line[found.end() : end], place))
            position = end + 1
    parts.append(line[position:])
    return _Line(tuple(parts))


def _closing(line: str, start: int, place: str) -> int:
    depth = 1
    for index in range(start, len(line)):
        depth += {"(": 1, ")": -1}.get(line[index], 0)
        if depth == 0:
            return index
    raise TemplateError(f"{place}: a parenthesis is not closed")


def _code(expression: str, place: str) -> CodeType:
    try:
        return compile(expression.strip(), place, "eval")
    except SyntaxError as error:
        raise TemplateError(f"{place}: {expression!r} is not an expression") from error
