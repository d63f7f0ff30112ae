"""Arguments that several commands take, and what their values may be."""

from __future__ import annotations

import argparse
import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaevis_tui.export.snapshot import SnapshotInfo

BACKENDS = ("auto", "wgpu", "onnxruntime")


def add_model(parser: argparse.ArgumentParser) -> None:
    """``--model`` and ``--backend``."""
    parser.add_argument(
        "--model", metavar="NAME|PATH", help="a shipped model, a bundle's folder or a decoder's .onnx file"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="what decodes; auto takes a hardware GPU if there is one, else onnxruntime (default: auto)",
    )


def add_no_tune(parser: argparse.ArgumentParser) -> None:
    """``--no-tune``, as ``tune``."""
    parser.add_argument(
        "--no-tune",
        dest="tune",
        action="store_false",
        help="on wgpu, take the kernels that should be fast, whatever was measured on this adapter",
    )


def add_point(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """``--seed``, ``--z`` and ``--from``, of which one may be given."""
    point = parser.add_mutually_exclusive_group()
    point.add_argument(
        "--seed", type=seed, help="a random point, the same on every machine for the same number"
    )
    point.add_argument(
        "--z", type=numbers, metavar="Z1,Z2,...", help="a latent vector, one number a dimension"
    )
    point.add_argument(
        "--from",
        dest="source",
        type=source,
        metavar="FILE",
        help="the point, and the model, of a snapshot, or the point that comes nearest to any other picture",
    )
    return point


def add_graphics(parser: argparse.ArgumentParser, auto: str) -> None:
    """``--graphics``; `auto` says what auto does."""
    from vaevis_tui.terminal.graphics import AUTO, Graphics

    parser.add_argument(
        "--graphics",
        choices=(AUTO, *(kind.value for kind in Graphics)),
        default=AUTO,
        metavar="KIND",
        help=f"what pictures are drawn with: {', '.join(Graphics)}; {auto}",
    )


def add_json(parser: argparse.ArgumentParser | argparse._MutuallyExclusiveGroup) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="for programs")


def bytes_per_second(text: str) -> float:
    """``200k`` or ``1.5M``."""
    number, factor = text, 1.0
    for suffix, worth in (("k", 1e3), ("M", 1e6)):
        if text.endswith(suffix):
            number, factor = text.removesuffix(suffix), worth
    try:
        rate = float(number) * factor
    except ValueError:
        rate = 0.0
    if not 1e3 <= rate < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate; 1000 bytes a second or more is, as in 200k")
    return rate


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
            f"{text!r} is no list of numbers such as 0.1,-2,0: {error}"
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


def scale(text: str) -> int:
    """Pixels of the file a pixel of the image, 1 to 64."""
    with contextlib.suppress(ValueError):
        if 1 <= int(text) <= 64:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no scale; a whole number from 1 to 64 is")
