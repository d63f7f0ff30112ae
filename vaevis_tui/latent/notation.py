"""Latent vectors as text: whatever NumPy, PyTorch, JSON and R print is read."""

from __future__ import annotations

import re

_R_INDEX = re.compile(r"^\s*\[\d+\](?=[ \t]+\S)", re.MULTILINE)
"""What R prints before the numbers of a line: ``[1]  0.5 -1.0``."""

_KEYWORD = re.compile(r",\s*\w+=(?:<[^>]*>|[^,)\]]*)")
"""What array and tensor print after the numbers: ``, dtype=float32``, ``, grad_fn=<AddBackward0>``."""

_WRAPPER = re.compile(r"\b(?:np\.|numpy\.|torch\.|jnp\.)?(?:array|Array|tensor|c|float32|float64)\s*(?=\()")

_SEPARATORS = re.compile(r"[\s,;()\[\]{}]+")


def parse_latent(text: str) -> list[float]:
    """The numbers of a latent vector, however they are separated and wrapped.

    Args:
        text: As in ``0.5,-1``, ``[0.5, -1.0]``, ``0.5 -1.0``, ``tensor([0.5, -1.0])``, one number a line.

    Raises:
        ValueError: It holds something that is not a number, or none at all; the message says what.
    """
    if "..." in text:
        raise ValueError("it is shortened by '...'; print all its numbers")
    bare = _WRAPPER.sub("", _KEYWORD.sub("", _R_INDEX.sub("", text)))
    words = [word for word in _SEPARATORS.split(bare) if word]
    if not words:
        raise ValueError("it holds no numbers")
    numbers = []
    for word in words:
        try:
            numbers.append(float(word))
        except ValueError:
            raise ValueError(f"{word[:20]!r} is not a number") from None
    return numbers
