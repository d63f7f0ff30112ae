"""Values of arguments: what they may be, and what is said where they are not."""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaevis_tui.export.snapshot import SnapshotInfo


def bytes_per_second(text: str) -> float:
    """``200k`` or ``1.5M``."""
    from vaevis_tui.explorer.storage.config import bytes_per_second as read

    try:
        return read(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"invalid rate {text!r}: expected 1000 bytes a second or more, as in 200k"
        ) from None


def seed(text: str) -> int:
    """A non-negative integer."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"invalid seed {text!r}: expected a non-negative integer")
    return value


def numbers(text: str) -> tuple[float, ...]:
    """A latent vector, as anything prints it."""
    from vaevis_tui.latent.notation import parse_latent

    try:
        return tuple(parse_latent(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"invalid list of numbers {text!r}: {error}; expected e.g. 0.1,-2,0"
        ) from None


def source(path: str) -> SnapshotInfo | Path:
    """A snapshot, or a picture to be found again."""
    from vaevis_tui.errors import UserError
    from vaevis_tui.export.png import read_metadata
    from vaevis_tui.export.snapshot import KEYWORD, SnapshotInfo

    try:
        metadata = read_metadata(path)
    except UserError:
        metadata = {}  # no PNG; what it is shows when the model says of which size it wants it
    return SnapshotInfo.from_metadata(metadata) if KEYWORD in metadata else Path(path)


def whole(low: int, high: int, what: str = "count") -> Callable[[str], int]:
    """What reads a whole number from ``low`` to ``high``."""

    def read(text: str) -> int:
        with contextlib.suppress(ValueError):
            if low <= int(text) <= high:
                return int(text)
        message = f"invalid {what} {text!r}: expected a whole number from {low} to {high}"
        raise argparse.ArgumentTypeError(message)

    return read


count = whole(1, 1_000_000)
scale = whole(1, 64, "scale")
"""Pixels of the file a pixel of the image."""


def number(low: float, high: float, unit: str) -> Callable[[str], float]:
    """What reads a number of ``unit`` from ``low`` to ``high``."""

    def read(text: str) -> float:
        with contextlib.suppress(ValueError):
            if low <= float(text) <= high:
                return float(text)
        raise argparse.ArgumentTypeError(f"expected {low:g} to {high:g} {unit}, not {text!r}")

    return read


def names(text: str) -> tuple[str, ...]:
    """Names between commas."""
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise argparse.ArgumentTypeError("expected names between commas")
    return found


def tiles(text: str) -> tuple[int, int]:
    """``12x8``: columns and rows."""
    with contextlib.suppress(ValueError):
        columns, rows = (int(part) for part in text.lower().split("x"))
        if 1 <= columns <= 500 and 1 <= rows <= 500:
            return columns, rows
    raise argparse.ArgumentTypeError(f"invalid size in tiles {text!r}: expected columns x rows, as in 12x8")


def extent(text: str) -> tuple[float, float, float, float]:
    """``-3,3,-3,3``: left, right, bottom and top."""
    with contextlib.suppress(ValueError):
        left, right, bottom, top = (float(part) for part in text.split(","))
        if left < right and bottom < top and all(map(math.isfinite, (left, right, bottom, top))):
            return left, right, bottom, top
    raise argparse.ArgumentTypeError(
        f"invalid extent {text!r}: expected left,right,bottom,top, as in -3,3,-3,3"
    )


def coordinates(text: str) -> tuple[float, ...]:
    """Numbers between commas, or ``-3..3`` for seven and ``-3..3/13`` for thirteen at even distances."""
    with contextlib.suppress(ValueError):
        if ".." in text:
            ends, _, number = text.partition("/")
            low, high = (float(end) for end in ends.split(".."))
            points = int(number or 7)
            if 2 <= points <= 1000 and math.isfinite(low) and math.isfinite(high):
                return tuple(low + (high - low) * k / (points - 1) for k in range(points))
        else:
            found = tuple(float(part) for part in text.split(","))
            if all(map(math.isfinite, found)):
                return found
    raise argparse.ArgumentTypeError(f"invalid coordinates {text!r}: expected -3,0,3 or -3..3/7")
