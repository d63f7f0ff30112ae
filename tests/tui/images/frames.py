"""Frames for tests of what shows them, without a decoder."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import DecodeTimes


@dataclass(frozen=True, eq=False)
class FakeFrame:
    """A frame that is the same as no other, whatever its image."""

    image: NDArray[np.uint8]
    times: DecodeTimes = field(default_factory=lambda: DecodeTimes(compute=0.002))


def random_frame(seed: int, height: int = 16, width: int = 16) -> FakeFrame:
    """A frame of noise."""
    return FakeFrame(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def flat_frame(red: int, green: int, blue: int, height: int = 16, width: int = 16) -> FakeFrame:
    """A frame of one colour."""
    return FakeFrame(np.full((height, width, 3), (red, green, blue), np.uint8))
