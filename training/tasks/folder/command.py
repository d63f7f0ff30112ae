"""``vaevis-train FOLDER --out BUNDLE``: a model of the pictures in a folder."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from vaevis_tui.bundling.pictures import find_pictures
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import DECODER

from ...core import checkpoint
from ...core.command import be_repeatable, finish, set_aside
from ...core.distributed import Process, joined
from ...core.loop import Forecast, JsonLog, check_shares, duration, train
from ...core.progress import progress_bar, write_line
from . import recipe
from .log import CsvLog
from .pace import Clock, Sitting
from .pictures import PictureSet, gather, read_boxes
from .trainer import FolderState, FolderTrainer, fitted_on, fresh, resume

PROGRAM = "vaevis-train"

STORE = "training"
"""Folder inside the bundle with the checkpoint, the log, sheets and the pictures as bytes; may be deleted."""

LOOKED_AT = 200
"""Pictures whose size suggests that of the model's."""

MOST_LATENT = 512

GAIN = 3.0
"""Decibels, at least, by which images have to be nearer to held-out pictures than the mean picture is: half
of the squared error."""

FEW_STEPS = 1000
"""Fewer seldom make an image of anything."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    sides = ", ".join(map(str, recipe.SIDES))
    found = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Train a model of the pictures in a folder, and open it while it trains with "
        "vaevis-tui --model BUNDLE --watch. Subfolders are labels. The same command goes on after a stop.",
    )
    found.add_argument("folder", type=Path, help="pictures at any depth; at least 16")
    found.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="folder of the model")
    found.add_argument("--size", type=int, metavar="PIXELS", help=f"side of its images: {sides} (chosen)")
    found.add_argument("--latent", type=int, metavar="N", help="dimensions to begin with (chosen)")
    found.add_argument(
        "--hours",
        type=float,
        metavar="H",
        help=f"time in all; 0.5 is half an hour (as long as it helps, {recipe.HOURS:g} at most)",
    )
    found.add_argument("--boxes", type=Path, metavar="CSV", help="file,left,top,right,bottom: what is seen")
    found.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="mirror half of the pictures (those in colour: grey ones may be letters)",
    )
    found.add_argument("--restart", action="store_true", help="start over; the old checkpoint is renamed")
    found.add_argument("--steps", type=int, metavar="N", help="exactly so many steps, whatever the time")
    found.add_argument("--seed", type=int, default=1, metavar="N", help="of weights, order and noise (1)")
    found.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"], help="where (auto)")
    found.add_argument("--threads", type=int, metavar="N", help="CPU threads (all)")
    return found


def main(
    arguments: list[str] | None = None, clock: Clock = time.monotonic, started: float | None = None
) -> int:
    """Run the command; returns its exit code: 0, or 2 if what it was given was wrong.

    Args:
        arguments: Of the command line; None: those of the program.
        clock: Tells the time.
        started: When the time that ``--hours`` gives began; None: now.
    """
    started = clock() if started is None else started
    options = parser().parse_args(arguments)
    be_repeatable(options.threads)

    def work() -> None:
        check(options)
        with joined(options.device) as process:
            run(options, process, clock, started)

    try:
        return finish(work, PROGRAM)
    except torch.OutOfMemoryError:
        print(f"{PROGRAM}: error: too little memory on the GPU; take a smaller --size", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def check(options: argparse.Namespace) -> None:
    """Refuse what can be known to be wrong before anything is read.

    Raises:
        UserError: Something is; all of it is named.
    """
    folder, out = options.folder, options.out
    problems = []
    if not folder.is_dir():
        problems.append(f"{folder}: no such folder of pictures")
    elif out.resolve().is_relative_to(folder.resolve()):
        problems.append(f"--out {out} lies among the pictures; name a folder beside {folder}")
    if out.exists() and not out.is_dir():
        problems.append(f"--out {out} is not a folder")
    elif (out / DECODER).exists() and not (out / STORE).is_dir():
        problems.append(f"--out {out} holds a bundle that was not trained here; name another folder")
    if options.size not in (None, *recipe.SIDES):
        problems.append(f"invalid --size {options.size}: {', '.join(map(str, recipe.SIDES))} are supported")
    if options.latent is not None and not 2 <= options.latent <= MOST_LATENT:
        problems.append(f"invalid --latent {options.latent}: expected 2 to {MOST_LATENT}")
    if options.hours is not None and not 0 < options.hours < 10_000:
        problems.append(f"invalid --hours {options.hours:g}: expected more than 0")
    if options.steps is not None and options.steps < 1:
        problems.append(f"invalid --steps {options.steps}: expected 1 or more")
    if options.device == "cuda" and not torch.cuda.is_available():
        problems.append("--device cuda: no GPU that PyTorch can use; cpu or auto")
    if problems:
        raise UserError("; ".join(problems))


def run(options: argparse.Namespace, process: Process, clock: Clock, started: float) -> None:
    """Read the pictures, begin or go on, keep to the time, and end with a bundle and its figures.

    Raises:
        UserError: Something is wrong with the pictures, the checkpoint or the disk.
    """
    say = printer_of(process)
    store, path = options.out / STORE, options.out / STORE / checkpoint.FILE
    if options.restart and process.first:
        set_aside(path)
    process.wait()
    begun = resume(path, process.device) if path.is_file() else None
    side = begun[0].sizes.side if begun else options.size or _side(options.folder, process)
    with process.before_others():
        pictures = _pictures(options, side, store)
    say(
        f"{options.folder}: {pictures.summary()}; {side}x{side}, {'grey' if pictures.colours == 1 else 'RGB'}"
    )
    config, state = begun or _begin(options, process, pictures)
    trainer = FolderTrainer(_said(options, config, path), state, pictures, process)
    trainer.check(path)
    check_shares(trainer.config.stage, process.count)
    most = recipe.most_steps(len(pictures.train), config.stage[0].batch_size)
    limit = _limit(options, trainer, most)
    sitting = Sitting(trainer, options.out, store, limit, most, clock, started, write_line)
    forecast = Forecast.measured(trainer)
    pace = process.agreed(forecast.pace[0] or state.seconds / max(1, state.step))
    sitting.begin(pace)
    forecast.schedule = trainer.config
    _announce(trainer, sitting, pace, say)
    held_out = pictures.pixels[pictures.held_out]
    log = CsvLog(store, state.step, sitting.spent) if process.first else JsonLog(None)
    train(trainer, held_out, store, forecast=forecast, log=log, after_step=sitting.between)
    if state.step < trainer.config.total_steps:
        say(f"stopped at step {state.step}; the same command goes on")
        return
    if process.first:
        sitting.write()
        trainer.save(store)
        conclude(options.out, trainer, sitting)


def _side(folder: Path, process: Process) -> int:
    """A size by what some of the pictures have."""
    from PIL import Image

    paths = find_pictures(folder)
    sides = []
    for path in paths[:: max(1, len(paths) // LOOKED_AT)]:
        try:
            with Image.open(path) as image:
                sides.append(min(image.size))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
    return recipe.suggest_side(sides or [recipe.SIDES[0]], gpu=process.device.type == "cuda")


def _pictures(options: argparse.Namespace, side: int, store: Path) -> PictureSet:
    boxes = read_boxes(options.boxes) if options.boxes else None
    with progress_bar(desc="reading pictures", unit="file", leave=False) as bar:

        def progress(done: int, count: int) -> None:
            bar.total = count
            bar.update(done - bar.n)

        return gather(options.folder, side, store, boxes, progress)


def _begin(
    options: argparse.Namespace, process: Process, pictures: PictureSet
) -> tuple[recipe.FolderConfig, FolderState]:
    config = recipe.suggest(
        options.folder.resolve().name,
        pictures.digest,
        len(pictures.train),
        pictures.side,
        pictures.colours,
        gpu=process.device.type == "cuda",
        latent=options.latent,
        mirror=options.mirror,
        seed=options.seed,
    )
    return config, fresh(config, process.device, fitted_on(pictures))


def _said(options: argparse.Namespace, config: recipe.FolderConfig, path: Path) -> recipe.FolderConfig:
    """The configuration with what the command line says of its length.

    Raises:
        UserError: It says something else than the training was begun with.
    """
    for name, before, now in (
        ("--size", config.sizes.side, options.size),
        ("--latent", config.sizes.latent, options.latent),
        ("--mirror", config.mirror, options.mirror),
    ):
        if now not in (None, before):
            raise UserError(f"{path} was begun with {name} {before}; --restart starts over")
    if options.steps is not None:
        return replace(config.lasting(options.steps), hours=0.0)
    return config if options.hours is None else replace(config, hours=options.hours)


def _limit(options: argparse.Namespace, trainer: FolderTrainer, most: int) -> float | None:
    """Seconds that the training may take in all; None: as many steps as were named, now or before."""
    if trainer.config.hours == 0.0:
        return None
    if options.hours is not None and trainer.config.total_steps < most:
        trainer.config = trainer.config.lasting(most)  # more time than before: planned anew
    return 3600 * trainer.config.hours


def _announce(
    trainer: FolderTrainer,
    sitting: Sitting,
    pace: float,
    say: Callable[[str], None],
) -> None:
    config, state = trainer.config, trainer.state
    left = config.total_steps - state.step
    sizes = config.sizes
    weights = sum(parameter.numel() for parameter in state.model.decoder.parameters())
    say(
        f"{sizes.latent} dimensions, a decoder of {weights / 1e6:.1f} M weights, {config.total_steps} steps "
        f"of {config.stage[0].batch_size} pictures{', mirrored too' if config.mirror else ''}"
    )
    takes = left * pace + sitting.ending()
    done = f"{state.step} steps are done; " if state.step else ""
    process = trainer.process
    where = process.device.type if process.count == 1 else f"{process.count} x {process.device.type}"
    say(f"{done}{left} steps take about {duration(takes)} on {where}, as measured now")
    if sitting.limit is not None and config.total_steps < min(FEW_STEPS, sitting.most):
        say(f"so few steps seldom make good images; {_longer(trainer, sitting)}")
    say(f"look on with: vaevis-tui --model {sitting.out} --watch")


def _longer(trainer: FolderTrainer, sitting: Sitting) -> str:
    """What to do for so many steps that images are good."""
    step = trainer.state.step
    wanted = min(sitting.most, max(recipe.FEWEST_STEPS, 2 * step))
    if sitting.limit is None:
        return f"the same command with --steps {wanted} goes on"
    hours = (sitting.spent() + sitting.ending() + 1.1 * (wanted - step) * sitting.pace.seconds) / 3600
    return f"the same command with --hours {math.ceil(20 * hours) / 20:g} goes on to about {wanted}"


def conclude(out: Path, trainer: FolderTrainer, sitting: Sitting) -> None:
    """Say the figures, where the model is, and what would make poor images better."""
    for name, figure in sitting.figures.items():
        say(f"{name.replace('_', ' '):32} {figure}")
    say(f"{out} is finished after {duration(sitting.spent())}: vaevis-tui --model {out}")
    found, mean = (float(sitting.figures[name]) for name in ("psnr_db", "psnr_of_the_mean_picture_db"))
    enough = trainer.config.total_steps >= sitting.most
    if not found >= mean + GAIN:
        then = f"{trainer.state.step} steps were too few: {_longer(trainer, sitting)}"
        say(
            f"these images are poor: {found:.1f} dB for pictures that were held out, where the mean picture "
            f"has {mean:.1f}; {'more pictures, or such as are more alike, would help' if enough else then}"
        )
    elif enough:
        say("more time would not make it better; more pictures would")


def printer_of(process: Process) -> Callable[[str], None]:
    """What a process says: nothing but by the first."""
    return say if process.first else lambda text: None


def say(text: str) -> None:
    """A line for the person who waits."""
    print(text, flush=True)
