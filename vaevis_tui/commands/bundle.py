"""``vaevis-tui bundle``: a bundle of a decoder and whatever there is beside it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vaevis_tui.commands.shared.own_model import add_own_model, own_model_options

DESCRIPTION = """\
Make a bundle of a decoder, so that the explorer knows where its data lie.

With an encoder, or by search, your pictures say where that is, and subfolders or a table name classes;
without pictures the prior does, its axes ordered by what they do to the image."""

EPILOG = """\
examples:
  vaevis-tui bundle decoder.onnx --encoder encoder.onnx --images photos/ --out mymodel/
  vaevis-tui bundle decoder.onnx --images digits/ --labels labels.csv --out digits-model/
  vaevis-tui mymodel/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("decoder", type=Path, metavar="DECODER.onnx", help="any decoder")
    parser.add_argument(
        "--encoder", type=Path, metavar="FILE.onnx", help="its encoder (default: encoder.onnx beside it)"
    )
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="pictures at any depth; subfolders are their labels"
    )
    parser.add_argument(
        "--labels", type=Path, metavar="FILE.csv", help="labels instead: rows of a file's name and a label"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the bundle's folder")
    parser.add_argument("--name", default="", help="short name (default: the folder's)")
    parser.add_argument("--title", default="", help="one line about it")
    parser.add_argument(
        "--limit", type=int, default=2000, metavar="N", help="pictures at most, evenly spread (default: 2000)"
    )
    parser.add_argument("--force", action="store_true", help="replace a bundle that is there")
    add_own_model(parser)


def run(options: argparse.Namespace) -> int:
    """Make it, and say what was taken."""
    from vaevis_tui.bundling.make import BundleRequest, make_bundle

    request = BundleRequest(
        decoder=options.decoder,
        out=options.out,
        encoder=options.encoder,
        images=options.images,
        labels=options.labels,
        name=options.name,
        title=options.title,
        limit=options.limit,
        force=options.force,
        options=own_model_options(options),
    )
    progress = _Progress()
    try:
        made = make_bundle(request, progress)
    finally:
        progress.end()
    for note in made.notes:
        print(f"vaevis-tui: {note}", file=sys.stderr)
    for name, value in made.figures.items():
        shown = f"{value:.4g}" if isinstance(value, float) else value
        print(f"vaevis-tui: {name}: {shown}", file=sys.stderr)
    print(made.path)
    return 0


class _Progress:
    """What is being done, on a line of standard error that is written over; in a file a line a task."""

    def __init__(self) -> None:
        self._shown = ""
        self._task = ""

    def __call__(self, task: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            text = f"{task}: {done} of {total}"
            if text != self._shown and (done == total or done % max(1, total // 200) == 0):
                print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
                self._shown = text
        elif task != self._task:
            print(f"vaevis-tui: {task}: {total}", file=sys.stderr)
        self._task = task

    def end(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = ""
