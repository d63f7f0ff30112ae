"""Frames for tests of what shows them, without a decoder."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import DecodeTimes


@dataclass(frozen=True)
class FakeFrame:
    picture: NDArray[np.uint8]
    times: DecodeTimes = field(default_factory=lambda: DecodeTimes(compute=0.002))
