"""Pillow reads the pictures of other people: without a word on the terminal, within a limit of pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from vaevis_tui.stderr_guard import native_stderr_silenced


@contextmanager
def silence_pillow() -> Iterator[None]:
    """Let Pillow say nothing of damaged parts, and refuse what has more pixels than it warns of.

    Raises:
        DecompressionBombWarning: The picture has more than `PIL.Image.MAX_IMAGE_PIXELS`.
    """
    from PIL import Image

    with warnings.catch_warnings(), native_stderr_silenced():  # libtiff speaks for itself
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
