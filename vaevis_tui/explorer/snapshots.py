"""Snapshots of the explorer: an image with all that leads back to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An image on show with all that leads back to it. Its methods take tens of milliseconds: use a thread.

    Attributes:
        bundle: The model.
        z: Latent vector, float32 (d,).
        image: Its decode, uint8 (h, w, 3).
        backend: What decoded it.
        seed: What gives z, where that is known.
        caption: Whether model and z are written below the image.
    """

    bundle: Bundle
    z: NDArray[np.float32]
    image: NDArray[np.uint8]
    backend: str
    seed: int | None = None
    caption: bool = False

    def save(self, folder: Path) -> Path:
        """Write a PNG under a name of its own.

        Raises:
            UserError: It cannot be written.
        """
        from vaevis_tui.export.png import save_snapshot

        image, metadata = self._with_origin()
        return save_snapshot(folder, self.bundle.name, datetime.now(), image, metadata=metadata)

    def encoded(self) -> bytes:
        """The same PNG as bytes, which no file gets."""
        from vaevis_tui.export.png import encode_png

        image, metadata = self._with_origin()
        return encode_png(image, 1, metadata)

    def _with_origin(self) -> tuple[NDArray[np.uint8], dict[str, str]]:
        """What is shown, uint8 (h, w, 3), and the text inside it."""
        from vaevis_tui.api.codec import snapshot_info

        info = snapshot_info(self.bundle, self.z, self.seed, self.backend)
        if not self.caption:
            return self.image, info.to_metadata()
        from vaevis_tui.export.caption import caption_of, captioned

        return captioned(self.image, caption_of(info)), info.to_metadata()


def ready_folder(folder: Path) -> Path:
    """The folder that snapshots go to, made if it is missing.

    Raises:
        UserError: It cannot be made, or nothing can be written there.
    """
    import os

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UserError(f"{folder} is not a folder; name one for snapshots with --snapshot-dir") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(f"{folder} cannot be made: {reason}; name another with --snapshot-dir") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{folder} is not writable; name another folder for snapshots with --snapshot-dir")
    return folder
