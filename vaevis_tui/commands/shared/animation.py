"""What commands that write animations share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.output import sheet_target
from vaevis_tui.export.animation import ENDINGS, LEAST_SIDE, MOST_SIDE

if TYPE_CHECKING:
    from vaevis_tui.api.animations import Animation

BESIDE_SHEETS = tuple(ending for ending in ENDINGS if ending != ".png")
"""What an animation's name ends in, where a .png is a sheet."""


def add_animation(parser: argparse.ArgumentParser) -> None:
    """How many frames, how fast, how large."""
    group = parser.add_argument_group("animations")
    group.add_argument("--frames", type=values.count, default=96, metavar="N", help="how many (default: 96)")
    group.add_argument(
        "--rate",
        type=values.number(1, 240, "frames a second"),
        default=24.0,
        metavar="FPS",
        help="frames a second (default: 24)",
    )
    group.add_argument(
        "--size",
        type=values.whole(LEAST_SIDE, MOST_SIDE, "size"),
        metavar="N",
        help="pixels of the longer side (default: small images are enlarged to 256 or more)",
    )
    group.add_argument(
        "--resample",
        choices=("auto", "nearest", "smooth"),
        default="auto",
        help="repeat pixels, or smooth them; auto repeats those of images up to 64 pixels",
    )
    group.add_argument("--lossless", action="store_true", help="WebP without loss, several times as large")
    group.add_argument(
        "--columns",
        type=values.whole(8, 400, "width"),
        default=64,
        metavar="N",
        help="width of a cast's terminal (default: 64)",
    )


def add_sheet_or_animation(parser: argparse.ArgumentParser) -> None:
    """``--out``, which is either, and how both look."""
    arguments.add_out(
        parser,
        "FILE",
        f"a sheet, .png or .pdf; .npz for z and images; an animation: {', '.join(BESIDE_SHEETS)}",
    )
    add_animation(parser)
    arguments.add_sheet(parser)
    arguments.add_no_tune(parser)


def is_animation(options: argparse.Namespace) -> bool:
    """Whether ``--out`` names an animation, where a .png is a sheet; before anything is computed for it.

    Raises:
        UserError: Nothing is written by that name, or it is there already.
    """
    if not str(options.out).lower().endswith(BESIDE_SHEETS):
        sheet_target(options)
        return False
    animation_target(options)
    return True


def animation_target(options: argparse.Namespace) -> Path:
    """The file of an animation, before anything is computed for it.

    Raises:
        UserError: It has another ending, is there already, or needs a library that is not installed.
    """
    from vaevis_tui.export.animation.files import animation_ending
    from vaevis_tui.export.files import check_free

    path = Path(options.out)
    animation_ending(path)
    check_free(path, force=options.force)
    return path


def write_animation(options: argparse.Namespace, animation: Animation, title: str) -> None:
    """Write an animation where ``--out`` says, with progress, and print the file's name."""
    from vaevis_tui.commands.shared.progress import Progress

    with Progress("frames", len(animation)) as progress:
        path = animation.save(
            animation_target(options),
            side=options.size,
            resampling=options.resample,
            lossless=options.lossless,
            columns=options.columns,
            title=title,
            force=options.force,
            on_frame=progress.advance,
        )
    print(path)
