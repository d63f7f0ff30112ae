"""Arguments that several commands take."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import values
from vaevis_tui.commands.shared.own_model import add_own_model
from vaevis_tui.commands.shared.parser import SetVariable
from vaevis_tui.engine.backends import BACKENDS


def add_model(parser: argparse.ArgumentParser) -> None:
    """``--model``, ``--backend`` and ``--adapter``, and what may be said of a model of one's own."""
    add_own_model(parser)
    parser.add_argument(
        "--model", metavar="NAME|PATH", help="a shipped model, a bundle's folder or a decoder's .onnx file"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        help="what decodes; auto takes a hardware GPU if there is one, else onnxruntime (default: auto)",
    )
    parser.add_argument(
        "--adapter",
        action=SetVariable,
        variable="WGPU_ADAPTER_NAME",
        metavar="NAME|NUMBER",
        help="which GPU wgpu takes where there are several: a part of its name, or its number in `doctor`",
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
    """``--seed``, ``--z``, ``--sigma`` and ``--from``, of which one may be given."""
    point = parser.add_mutually_exclusive_group()
    point.add_argument(
        "--seed", type=values.seed, help="a random point, the same on every machine for the same number"
    )
    point.add_argument(
        "--z",
        type=values.numbers,
        metavar="Z1,Z2,...",
        help="a latent vector as the decoder takes it, one number a dimension",
    )
    point.add_argument(
        "--sigma",
        type=values.numbers,
        metavar="S1,S2,...",
        help="the same as the explorer shows it, in standard deviations of the data from their mean: most "
        "data lie within 2, and the explorer goes to 10",
    )
    point.add_argument(
        "--from",
        dest="source",
        type=values.source,
        metavar="FILE",
        help="the point, and the model, of a snapshot, or the point that comes nearest to any other picture",
    )
    return point


def add_vectors(parser: argparse.ArgumentParser, what: str) -> None:
    """Files of latent vectors, and ``--in-sigma``."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help=f"{what}: CSV, JSON, npy or npz, a vector a row, - for standard input, or snapshots",
    )
    parser.add_argument(
        "--in-sigma", action="store_true", help="the files' numbers are sigma coordinates, as of --sigma"
    )


def add_graphics(parser: argparse.ArgumentParser, auto: str) -> None:
    """``--graphics``; `auto` says what auto does."""
    from vaevis_tui.terminal.graphics import AUTO, Graphics

    parser.add_argument(
        "--graphics",
        choices=(AUTO, *(kind.value for kind in Graphics)),
        metavar="KIND",
        help=f"what pictures are drawn with: {', '.join(Graphics)}; {auto}",
    )


def add_json(parser: argparse.ArgumentParser | argparse._MutuallyExclusiveGroup) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_out(parser: argparse.ArgumentParser, metavar: str, what: str) -> None:
    """``--out`` and ``--force``."""
    parser.add_argument("--out", required=True, metavar=metavar, help=what)
    add_force(parser)


def add_force(parser: argparse.ArgumentParser) -> None:
    """``--force``."""
    parser.add_argument("--force", action="store_true", help="replace files that are there already")


def add_sheet(parser: argparse.ArgumentParser) -> None:
    """How a sheet looks."""
    parser.add_argument(
        "--no-labels", dest="labels", action="store_false", help="write nothing beside the images of a sheet"
    )
    parser.add_argument(
        "--background", choices=("light", "dark"), default="light", help="of a sheet (default: light)"
    )
    parser.add_argument(
        "--scale",
        type=values.scale,
        metavar="N",
        help="enlarge images by a whole number (default: small ones are enlarged on a sheet)",
    )


def add_data_out(parser: argparse.ArgumentParser, what: str) -> None:
    """``--out``, ``--json`` and ``--force`` where numbers come out."""
    parser.add_argument(
        "--out",
        default="-",
        metavar="FILE",
        help=f"{what}: .csv, .json, .npy or .npz by its ending, - for standard output (default: CSV there)",
    )
    parser.add_argument("--json", action="store_true", help="JSON, an object a line, whatever the ending")
    add_force(parser)
