"""Random walks as frames, for animations."""

from __future__ import annotations

import math
import operator

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Latent, generator
from vaevis_tui.latent.motion.loops import closed_path
from vaevis_tui.latent.motion.walk import MAX_STEP_SECONDS, Walk
from vaevis_tui.latent.space import LatentSpace


def random_walk(
    space: LatentSpace,
    start: ArrayLike,
    seed: int,
    count: int,
    *,
    rate: float,
    speed: float,
    loop: bool = True,
) -> Latent:
    """A random walk where the data lie, one latent a frame; the first is exactly the start.

    Without a loop it is a `Walk`. A loop is a smooth closed curve of about the same speed, see `loops`; its
    frames have even distances, also from the last one to the first.

    Args:
        space: The model's.
        start: Latent vector (d,) to begin at.
        seed: Of the walk.
        count: Number of frames.
        rate: Frames a second.
        speed: Whitened standard deviations a second.
        loop: Whether the last frame leads to the first.

    Returns:
        float32 (count, d).

    Raises:
        ValueError: count or rate is not positive, the seed is negative, or the walk cannot begin there.
    """
    if count < 1 or not rate > 0:
        raise ValueError(f"a walk needs frames and a rate, not {count} frames at {rate} a second")
    rng = generator(seed)
    walk, count = Walk(space, start, rng, speed), operator.index(count)
    return (
        closed_path(space, walk.z, rng, count, count / rate, speed) if loop else _steps(walk, count, 1 / rate)
    )


def _steps(walk: Walk, count: int, seconds: float) -> Latent:
    """The start of a walk and its position after each step, float32 (count, d)."""
    parts = math.ceil(seconds / MAX_STEP_SECONDS)
    path = [walk.z]
    for _ in range(count - 1):
        for _ in range(parts):
            walk.step(seconds / parts)
        path.append(walk.z)
    return np.stack(path)
