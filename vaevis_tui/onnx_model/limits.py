"""What a model may hold at most; each far beyond what a terminal shows."""

from __future__ import annotations

MAX_FILE_BYTES = 512 << 20
"""A decoder for a terminal has some ten megabytes; this leaves room for the largest research models."""

MAX_LATENT_DIM = 2048
"""The principal axes, float32 (d, d), take 16 MiB at this size."""

MAX_IMAGE_SIDE = 4096
"""Pixels."""
