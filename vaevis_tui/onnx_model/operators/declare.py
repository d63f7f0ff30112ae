"""How it is declared what an ONNX operator takes: inputs and attributes are checked here for every reader.

ONNX's checker has seen names and counts by then (`onnx_model.structure`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NoReturn, TypeAlias

import numpy as np

REQUIRED = object()
"""In the place of a default: what has none is refused."""

COMPUTED = object()
"""In the place of an input that depends on the latent vector."""

LARGEST = float(np.finfo(np.float32).max)
_FINITE = (-LARGEST, LARGEST)

Given: TypeAlias = SimpleNamespace
"""What a reader is handed: attributes and inputs known at load, by the names that they are declared by."""


class ArgumentError(ValueError):
    """An attribute or an input is not as declared; the text is a clause to put after the operator's name."""


def _refuse(problem: str) -> NoReturn:
    raise ArgumentError(problem)


@dataclass(frozen=True, slots=True)
class Argument:
    """An attribute, or an input that has to be known at load.

    Attributes:
        kind: bool, int, float, str, or np.ndarray for what is handed on as it is.
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

    def read(self, name: str, value: Any, rank: int) -> Any:
        """Check a value: numbers and words as such, integers in a row as a tuple, all else as an array.

        Args:
            name: How to call it.
            value: What the node has; None where it has none.
            rank: Number of axes of the node's first input.

        Raises:
            ArgumentError: It is not as declared.
        """
        value = self.default if value is None else value
        if value is REQUIRED:
            _refuse(f"it has no {name}")
        if value is None:
            return None
        if self.kind is np.ndarray:
            return value
        array = np.asarray(value)
        if array.dtype.kind not in ("U" if self.kind is str else "iu" if self.kind is int else "fiub"):
            _refuse(f"{name} is of type {array.dtype}, which is not supported")
        fits = array.size == 1 if self.rank == 0 else self.rank in (None, array.ndim)
        if not fits or self.length not in (None, array.size):
            expected = f"{self.length} numbers" if self.length else f"{self.rank} axes"
            _refuse(f"{name} of shape {array.shape} is not supported; it has {expected}")
        shown = array.item() if self.rank == 0 else array.tolist() if array.size < 9 else array.shape
        if self.choices and shown not in self.choices:
            known = ", ".join(map(str, self.choices))
            _refuse(f"{name}={shown!r} is not supported; it is one of {known}")
        if self.kind is not str and self.bounds is not None:
            low, high = self.bounds
            if not np.all((low <= array) & (array <= high)):  # NaN is neither
                shown = f"{shown:g}" if self.rank == 0 else shown
                _refuse(f"{name}={shown} is not supported; it lies between {low:g} and {high:g}")
        if self.axes:
            return self._from_front(array, rank)
        if self.rank == 0:
            return self.kind(array.item())
        if self.kind is int:
            return tuple(map(int, array)) if self.rank == 1 else array
        return array.astype(np.float32, copy=False)

    def _from_front(self, array: Any, rank: int) -> Any:
        if not np.all((-rank <= array) & (array < rank)):
            _refuse(f"axes={array.tolist()} are not supported; its input has {rank}")
        found = tuple(int(axis) % rank for axis in array.ravel())
        if len(set(found)) < len(found):
            _refuse(f"axes={array.tolist()} name one twice")
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


def any_number(default: Any = REQUIRED) -> Argument:
    """A number, NaN and infinities too."""
    return Argument(float, default, bounds=None)


def tensor() -> Argument:
    """An array of any type, or none; an onnx.TensorProto where it is large."""
    return Argument(np.ndarray, None, None)


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
class Signature:
    """What an operator takes.

    Attributes:
        constants: Inputs after the first, in their places, which have to be known; older opsets have them as
            attributes of these names.
        attributes: Its attributes by name.
    """

    constants: Mapping[str, Argument] = field(default_factory=dict)
    attributes: Mapping[str, Argument] = field(default_factory=dict)

    def read(self, given: Mapping[str, Any], rank: int, constant: Callable[[int, str], Any]) -> Given:
        """Check all that a node has.

        Args:
            given: Its attributes by name.
            rank: Number of axes of its first input.
            constant: An input by its place, and how to call it; None where it is absent, `COMPUTED` where it
                may depend on the latent vector and does.

        Raises:
            ArgumentError: Something is not as declared.
        """
        found = Given()
        for place, (name, argument) in enumerate(self.constants.items(), 1):
            value = constant(place, name)
            if value is None:
                value = given.get(name)
            setattr(found, name, None if value is COMPUTED else argument.read(name, value, rank))
        for name, argument in self.attributes.items():
            setattr(found, name, argument.read(name, given.get(name), rank))
        return found


NOTHING = Signature()
"""What operators take that have no attributes, and no inputs that have to be known."""
