"""Finding out in the background what each axis does to the image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.arrays import Latent
from vaevis_tui.latent.axes import AxisSet
from vaevis_tui.latent.effect import effect_probes, visible_effect
from vaevis_tui.models.bundle import Bundle

OWNER, PRIORITY = "effects", 9


class EffectProbe:
    """Has two images an axis decoded between the frames, and orders the axes by how they differ.

    Args:
        request: Asks for images of latents (n, d) for an owner, by priority; returns the ticket, 0 for none.
    """

    def __init__(self, request: Callable[[str, Latent, int], int]) -> None:
        self._request = request
        self._ticket = 0
        self._exploration: Exploration | None = None
        self._axes: AxisSet | None = None
        self._pending: NDArray[np.uint8] | None = None
        """The image of a pair whose other one has not come."""
        self._effects: list[float] = []

    def begin(self, exploration: Exploration) -> bool:
        """Probe the axes that are shown, unless it is known what they do or they are being probed.

        Returns:
            Whether it was found out at an earlier start, and the axes have been ordered anew.
        """
        axes = exploration.axis_set
        if axes.effects is not None or (self._axes is not None and axes.key == self._axes.key):
            return False
        if (known := recall_effects(exploration.bundle, axes)) is not None:
            exploration.set_effects(axes.key, known)
            return True
        z = effect_probes(axes)
        self._ticket = self._request(OWNER, z.reshape(-1, z.shape[-1]), PRIORITY)
        if self._ticket:
            self._exploration, self._axes = exploration, axes
            self._pending, self._effects = None, []
        return False

    def ask_again(self) -> None:
        """Probe from the start at the next `begin`, if not all images have come."""
        self._axes = None

    def take(self, ticket: int, images: NDArray[np.uint8]) -> bool:
        """A slice of images has come; tells whether the axes have been ordered anew."""
        if ticket != self._ticket or self._exploration is None or self._axes is None:
            return False
        if self._pending is not None:
            images = np.concatenate((self._pending, images))
        pairs = len(images) // 2
        self._pending = images[2 * pairs :] if len(images) % 2 else None
        self._effects += visible_effect(images[0 : 2 * pairs : 2], images[1 : 2 * pairs : 2]).tolist()
        if len(self._effects) < self._axes.count:
            return False
        self._exploration.set_effects(self._axes.key, self._effects)
        keep_effects(self._exploration.bundle, self._axes, self._effects)
        self._axes = None
        return True


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
