"""``vaevis-tui export-web``: a model as a page for browsers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vaevis_tui.commands.shared import arguments
from vaevis_tui.commands.shared.opening import model_name
from vaevis_tui.errors import UserError

DESCRIPTION = """\
Export a model as a page that explores it in a browser, by WebGPU, without a server behind it.

A folder (--out) is for a web server; a single file (--single-file) opens by itself, and can be sent."""

EPILOG = """\
examples:
  vaevis-tui export-web --model dog --out dog-page/
  vaevis-tui export-web --model mnist-2d --single-file digits.html
  vaevis-tui export-web --model dog --weights int8 --single-file dog.html
  vaevis-tui export-web --model dog --out dog-page/ --ort cdn"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", type=Path, metavar="DIR", help="the folder to write, made if need be")
    target.add_argument("--single-file", type=Path, metavar="FILE.html", help="one file with all in it")
    parser.add_argument(
        "--weights",
        choices=("int12", "int8", "float16", "float32"),
        default="int12",
        help="how weights are stored: in 12 bits with shared scales, in 8 for a smaller page, or "
        "as they are; what that costs is printed (default: int12)",
    )
    parser.add_argument(
        "--ort",
        metavar="DIR|cdn",
        help="add a CPU path for browsers without WebGPU: onnxruntime-web from a folder of its files, which "
        "are copied, or from a pinned address (cdn), which the page then asks",
    )
    arguments.add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Export and say what it takes and costs."""
    from vaevis_tui.engine.select import open_decoder
    from vaevis_tui.export.files import check_free, write_bytes
    from vaevis_tui.models.bundle import open_bundle
    from vaevis_tui.web.export import (
        check_page_folder,
        folder_files,
        make_web_model,
        single_file,
        write_folder,
    )
    from vaevis_tui.web.ort import OrtSource

    single: Path | None = options.single_file
    if single is not None:
        if single.suffix.lower() not in (".html", ".htm"):
            raise UserError(f"{single}: a page's name ends in .html")
        check_free(single, force=options.force)
    else:
        check_page_folder(options.out, force=options.force)
    ort = None if options.ort is None else OrtSource.open(options.ort)
    bundle = open_bundle(model_name(options))
    with open_decoder(bundle, options.backend, "off") as decoder:
        model = make_web_model(bundle, decoder, weights=options.weights, ort=ort, progress=_say)
    if single is not None:
        page = single_file(model, ort)
        write_bytes(single, page, force=options.force)
        print(f"{single}: {_size(len(page))}; open it in a browser")
    else:
        files = folder_files(model, ort)
        write_folder(options.out, files, force=options.force)
        beside = ("ort/", "decoder.onnx")  # only where there is no WebGPU
        loaded = sum(len(data) for name, data in files.items() if not name.startswith(beside))
        print(f"{options.out}: {_size(loaded)} to load; put it on any web server, or see vaevis-tui serve")
    cost = "not measured: there is no wgpu adapter here" if model.error is None else str(model.error)
    print(f"{options.weights} weights against the model's own: {cost}")
    for note in model.notes:
        print(note)
    return 0


def _say(text: str) -> None:
    print(f"vaevis-tui: {text} ...", file=sys.stderr)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
