"""The command line: parses, calls the packages, and turns what a person can mend into one line.

Everything heavy is imported inside the command that needs it: the first picture waits for these imports.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from vaevis_tui import __version__
from vaevis_tui.errors import EngineError, UserError

if TYPE_CHECKING:
    from vaevis_tui.api import Model
    from vaevis_tui.engine.decoder import Latents
    from vaevis_tui.export.snapshot import SnapshotInfo

BACKENDS = ("auto", "wgpu", "onnxruntime")
EXIT_USAGE = 2

_COMMANDS = """\
commands (each explains itself with --help):
  decode     a picture to a PNG file
  show       a picture on a plain console
  models     the shipped models, or the card of one
  doctor     what this machine has, and what the program chose because of it
  bench      decode, encode and presented rates
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text above it."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """As `parse_args`, with a suggestion for a misspelt option."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            known = [option for action in self._actions for option in action.option_strings]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{_suggestion(unknown[0], known)}")
        return options


def _suggestion(word: str, known: Sequence[str]) -> str:
    """``"; did you mean --model?"`` where a known word is close, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word.partition("=")[0], known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, 1 if it failed, 2 if what it was given was wrong."""
    # Nothing here multiplies matrices that a second thread would be worth, and numpy's threads, one a core,
    # spin from their start on: 0.1 s of a core that the first picture waits for.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = _join_negative(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments[1:])
        return _explore(arguments)
    except UserError as error:
        print(f"vaevis-tui: error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except EngineError as error:
        print(f"vaevis-tui: error: decoding failed: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone, as with `| head`; keep the interpreter from saying so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells have it


def _join_negative(arguments: Sequence[str]) -> list[str]:
    """``--z -1,2`` as ``--z=-1,2``: argparse would take the value for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--z" and argument.startswith("-"):
            joined[-1] = f"--z={argument}"
        else:
            joined.append(argument)
    return joined


def _parser(command: str, description: str, epilog: str | None = None) -> _Parser:
    return _Parser(
        prog=f"vaevis-tui {command}".strip(),
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="NAME|PATH", help="a shipped model, a bundle's folder or a decoder's .onnx file"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="what decodes; auto takes a hardware GPU if there is one, else onnxruntime (default: auto)",
    )


def _add_no_tune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-tune",
        dest="tune",
        action="store_false",
        help="on wgpu, take the kernels that should be fast, whatever was measured on this adapter",
    )


def _add_point(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    point = parser.add_mutually_exclusive_group()
    point.add_argument(
        "--seed", type=_seed, help="a random point, the same on every machine for the same number"
    )
    point.add_argument(
        "--z", type=_numbers, metavar="Z1,Z2,...", help="a latent vector, one number a dimension"
    )
    point.add_argument(
        "--from",
        dest="source",
        type=_source,
        metavar="FILE",
        help="the point, and the model, of a snapshot, or the point that comes nearest to any other picture",
    )
    return point


def _add_graphics(parser: argparse.ArgumentParser, auto: str) -> None:
    from vaevis_tui.terminal.graphics import AUTO, Graphics

    parser.add_argument(
        "--graphics",
        choices=(AUTO, *(kind.value for kind in Graphics)),
        default=AUTO,
        metavar="KIND",
        help=f"what pictures are drawn with: {', '.join(Graphics)}; {auto}",
    )


def _bytes_per_second(text: str) -> float:
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


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if seed < 0:
        raise argparse.ArgumentTypeError(f"invalid seed {text!r}: expected a non-negative integer")
    return seed


def _numbers(text: str) -> tuple[float, ...]:
    from vaevis_tui.latent.notation import parse_latent

    try:
        return tuple(parse_latent(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no list of numbers such as 0.1,-2,0: {error}"
        ) from None


def _source(path: str) -> SnapshotInfo | Path:
    """A snapshot, or a picture to be found again."""
    from vaevis_tui.export.png import read_metadata
    from vaevis_tui.export.snapshot import KEYWORD, SnapshotInfo

    try:
        metadata = read_metadata(path)
    except UserError:
        metadata = {}  # no PNG; what it is shows when the model says of which size it wants it
    return SnapshotInfo.from_metadata(metadata) if KEYWORD in metadata else Path(path)


def _model_name(options: argparse.Namespace) -> str:
    """The model that was asked for, that of the snapshot, or the default."""
    from vaevis_tui.models.catalog import DEFAULT_MODEL

    if options.model is not None:
        return str(options.model)
    source: SnapshotInfo | Path | None = getattr(options, "source", None)
    return DEFAULT_MODEL if source is None or isinstance(source, Path) else source.model


def _open_model(options: argparse.Namespace) -> Model:
    from vaevis_tui.api import load

    tune = getattr(options, "tune", True)
    return load(_model_name(options), backend=options.backend, tuning="cached" if tune else "off")


def _point(options: argparse.Namespace, model: Model) -> Latents:
    """The latent vector that was asked for, (1, d); where none was, the one that the explorer begins with."""
    import numpy as np

    if options.seed is not None:
        return model.sample(options.seed)
    if isinstance(options.source, Path):
        return _found(options.source, model)[None]
    z = options.z if options.source is None else options.source.z
    if z is None:
        return model.space.first_look[None]
    if len(z) != model.info.latent_dim:
        raise UserError(
            f"z has {len(z)} numbers, but this model's latent vectors have {model.info.latent_dim}"
        )
    vector = np.asarray([z], np.float32)
    if not np.isfinite(vector).all():
        raise UserError("z holds NaN or infinities; finite numbers are right")
    return vector


def _found(path: Path, model: Model) -> Latents:
    """The latent vector (d,) that comes nearest to a picture file; says how near, since it takes seconds."""
    from vaevis_tui.export.picture import read_picture

    picture = read_picture(path).fitted(*model.info.image_size, grey=model.info.channels == 1)
    print(f"vaevis-tui: looking for {path} in the latent space ...", file=sys.stderr)
    found = model.invert(picture)
    print(f"vaevis-tui: found to {found.error:.0f} of 255 levels (root mean square)", file=sys.stderr)
    return found.z


def _note_backend(options: argparse.Namespace, model: Model) -> None:
    """Say why the backend that was asked for did not make the picture, where another did."""
    if options.backend not in ("auto", model.info.backend):
        print(f"vaevis-tui: {model.info.backend} decoded: {model.info.reason}", file=sys.stderr)


def _explore(arguments: list[str]) -> int:
    parser = _parser(
        "",
        "Walk through the latent space of a variational autoencoder, live, in a terminal.",
        epilog=_COMMANDS,
    )
    if arguments and arguments[0] == "help":
        arguments = ["--help", *arguments[1:]]
    elif arguments and not arguments[0].startswith("-"):
        arguments = ["--model", _short_form(arguments[0]), *arguments[1:]]
    parser.add_argument("-V", "--version", action="version", version=f"vaevis-tui {__version__}")
    _add_model(parser)
    parser.set_defaults(backend=None)
    point = _add_point(parser)
    point.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="FILE",
        help="where the last session ended, also by a dropped connection, or the one of a file",
    )
    _add_graphics(
        parser, "auto takes the best that the terminal says it has, half-blocks until then (default: auto)"
    )
    parser.add_argument("--walk", action="store_true", help="start with the random walk on")
    parser.add_argument(
        "--snapshot-dir", type=Path, default=Path(), metavar="DIR", help="where snapshots go (default: here)"
    )
    parser.add_argument(
        "--max-rate",
        type=_bytes_per_second,
        metavar="BYTES",
        help="send the terminal no more than so many bytes a second, as in 200k or 1.5M",
    )
    parser.add_argument("--reduced-motion", action="store_true", help="show no more than 8 pictures a second")
    _add_no_tune(parser)
    options = parser.parse(arguments)
    if options.resume is not None and options.model is not None:
        raise UserError("--resume goes back to the session's own model; leave out --model")
    return _run_explorer(options)


def _short_form(word: str) -> str:
    """The model that is meant by ``vaevis-tui dog``.

    Raises:
        UserError: It is neither a shipped model nor a path.
    """
    from vaevis_tui.models.catalog import names

    models = names()
    if word in models or Path(word).exists():
        return word
    suggestion = _suggestion(word, [*COMMANDS, *models])
    raise UserError(f"there is no command or model {word!r}{suggestion} (see vaevis-tui --help)")


def _run_explorer(options: argparse.Namespace) -> int:
    from vaevis_tui.models import catalog
    from vaevis_tui.terminal.detect.capabilities import detect

    # Textual writes to standard error, and asks standard output for the terminal's size.
    drawn = sys.stdout.isatty() and sys.stderr.isatty()
    terminal = detect(os.environ, stdin_isatty=sys.stdin.isatty(), stdout_isatty=drawn)
    if terminal.refusal:
        raise UserError(terminal.refusal)
    if terminal.truecolor:
        # Textual looks at COLORTERM alone, which SSH does not pass on, and reads this when it is imported.
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "truecolor")

    from vaevis_tui.explorer.session import SessionFolder, read_session
    from vaevis_tui.explorer.settings import ExplorerSettings, tuned_source, untuned_source
    from vaevis_tui.terminal.detect.terminal_probe import TerminalProbe
    from vaevis_tui.terminal.link.profile import LinkProfile
    from vaevis_tui.tui.run import run_explorer

    sessions = SessionFolder()
    resumed, claimed = None, None
    if options.resume:
        resumed, claimed = read_session(Path(options.resume)), sessions.claim(Path(options.resume))
    elif options.resume is not None:
        resumed, claimed = sessions.take_up()
    z, picture = options.z, None
    if isinstance(options.source, Path):
        from vaevis_tui.export.picture import read_picture

        picture = read_picture(options.source)
    elif options.source is not None:
        z = options.source.z
    settings = ExplorerSettings(
        model=_model_name(options) if resumed is None else resumed.model,
        catalog=tuple(catalog.names()),
        backend=options.backend or (resumed.backend if resumed else "auto"),
        seed=options.seed,
        z=z,
        picture=picture,
        walk=options.walk or (resumed is not None and resumed.walking),
        snapshot_dir=options.snapshot_dir,
        colors=terminal.colors,
        graphics=options.graphics,
        inquiry=TerminalProbe.of(os.environ, terminal),
        notice=terminal.notice,
        way=LinkProfile.of(os.environ, terminal.multiplexer, options.max_rate, options.reduced_motion),
        decoder_source=tuned_source if options.tune else untuned_source,
        resumed=resumed,
        sessions=sessions,
        claimed=claimed,
    )
    return run_explorer(settings)


def _decode(arguments: list[str]) -> int:
    parser = _parser("decode", "Decode one point to a PNG file that carries its latent vector.")
    _add_model(parser)
    _add_point(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="the file to write")
    parser.add_argument(
        "--scale", type=_scale, default=1, help="pixels of the file a pixel of the picture (default: 1)"
    )
    _add_no_tune(parser)
    options = parser.parse(arguments)

    from vaevis_tui.export.png import save_png
    from vaevis_tui.export.snapshot import SnapshotInfo

    with _open_model(options) as model:
        z = _point(options, model)
        picture = model.decode(z)[0]
        info = SnapshotInfo(
            model=_model_name(options),
            version=model.card.version if model.card else "",
            z=tuple(float(value) for value in z[0]),
            seed=options.seed,
            backend=model.info.backend,
        )
        _note_backend(options, model)
    print(save_png(options.out, picture, scale=options.scale, metadata=info.to_metadata()))
    return 0


def _scale(text: str) -> int:
    with contextlib.suppress(ValueError):
        if 1 <= int(text) <= 64:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no scale; a whole number from 1 to 64 is")


def _show(arguments: list[str]) -> int:
    from vaevis_tui.terminal.graphics import AUTO

    parser = _parser("show", "Draw one point on a plain console, in half-blocks if not told otherwise.")
    _add_model(parser)
    _add_point(parser)
    _add_graphics(parser, "auto draws half-blocks, and asks the terminal nothing (default: auto)")
    options = parser.parse(arguments)
    with _open_model(options) as model:
        picture = model.decode(_point(options, model))[0]
        _note_backend(options, model)

    from vaevis_tui.console import draw_picture, plain_graphics, print_picture

    graphics = plain_graphics(options.graphics)
    if graphics == AUTO:
        print_picture(picture)
    elif notice := draw_picture(picture, graphics):
        print(f"vaevis-tui: {notice}", file=sys.stderr)
    return 0


def _models(arguments: list[str]) -> int:
    parser = _parser("models", "List the shipped models, or print the card of one: what it cannot do, too.")
    parser.add_argument("model", nargs="?", metavar="NAME|PATH", help="a shipped model or a bundle's folder")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse(arguments)

    from vaevis_tui.console import print_card, print_models

    if options.model is None:
        print_models(as_json=options.json)
    else:
        print_card(options.model, as_json=options.json)
    return 0


def _doctor(arguments: list[str]) -> int:
    parser = _parser("doctor", "Say what this machine has, and what the program chose because of it.")
    _add_model(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument(
        "--plan", action="store_true", help="instead, what the wgpu backend does for a picture of the model"
    )
    options = parser.parse(arguments)

    from vaevis_tui.doctor import describe_plan, examine, print_report

    if options.plan:
        print(describe_plan(_model_name(options)))
        return 0
    print_report(examine(_model_name(options), options.backend), as_json=options.json)
    return 0


def _bench(arguments: list[str]) -> int:
    parser = _parser("bench", "Measure decode, encode and presented rates on this machine.")
    _add_model(parser)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure (default: 3)")
    parser.add_argument(
        "--compare", action="store_true", help="instead, the backends side by side, decoding in turns"
    )
    _add_no_tune(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse(arguments)

    if options.compare:
        from vaevis_tui.bench.compare import compare_backends, print_comparison

        print_comparison(
            compare_backends(_model_name(options), options.seconds, options.tune), as_json=options.json
        )
        return 0

    from vaevis_tui.bench.report import measure, print_results

    print_results(
        measure(_model_name(options), options.backend, options.seconds, options.tune), as_json=options.json
    )
    return 0


COMMANDS: Mapping[str, Callable[[list[str]], int]] = {
    "decode": _decode,
    "show": _show,
    "models": _models,
    "doctor": _doctor,
    "bench": _bench,
}


if __name__ == "__main__":
    sys.exit(main())
