"""Bytes as the text of a page of one file: 16 bits a character, as many as UTF-16 spends on it.

Such a file begins with a byte order mark, by which browsers know its encoding before anything that a server
says. As base64 in UTF-8 the same bytes would take a third more.
"""

from __future__ import annotations

import numpy as np

ESCAPE = 0xE000
"""Stands before a character that may not stand there itself, and is written with a bit flipped."""

FLIPPED = 0x4000

LAST_OF_MARKUP = 0xFF
"""Up to here are markup, line ends, which a browser changes, and NUL, which it drops."""

SURROGATES = 0xD800
"""From here to the escape are halves of characters."""

MARKS = 0xFEFF
"""From here on are byte order marks and what is no character."""


def text_of(data: bytes) -> str:
    """The bytes as text, two a character; a zero is added to an odd number of them."""
    units = np.frombuffer(data + b"\0" * (len(data) % 2), "<u2")
    unfit = (units <= LAST_OF_MARKUP) | ((units >= SURROGATES) & (units <= ESCAPE)) | (units >= MARKS)
    written = np.insert(np.where(unfit, units ^ FLIPPED, units), np.flatnonzero(unfit), ESCAPE)
    return written.astype("<u2").tobytes().decode("utf-16-le")
