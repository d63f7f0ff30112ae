"""What a model makes of some random latent vectors: tried before it is said how its values are shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.options import Prior
from vaevis_tui.onnx_model.runtime import open_session, reason_of, run_options

if TYPE_CHECKING:
    import onnx

COUNT = 16
"""Images that are tried."""

BUDGET = 2.0
"""Seconds after which no further one is begun; two are enough to tell most things."""

TIMEOUT = 30.0
"""Seconds after which a run is ended: a graph of unknown origin may loop for ever."""


def draw(prior: Prior, count: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Latent vectors of a prior, float32 (count, dim)."""
    rng = np.random.default_rng(seed)
    if prior.kind == "uniform":
        return rng.uniform(prior.low, prior.high, (count, dim)).astype(np.float32)
    z = rng.standard_normal((count, dim))
    if prior.kind == "sphere":
        z /= np.linalg.norm(z, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (z * prior.std).astype(np.float32)
    return scaled


class GraphRunner:
    """A graph that is run a few times.

    Args:
        model: The graph with its weights; its inputs and outputs are declared.
        path: Where it came from, for messages.
        multiply_adds: Of one run.

    Raises:
        UserError: onnxruntime does not take it.
    """

    def __init__(self, model: onnx.ModelProto, path: Path, multiply_adds: int) -> None:
        self._session = open_session(model.SerializeToString(), path, multiply_adds, accelerated=False)
        self._path = path

    def run(self, feeds: dict[str, NDArray[Any]], outputs: Sequence[str] | None = None) -> list[Any]:
        """Outputs by their order, or those that are named.

        Raises:
            UserError: The run failed, or took too long.
        """
        options = run_options()
        timer = Timer(TIMEOUT, lambda: setattr(options, "terminate", True))
        timer.daemon = True
        timer.start()
        try:
            return list(self._session.run(outputs, feeds, options))
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            raise UserError(f"{self._path}: cannot be decoded: {reason_of(error)}") from None
        finally:
            timer.cancel()

    def samples(self, source: str, z: NDArray[np.float32]) -> NDArray[Any]:
        """The first output for each row of z by itself, stacked along a new first axis, (n, ...).

        Raises:
            UserError: A run failed, or took too long.
        """
        began, found = time.monotonic(), []
        for row in range(len(z)):
            (output,) = self.run({source: z[row : row + 1]})
            found.append(np.asarray(output))
            if len(found) >= 2 and time.monotonic() - began > BUDGET:
                break
        return np.stack(found)
