"""Numbers of images in the terminal, for protocols that number them."""

from __future__ import annotations

import os

IMAGES = 127
"""How many images there are numbers for: 1 to 254, two each, since that is what one byte of colour names."""


def image_id(index: int) -> int:
    """A number for the index-th image of this program, 1 to 253; the next number belongs to it, too.

    Where they begin depends on the process: programs side by side in one terminal have different numbers for
    16 images each, by all likelihood.
    """
    return 1 + 2 * ((16 * os.getpid() + index) % IMAGES)
