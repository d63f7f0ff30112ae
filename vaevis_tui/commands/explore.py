"""``vaevis-tui``, ``vaevis-tui dog``: the explorer."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.opening import model_name
from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from vaevis_tui.explorer.settings import ExplorerSettings
    from vaevis_tui.explorer.storage.config import Config
    from vaevis_tui.explorer.storage.session import Session, SessionFolder
    from vaevis_tui.terminal.detect.capabilities import TerminalCapabilities

DESCRIPTION = "Walk through the latent space of a variational autoencoder, live, in a terminal."

EPILOG = """\
examples:
  vaevis-tui dog
  vaevis-tui --model decoder.onnx
  vaevis-tui --from photo.jpg
  vaevis-tui --resume
  vaevis-tui walk --model dog --seed 1 --out walk.gif

keys: ? in the explorer; vaevis-tui man has all of it"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the explorer takes."""
    arguments.add_model(parser)
    parser.set_defaults(backend=None)
    point = arguments.add_point(parser)
    point.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="FILE",
        help="where the last session ended, also by a dropped connection, or the one of a file",
    )
    arguments.add_graphics(
        parser, "auto takes the best that the terminal says it has, half-blocks until then (default: auto)"
    )
    parser.add_argument("--walk", action="store_true", help="start with the random walk on")
    parser.add_argument(
        "--snapshot-dir", type=Path, metavar="DIR", help="where snapshots go, made if missing (default: here)"
    )
    parser.add_argument(
        "--caption",
        action=argparse.BooleanOptionalAction,
        help="write model and z below the image of a snapshot",
    )
    parser.add_argument(
        "--max-rate",
        type=values.bytes_per_second,
        metavar="BYTES",
        help="send the terminal no more than so many bytes a second, as in 200k or 1.5M",
    )
    parser.add_argument(
        "--reduced-motion",
        action=argparse.BooleanOptionalAction,
        help="show no more than 8 images a second",
    )
    parser.add_argument("--theme", metavar="NAME", help="colours (default: those chosen last)")
    parser.add_argument(
        "--watch",
        action="store_true",
        help="open the model again when its files change, as while it trains",
    )
    arguments.add_no_tune(parser)


def run(options: argparse.Namespace) -> int:
    """Run the explorer in this terminal until it is left."""
    if options.resume is not None and options.model is not None:
        raise UserError("--resume goes back to the session's own model; leave out --model")

    from vaevis_tui.terminal.detect.capabilities import detect

    terminal = detect(  # Textual writes to standard error, and asks standard output for the terminal's size
        os.environ,
        stdin_isatty=sys.stdin.isatty(),
        stdout_isatty=sys.stdout.isatty(),
        stderr_isatty=sys.stderr.isatty(),
        encoding=sys.stderr.encoding,
    )
    if terminal.refusal:
        raise UserError(terminal.refusal)
    if terminal.truecolor:
        # Textual looks at COLORTERM alone, which SSH does not pass on, and reads this when it is imported.
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "truecolor")

    from vaevis_tui.tui.run import run_explorer

    return run_explorer(_settings(options, terminal))


def _settings(options: argparse.Namespace, terminal: TerminalCapabilities) -> ExplorerSettings:
    """How to start, from options, the person's settings, and the session or snapshot that is gone on from."""
    from vaevis_tui.explorer.settings import ExplorerSettings, tuned_source, untuned_source
    from vaevis_tui.explorer.storage.config import keep_theme, kept_theme
    from vaevis_tui.explorer.storage.session import SessionFolder
    from vaevis_tui.explorer.watch import LOOK_EVERY
    from vaevis_tui.models import catalog
    from vaevis_tui.terminal.detect.terminal_probe import TerminalProbe
    from vaevis_tui.terminal.graphics import AUTO
    from vaevis_tui.terminal.link.profile import LinkProfile

    config: Config = options.config
    folder, unwritable = _snapshot_folder(options.snapshot_dir or config.snapshot_dir)
    sessions = SessionFolder()
    resumed, claimed, damaged = _resumed(options.resume, sessions)
    z, picture, decoder_hash = options.z, None, ""
    if isinstance(options.source, Path):
        from vaevis_tui.export.picture import read_picture

        picture = read_picture(options.source)
    elif options.source is not None:
        z, decoder_hash = options.source.z, options.source.decoder_hash
    return ExplorerSettings(
        model=model_name(options) if resumed is None else resumed.model,
        catalog=tuple(catalog.names()),
        backend=options.backend or (resumed.backend if resumed else config.backend) or "auto",
        seed=options.seed,
        z=z,
        sigma=options.sigma,
        decoder_hash=decoder_hash,
        picture=picture,
        walk=options.walk or (resumed is not None and resumed.walking),
        snapshot_dir=folder,
        caption=config.caption if options.caption is None else options.caption,
        colors=terminal.colors,
        graphics=options.graphics or config.graphics or AUTO,
        speed=config.walk_speed,
        step=config.step,
        coarse_step=config.coarse_step,
        fine_step=config.fine_step,
        panels=config.panels,
        keymap=config.keymap,
        theme=options.theme or config.theme or kept_theme(),
        keep_theme=keep_theme,
        probe=TerminalProbe.of(os.environ, terminal),
        colors_notice=terminal.notice,
        notice="; ".join(filter(None, (damaged, unwritable))) or None,
        link_profile=LinkProfile.of(
            os.environ,
            terminal.multiplexer,
            options.max_rate or config.max_rate,
            config.reduced_motion if options.reduced_motion is None else options.reduced_motion,
        ),
        decoder_source=tuned_source if options.tune else untuned_source,
        resumed=resumed,
        sessions=sessions,
        claimed=claimed,
        watch=LOOK_EVERY if options.watch else 0.0,
    )


def _snapshot_folder(named: Path | None) -> tuple[Path, str | None]:
    """The folder of snapshots, and what is wrong with it.

    One that was named is made ready or refused; that the program is started in one cannot be helped.
    """
    from vaevis_tui.explorer.snapshots import ready_folder

    folder = Path() if named is None else ready_folder(named)
    return folder, (
        None if os.access(folder, os.W_OK) else "snapshots need --snapshot-dir: this folder is read-only"
    )


def _resumed(resume: str | None, sessions: SessionFolder) -> tuple[Session | None, Path | None, str | None]:
    """The session to go on with, its file, which this one's replaces, and what is wrong with a newer one."""
    from vaevis_tui.explorer.storage.session import read_session

    if resume:
        return read_session(Path(resume)), sessions.claim(Path(resume)), None
    return (None, None, None) if resume is None else sessions.take_up()
