"""What a model may hold at most; each far beyond what a terminal shows."""

from __future__ import annotations

import math
import os

LIMITS_VARIABLE = "VAEVIS_TUI_MODEL_LIMITS"
"""Environment variable: how many times what is supported a model may take, in each of our processes."""

LARGE = 16
"""That by ``--large``: what a workstation decodes in seconds an image."""


MAX_FILE_BYTES = 512 << 20
"""A decoder for a terminal has some ten megabytes; this leaves room for the largest research models."""

MAX_LATENT_DIM = 2048
"""The principal axes, float32 (d, d), take 16 MiB at this size."""

MAX_IMAGE_SIDE = 4096
"""Pixels."""

MAX_NODES = 3_000
"""Operators: each is looked at several times before it runs, in a second for all of these. StyleGAN and the
decoder of Stable Diffusion have fewer than a thousand."""

MAX_TENSOR_ELEMENTS = 1 << 27
"""Of one tensor for one image: 512 MiB of float32, 128 channels at 1024x1024."""

MAX_TOTAL_ELEMENTS = 1 << 29
"""Of all tensors for one image together: 2 GiB of float32, some tens of layers at full size."""

MAX_SCRATCH_ELEMENTS = 1 << 27
"""Of what an operator holds beside its inputs and outputs: 512 MiB of float32."""

MAX_MULTIPLY_ADDS = 2 * 10**11
"""Of one image: twice StyleGAN2 at 1024x1024, some ten seconds of a laptop's processor."""


def supported(limit: int) -> int:
    """A limit, or so many times as much as `LIMITS_VARIABLE` says."""
    try:
        times = float(os.environ.get(LIMITS_VARIABLE, "1"))
    except ValueError:
        times = 1.0
    return int(limit * times) if 0 < times < math.inf else limit


def beyond(limit: int) -> str:
    """The end of a refusal on account of a limit: what is supported, and how to go beyond it."""
    return f"up to {supported(limit)} are supported, with --large {LARGE} times as many"
