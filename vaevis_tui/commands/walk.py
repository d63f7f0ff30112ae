"""``vaevis-tui walk``: an animation of a random walk."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.animation import add_animation, animation_target, write_animation
from vaevis_tui.commands.shared.opening import given_latents, open_model
from vaevis_tui.export.animation import ENDINGS

DESCRIPTION = """\
Write a random walk through where the model's data lie as an animation: GIF, WebP, PNG (animated), MP4, WebM,
or an asciinema cast of what a terminal shows.

It loops without a seam, unless --once is given. The same command writes the same file."""

EPILOG = """\
examples:
  vaevis-tui walk --model dog --seed 1 --frames 96 --out walk.gif
  vaevis-tui walk --model dog --seed 1 --frames 1000 --size 512 --out walk.mp4
  vaevis-tui walk --from snapshot.png --speed 2 --out walk.cast"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    arguments.add_point(parser)
    parser.add_argument(
        "--walk-seed", type=values.seed, metavar="SEED", help="of the way (default: --seed, or 0)"
    )
    parser.add_argument(
        "--speed",
        type=values.number(0.01, 100, "sigma a second"),
        metavar="SIGMAS",
        help="whitened standard deviations a second (default: the shell of the data once round in 25 s)",
    )
    parser.add_argument("--once", action="store_true", help="end elsewhere than it began, and do not repeat")
    arguments.add_out(parser, "FILE", f"the animation: {', '.join(ENDINGS)}")
    add_animation(parser)
    arguments.add_no_tune(parser)


def run(options: argparse.Namespace) -> int:
    """Walk and write."""
    animation_target(options)
    with open_model(options) as model:
        given = given_latents(options, model)
        seed = options.walk_seed if options.walk_seed is not None else options.seed or 0
        walk = model.walk(
            seed,
            options.frames,
            z=None if given is None else given[0],
            rate=options.rate,
            speed=options.speed,
            loop=not options.once,
        )
        write_animation(options, walk, f"Walk through {model.name}")
    return 0
