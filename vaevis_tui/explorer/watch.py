"""Whether the files of a model have changed, as they do while it is trained."""

from __future__ import annotations

from pathlib import Path

from vaevis_tui.models.bundle import CARD, DECODER, ENCODER, LATENTS

LOOK_EVERY = 1.0
"""Seconds between looks: four calls of the system each."""

Stamp = tuple[tuple[int, int, int] | None, ...]
"""Of each file: when it was changed, its size and its inode; None where it is missing."""


class ModelWatch:
    """Looks at a model's files now and then.

    Args:
        path: Of a bundle's folder or an .onnx file.
    """

    def __init__(self, path: Path) -> None:
        self._files = [path / name for name in (DECODER, ENCODER, LATENTS, CARD)] if path.is_dir() else [path]
        self._opened = self._last = self._stamp()

    def changed(self) -> bool:
        """Whether the files are others than at the start, or at the last time that this was so.

        Only when two looks find the same: somebody may be in the midst of writing.
        """
        found, last = self._stamp(), self._last
        self._last = found
        if found != last or found == self._opened or found[0] is None:
            return False
        self._opened = found
        return True

    def _stamp(self) -> Stamp:
        return tuple(_stamp(path) for path in self._files)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
