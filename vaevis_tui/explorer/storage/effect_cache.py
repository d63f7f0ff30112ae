"""Visible effects of rows between starts, by model and axis set, in the user's cache."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.latent.axes import AxisSet


class EffectCache:
    """Effects that were computed before.

    Args:
        model: The model's hash, see `vaevis_tui.explorer.storage.model_data.model_hash`.
        folder: Where they are; None is ``effects`` in the user's cache.
    """

    def __init__(self, model: str, folder: Path | None = None) -> None:
        self._model = model
        self._folder = folder

    def load(self, axes: AxisSet) -> NDArray[np.float64] | None:
        """The effects of a set's rows in levels of 255 a sigma, float64 (k,); None where they are unknown."""
        content = read_own(self._path(axes)) or b""
        digest, data = content[:32], content[32:]
        if len(data) != 8 * len(axes) or hashlib.sha256(data).digest() != digest:
            return None
        effects = np.frombuffer(data, "<f8").astype(np.float64)
        return effects if np.isfinite(effects).all() else None

    def save(self, axes: AxisSet, effects: ArrayLike) -> None:
        """Keep the effects of a set's rows, (k,); where there is no cache they are computed again."""
        data = np.asarray(effects, "<f8").tobytes()
        keep(self._path(axes), hashlib.sha256(data).digest() + data)

    def _path(self, axes: AxisSet) -> Path:
        folder = cache_folder() / "effects" if self._folder is None else self._folder
        return folder / f"{self._model}-{axes.key}.bin"
