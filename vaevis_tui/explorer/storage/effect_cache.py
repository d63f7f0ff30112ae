"""What each row does to the image, between starts: a small file a model and axis set in the user's cache."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.latent.axes import AxisSet
from vaevis_tui.models.bundle import Bundle


def recall_effects(bundle: Bundle, axes: AxisSet) -> NDArray[np.float64] | None:
    """Effects of a set's axes in levels of 255 a sigma, float64 (k,), as they were kept for these very files.

    None where they are not known.
    """
    stamp = _stamp(bundle, axes)
    content = read_own(_path(bundle, axes)) if stamp else None
    if not stamp or content is None or len(content) != len(stamp) + 8 * axes.count or content[:32] != stamp:
        return None
    effects = np.frombuffer(content, "<f8", offset=len(stamp)).astype(np.float64)
    return effects if np.isfinite(effects).all() else None


def keep_effects(bundle: Bundle, axes: AxisSet, effects: ArrayLike) -> None:
    """Keep the effects of a set's axes, (k,), in place of those of the model's file as it was before."""
    if stamp := _stamp(bundle, axes):
        keep(_path(bundle, axes), stamp + np.asarray(effects, "<f8").tobytes())


def _path(bundle: Bundle, axes: AxisSet) -> Path:
    name = hashlib.sha256(f"{bundle.decoder_path.absolute()} {axes.name}".encode()).hexdigest()[:32]
    return cache_folder() / "effects" / f"{name}.bin"


def _stamp(bundle: Bundle, axes: AxisSet) -> bytes:
    """32 bytes that are others once the decoder, how it is taken, or the axes are; none without a file."""
    try:
        status = bundle.decoder_path.stat()
    except OSError:
        return b""
    parts = status.st_size, status.st_mtime_ns, axes.key, *bundle.notes
    return hashlib.sha256(repr(parts).encode()).digest()
