"""Inputs of a decoder beside its latent vector, and the vectors that hold them too.

A decoder with *controls* takes d numbers of z, then those of each control: a class is one-hot, a number
itself, noise what its seed draws. What is handed about in the program, a *point*, has one value for each
control instead, after z: the class, the number, the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SEEDS = 1 << 24
"""Seeds of a control are below: float32 tells them apart."""


@dataclass(frozen=True, slots=True)
class ExtraInput:
    """An input that is not the latent vector.

    Attributes:
        name: The input's.
        kind: ``"label"``, ``"one-hot"``, ``"number"``, ``"noise"`` (a seed), ``"flag"`` or ``"size"``.
        value: What it is set to, unless a point says otherwise.
        choices: Number of classes; None where it is not known or there are none.
        size: Numbers that the decoder takes for it; 0 where it is written into the graph.
    """

    name: str
    kind: str
    value: str
    choices: int | None = None
    size: int = 0

    def numbers(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the decoder takes for values (n,): float32 (n, size).

        Raises:
            ValueError: One is no class, or no seed.
        """
        if self.kind == "number":
            return np.repeat(values[:, None], self.size, axis=1)
        below = SEEDS if self.kind == "noise" else self.size
        whole = np.rint(values).astype(np.int64)
        if np.any((whole < 0) | (whole >= below)):
            raise ValueError(
                f"{self.name} holds {values.tolist()[0]:g}; a number from 0 to {below - 1} is expected"
            )
        if self.kind == "noise":
            return np.stack([noise(int(seed), self.size) for seed in whole])
        hot = np.zeros((len(values), self.size), np.float32)
        hot[np.arange(len(values)), whole] = 1
        return hot


@lru_cache(maxsize=4)
def noise(seed: int, size: int) -> NDArray[np.float32]:
    """Standard normal numbers, float32 (size,), read-only."""
    drawn = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    drawn.setflags(write=False)
    return drawn


def filled(z: NDArray[np.float32], dim: int, controls: Sequence[ExtraInput]) -> NDArray[np.float32]:
    """What a decoder takes, float32 (n, d + numbers of its controls).

    Args:
        z: Float32 (n, d), which leaves controls as they are set; points, (n, d + number of controls); or what
            the decoder takes.
        dim: Length d of z.
        controls: What follows.

    Raises:
        ValueError: It has another shape, or a control another value than it can have.
    """
    total = dim + sum(each.size for each in controls)
    if not controls or z.ndim != 2 or z.shape[1] not in (dim, dim + len(controls)):
        if z.ndim != 2 or z.shape[1] != total:
            more = f", or (n, {dim + len(controls)}) with what it takes beside z" if controls else ""
            raise ValueError(f"z has shape {z.shape}; (n, {dim}) is expected{more}")
        return z
    values = with_values(z, dim, [float(each.value) for each in controls])[:, dim:]
    parts = [each.numbers(values[:, place]) for place, each in enumerate(controls)]
    return np.ascontiguousarray(np.concatenate([z[:, :dim], *parts], axis=1), np.float32)


def with_values(z: NDArray[np.float32], dim: int, values: Sequence[float]) -> NDArray[np.float32]:
    """Points (..., d + k) of z (..., d) and values of k controls; points stay what they are."""
    if not len(values) or z.shape[-1] != dim:
        return z
    rest = np.broadcast_to(np.asarray(values, np.float32), (*z.shape[:-1], len(values)))
    return np.concatenate([np.asarray(z, np.float32), rest], axis=-1)
