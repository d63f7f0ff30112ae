"""Which kernel was measured to be the fastest for an operator, kept on disk between starts.

A file belongs to one adapter with its driver, one version of wgpu and one state of ``shaders/``; within it an
operator is found by its kind, shapes and epilogue. A choice also holds a digest of the WGSL that was measured
and held against the plain kernel: where the same name stands for another text by now, it does not count.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from vaevis_tui import resources
from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.engine.graph.ir import Operator
from vaevis_tui.engine.wgpu.device import AdapterSummary
from vaevis_tui.engine.wgpu.kernels.base import Context

MOST_BYTES = 1 << 20
"""Of a file: a choice takes half a kilobyte."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What measuring some kernels came to.

    Attributes:
        kernel: Name of the winner.
        text: `digest` of its WGSL.
        default: Name of the kernel that is taken without a measurement.
        times: Milliseconds of each kernel that made the plain kernel's output, by name.
        rejected: Names of those that did not.
    """

    kernel: str
    text: str
    default: str
    times: Mapping[str, float]
    rejected: tuple[str, ...] = ()

    @property
    def gain(self) -> float:
        """How many times faster than the default; 1 where the default was rejected or has won."""
        return self.times.get(self.default, self.times[self.kernel]) / self.times[self.kernel]


class Choices:
    """The choices for one adapter."""

    def __init__(self, path: Path | None = None) -> None:
        """Begin with what a file holds.

        Args:
            path: Where they are kept; what is broken there is left out, and overwritten by `save`.
        """
        self._path = path
        self._found = {} if path is None else _read(path)

    @classmethod
    def of_adapter(cls, adapter: AdapterSummary) -> Self:
        """The choices for an adapter, in the user's cache folder."""
        import wgpu

        return cls.of(cache_folder(), adapter.name, adapter.backend, adapter.driver, wgpu.__version__)

    @classmethod
    def of(cls, folder: Path, *device: str) -> Self:
        """The choices for a device, which its adapter's name, its driver and wgpu's version tell."""
        name = hashlib.sha256("\n".join((*device, _shaders())).encode()).hexdigest()[:32]
        return cls(folder / f"kernels-{name}.json")

    def find(self, operator: Operator, context: Context) -> Selection | None:
        """What was measured for an operator, or None."""
        return self._found.get(shape_key(operator, context))

    def add(self, operator: Operator, context: Context, choice: Selection) -> None:
        """Remember a choice."""
        self._found[shape_key(operator, context)] = choice

    def save(self) -> None:
        """Write them down, if there is a place for them."""
        if self._path is not None:
            content = {key: dataclasses.asdict(choice) for key, choice in self._found.items()}
            keep(self._path, json.dumps(content, indent=1).encode())


def shape_key(operator: Operator, context: Context) -> str:
    """A digest of everything that a kernel's text for an operator depends on, its numbers left out."""
    graph, images = context.graph, context.textures
    parts: list[object] = [operator.kind, context.half, context.packed, context.software]
    parts += [context.weights_in_textures, context.limits.subgroup]
    parts += [(graph.shape_of(name), name in images, name in graph.constants) for name in operator.reads]
    parts += [len(operator.inputs), operator.output in images]
    for field in dataclasses.fields(operator):
        value = getattr(operator, field.name)
        if isinstance(value, np.ndarray):
            value = value.shape, value.tobytes() if value.dtype == np.bool_ else None
        if field.name not in ("inputs", "operands", "output"):
            parts.append((field.name, value))
    return digest(repr(parts))


def digest(text: str) -> str:
    """SHA-256 of a text, as 32 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _shaders() -> str:
    """All of ``shaders/``."""
    return "\n".join(path.read_text("utf-8") for path in sorted(resources.shaders_dir().glob("*.wgsl")))


def _read(path: Path) -> dict[str, Selection]:
    content = read_own(path, MOST_BYTES)
    if content is None:
        return {}
    try:
        entries = json.loads(content)
        return {str(key): _choice(entry) for key, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return {}


def _choice(entry: Mapping[str, Any]) -> Selection:
    """A choice from JSON.

    Raises:
        ValueError, KeyError, TypeError, AttributeError, ArithmeticError: It is none.
    """
    times = {str(name): float(time) for name, time in entry["times"].items()}
    choice = Selection(
        kernel=str(entry["kernel"]),
        text=str(entry["text"]),
        default=str(entry["default"]),
        times=times,
        rejected=tuple(str(name) for name in entry["rejected"]),
    )
    names = (*times, choice.default, *choice.rejected)  # doctor prints them
    if choice.kernel not in times or not all(re.fullmatch(r"\w{1,40}", name, re.ASCII) for name in names):
        raise ValueError("no kernel has such a name")
    if not all(0 < time < math.inf for time in times.values()):
        raise ValueError("a kernel's time is not a positive number")
    return choice
