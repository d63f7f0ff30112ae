"""What an ONNX operator takes, declared once: inputs and attributes are checked here for every reader.

ONNX's checker has seen names and counts by then (`onnx_model.structure`); what is declared is what the engine
can compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from vaevis_tui.engine.graph.importer import Importer, refuse
from vaevis_tui.onnx_model.node import Node

REQUIRED = object()
"""In the place of a default: what has none is refused."""

LARGEST = float(np.finfo(np.float32).max)
_FINITE = (-LARGEST, LARGEST)

Given: TypeAlias = SimpleNamespace
"""What a reader is handed: attributes and inputs known at load, by the names that they are declared by."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An attribute, or an input that has to be known at load.

    Attributes:
        kind: bool, int, float or str.
        default: What stands where there is none, or `REQUIRED`.
        rank: Number of axes; 0 for a number or a word; None: any.
        length: Numbers that it has to have, if any.
        choices: The only values that are supported, if any.
        bounds: Lowest and highest number; None: any, NaN and infinities too.
        axes: Whether the numbers are axes of the first input; they are handed on counted from the front.
        computed: Whether it may depend on the latent vector after all; the reader is handed None then.
    """

    kind: type
    default: Any = REQUIRED
    rank: int | None = 0
    length: int | None = None
    choices: tuple[Any, ...] = ()
    bounds: tuple[float, float] | None = _FINITE
    axes: bool = False
    computed: bool = False

    def read(self, importer: Importer, node: Node, name: str, value: Any) -> Any:
        """Check a value: numbers and words as such, integers in a row as a tuple, all else as an array."""
        value = self.default if value is None else value
        if value is REQUIRED:
            refuse(node, f"it has no {name}")
        if value is None:
            return None
        array = np.asarray(value)
        if array.dtype.kind not in ("U" if self.kind is str else "iu" if self.kind is int else "fiub"):
            refuse(node, f"{name} is of type {array.dtype}, which is not supported")
        fits = array.size == 1 if self.rank == 0 else self.rank in (None, array.ndim)
        if not fits or self.length not in (None, array.size):
            wanted = f"{self.length} numbers" if self.length else f"{self.rank} axes"
            refuse(node, f"{name} of shape {array.shape} is not supported; it has {wanted}")
        shown = array.item() if self.rank == 0 else array.tolist() if array.size < 9 else array.shape
        if self.choices and shown not in self.choices:
            known = ", ".join(map(str, self.choices))
            refuse(node, f"{name}={shown!r} is not supported; it is one of {known}")
        if self.kind is not str and self.bounds is not None:
            low, high = self.bounds
            if not np.all((low <= array) & (array <= high)):  # NaN is neither
                shown = f"{shown:g}" if self.rank == 0 else shown
                refuse(node, f"{name}={shown} is not supported; it lies between {low:g} and {high:g}")
        if self.axes:
            return self._from_front(importer, node, array)
        if self.rank == 0:
            return self.kind(array.item())
        if self.kind is int:
            return tuple(map(int, array)) if self.rank == 1 else array
        return array.astype(np.float32, copy=False)

    def _from_front(self, importer: Importer, node: Node, array: Any) -> Any:
        rank = len(importer.shape(node.inputs[0]))
        if not np.all((-rank <= array) & (array < rank)):
            refuse(node, f"axes={array.tolist()} are not supported; its input has {rank}")
        found = tuple(int(axis) % rank for axis in array.ravel())
        if len(set(found)) < len(found):
            refuse(node, f"axes={array.tolist()} name one twice")
        return found[0] if self.rank == 0 else found


def choice(default: Any, *others: Any) -> Argument:
    """One of several words or numbers, the only ones that are supported."""
    return Argument(type(default), default, choices=(default, *others))


def text() -> Argument:
    """Any words."""
    return Argument(str)


def flag(default: bool = False) -> Argument:
    """Zero or anything else."""
    return Argument(bool, default)


def number(default: Any = REQUIRED, low: float = -LARGEST, high: float = LARGEST) -> Argument:
    """A finite number."""
    return Argument(float, default, bounds=(low, high))


def bound(default: float) -> Argument:
    """A number that may be infinite on the side of its default."""
    return Argument(float, default, bounds=(min(default, -LARGEST), max(default, LARGEST)))


def integer(default: Any = REQUIRED, low: float = -LARGEST) -> Argument:
    """An integer."""
    return Argument(int, default, bounds=(low, LARGEST))


def integers(default: Any = REQUIRED, low: float = -LARGEST, length: int | None = None) -> Argument:
    """Integers in a row."""
    return Argument(int, default, 1, length, bounds=(low, LARGEST))


def pair(default: Any, low: int = 1) -> Argument:
    """A number for height and one for width."""
    return integers(default, low, 2)


def axis(default: Any) -> Argument:
    """An axis of the first input."""
    return Argument(int, default, axes=True)


def axes(default: Any = None) -> Argument:
    """Axes of the first input."""
    return Argument(int, default, 1, axes=True)


def weights(rank: int | None = None, default: Any = REQUIRED, *, computed: bool = False) -> Argument:
    """Numbers, finite or not: float32."""
    return Argument(float, default, rank, bounds=None, computed=computed)


def indices(default: Any = REQUIRED, *, computed: bool = False) -> Argument:
    """Integers of any shape, in the type that they have."""
    return Argument(int, default, None, computed=computed)


@dataclass(frozen=True, slots=True)
class Operator:
    """How the engine reads an ONNX operator.

    Attributes:
        read: Adds what a node computes to the graph, or refuses it.
        constants: Inputs after the first, in their places, which have to be known at load; older opsets have
            them as attributes of these names.
        attributes: Its attributes by name.
        rank: Number of axes of the first input; None: any.
    """

    read: Callable[[Importer, Node, Given], None]
    constants: Mapping[str, Argument] = field(default_factory=dict)
    attributes: Mapping[str, Argument] = field(default_factory=dict)
    rank: int | None = None

    def __call__(self, importer: Importer, node: Node) -> None:
        """Read a node.

        Raises:
            UnsupportedGraph: It is not as declared, or its reader refuses it.
        """
        _check_rank(importer, node, 0, self.rank)
        given = Given()
        for place, (name, argument) in enumerate(self.constants.items(), 1):
            if argument.computed and node.has(place) and node.inputs[place] not in importer.constants:
                _check_rank(importer, node, place, argument.rank)
                setattr(given, name, None)
                continue
            value = importer.constant(node, place, name) if node.has(place) else node.attributes.get(name)
            setattr(given, name, argument.read(importer, node, name, value))
        for name, argument in self.attributes.items():
            setattr(given, name, argument.read(importer, node, name, node.attributes.get(name)))
        self.read(importer, node, given)


def _check_rank(importer: Importer, node: Node, place: int, rank: int | None) -> None:
    shape = importer.shape(node.inputs[place])
    if rank not in (None, len(shape)):
        refuse(node, f"its input has shape {shape}; {rank} axes are supported")
