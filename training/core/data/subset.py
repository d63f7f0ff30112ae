"""A part of the data where all of it would take too long."""

from __future__ import annotations

import torch
from torch import Tensor


def evenly_spread(rows: Tensor, most: int) -> Tensor:
    """At most so many rows of a tensor, evenly spread over all."""
    return rows[torch.linspace(0, len(rows) - 1, min(most, len(rows))).long()]
