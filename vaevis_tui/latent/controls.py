"""What a decoder takes beside z, as rows: a class, a number, a seed; a point has a value of each, after z."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

TRACK = 3.0
"""Ends of a row's track, of which the middle is 0: those of a row in sigmas."""

NUMBER_LIMIT = 10.0
"""How many times what it begins with a number may be."""

MANY = 20
"""Classes from which a large step is of ten."""

MOST_STOPS = 12
"""Classes that a strip shows all of; of more it shows `STOPS`."""

STOPS = 7


@dataclass(frozen=True, slots=True)
class Control:
    """One of them.

    Attributes:
        name: Of the decoder's input.
        kind: ``"class"``, ``"number"`` or ``"seed"``.
        start: The value that it begins with.
        count: Classes or seeds that there are; 0 of a number.
    """

    name: str
    kind: Literal["class", "number", "seed"]
    start: float
    count: int = 0

    @property
    def detail(self) -> str:
        """For people."""
        if self.kind == "class":
            return f"class of {self.count}"
        return "a number" if self.kind == "number" else "seed of its noise"

    @property
    def advice(self) -> str:
        """What it may be set to, for people."""
        if self.kind == "number":
            return f"a number from {-NUMBER_LIMIT * self._scale:g} to {NUMBER_LIMIT * self._scale:g}"
        return f"a whole number from 0 to {self.count - 1}"

    @property
    def _scale(self) -> float:
        return abs(self.start) or 1.0

    @property
    def ends(self) -> tuple[float, float]:
        """Values at the ends of its track; in the middle of a number's is what it begins with."""
        if self.kind != "number":
            return 0.0, float(self.count - 1)
        return (0.0, 2 * self.start) if self.start else (-TRACK, TRACK)

    def swing(self, value: float) -> tuple[float, float]:
        """From where to where it goes to and fro; of seeds there are too many, so it is some."""
        return self.ends if self.kind != "seed" else (value, self.limited(value + STOPS))

    def limited(self, value: float) -> float:
        """The nearest value that it can have.

        Raises:
            ValueError: It is not finite.
        """
        if not math.isfinite(value):
            raise ValueError(f"{self.name} must be a finite number, not {value}")
        if self.kind == "number":
            limit = NUMBER_LIMIT * self._scale
            return float(np.float32(min(max(value, -limit), limit)))
        return float(min(max(round(value), 0), self.count - 1))

    def moved(self, value: float, sigmas: float) -> float:
        """A step further, as a key has it that moves by so many sigmas: of a class or seed the next."""
        if self.kind == "number":
            return self.limited(value + sigmas * self._scale)
        step = 10 if abs(sigmas) >= 1 and self.count > MANY else 1
        return self.limited(value + math.copysign(step, sigmas))

    def place(self, value: float) -> float:
        """Where on its track a value is, from -`TRACK` to `TRACK`; beyond them where it is."""
        low, high = self.ends
        return TRACK * (2 * (value - low) / (high - low) - 1) if high > low else 0.0

    def at(self, place: float) -> float:
        """The inverse of `place`."""
        low, high = self.ends
        return self.limited(low + (place / TRACK + 1) / 2 * (high - low))

    def text(self, value: float) -> str:
        """A value for people."""
        return f"{value:.4g}" if self.kind == "number" else f"{value:.0f}"

    def parsed(self, text: str) -> float | str:
        """The value that was typed, or what is wrong with it in a few words."""
        wrong = self.advice
        try:
            value = float(text.strip().replace("−", "-").replace(",", "."))
        except ValueError:
            return wrong
        if self.kind == "number":
            return value if abs(value) <= NUMBER_LIMIT * self._scale else wrong  # NaN is not
        return value if value in range(self.count) else wrong

    def stops(self, value: float) -> tuple[float, ...]:
        """Values for a strip: all classes, or some about the one on show; a number's whole track."""
        if self.kind == "number":
            return tuple(float(each) for each in np.linspace(*self.ends, STOPS))
        shown = self.count if self.count <= MOST_STOPS else STOPS
        first = min(max(round(value) - shown // 2, 0), self.count - shown)
        return tuple(float(first + each) for each in range(shown))


def values_of(controls: Sequence[Control]) -> tuple[float, ...]:
    """What controls begin with."""
    return tuple(each.start for each in controls)


def changed(
    controls: Sequence[Control], values: Sequence[float], changes: Mapping[str, float]
) -> tuple[float, ...]:
    """Values of controls of which some are set, by name.

    Raises:
        ValueError: There is none of a name, or it cannot have a value.
    """
    known = dict(zip((each.name for each in controls), values, strict=True))
    by_name = {each.name: each for each in controls}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"the model has no control {name!r}; it has {', '.join(known) or 'none'}")
        parsed = by_name[name].parsed(str(value))
        if not isinstance(parsed, float):
            raise ValueError(f"{name}={value}: expected {parsed}")  # noqa: TRY004  (the value is wrong)
        known[name] = parsed
    return tuple(known.values())
