"""A terminal that reads sixels: what a picture looks like, and whether its output keeps the rules."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray


def filled(pixels: NDArray[np.uint8], dots: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels that take so many dots in height and width: from one edge, rounded down, to the next."""
    for axis, count in enumerate(dots):
        size = pixels.shape[axis]
        pixels = pixels.repeat(np.diff(np.arange(size + 1) * count // size), axis=axis)
    return pixels


_PICTURE = re.compile(r'\x1bP([0-9;]*)q"1;1;(\d+);(\d+)(.*)\x1b\\', re.DOTALL)
_TOKEN = re.compile(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|([$-])")


def read_sixels(output: str, before: int = 0) -> NDArray[np.uint8]:
    """The dots, uint8 (h, w, 3); those that were not set are ``before``, as P2 = 1 asks for.

    Raises:
        ValueError: The output breaks a rule of the format, or sets a dot beyond the size it declared.
    """
    match = _PICTURE.fullmatch(output)
    if match is None or match[1] != "0;1;0":
        raise ValueError("no device control string of sixels with P2 = 1 and square dots")
    width, height = int(match[2]), int(match[3])
    dots = np.full((height, width, 3), before, np.uint8)
    registers: dict[int, tuple[int, ...]] = {}
    color: int | None = None
    x = y = at = 0
    for token in _TOKEN.finditer(match[4]):
        if token.start() != at:
            raise ValueError(f"{match[4][at : token.start()]!r} is no sixel data")
        at = token.end()
        register, *percent, selected, count, repeated, single, control = token.groups()
        if register is not None:
            registers[int(register)] = tuple((int(p) * 255 + 50) // 100 for p in percent)
        elif selected is not None:
            color = int(selected)
        elif control is not None:
            x, y = 0, y + (6 if control == "-" else 0)
        else:
            n = int(count or 1)
            if count and n < 4:
                raise ValueError(f"!{count} is longer than what it stands for")
            bits = ord(repeated or single) - ord("?")
            for bit in range(6):
                if bits >> bit & 1:
                    if color is None or y + bit >= height or x + n > width:
                        raise ValueError(f"dots at row {y + bit}, columns {x} to {x + n} cannot be set")
                    dots[y + bit, x : x + n] = registers[color]
            x += n
    if at != len(match[4]):
        raise ValueError(f"{match[4][at:]!r} is no sixel data")
    return dots
