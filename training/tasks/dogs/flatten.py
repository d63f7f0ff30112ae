"""Measure a bundle's flat field anew: ``python -m training.tasks.dogs.flatten weights/dog --data-root DIR``.

``training.evaluate`` and ``training.export`` take this step by themselves, of averaged weights. Here only the
decoder's flat field is changed, see `training.tasks.dogs.flat_field`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle

from ...core import onnx_graph
from . import bundle, config, flat_field
from .photographs import dogfacenet


def flatten(folder: Path, root: Path, count: int | None) -> None:
    """Write ``decoder.onnx`` of the bundle in ``folder`` with another flat field.

    Args:
        folder: Of the bundle.
        root: Folder that holds DogFaceNet's archive.
        count: Samples to take the mean of; as many as the configuration says without.

    Raises:
        UserError: Either is missing or broken.
    """
    trained = bundle.load_trained(folder)
    assert isinstance(trained.config, config.DogConfig)
    photographs = dogfacenet.load(root, trained.config.crop).train.with_little_border().pixels
    count = count or trained.config.flat_field.samples
    trained = flat_field.corrected(trained, open_bundle(folder).space, photographs, count)
    unfinished = folder / "decoder.part.onnx"
    unfinished.write_bytes(onnx_graph.decoder_model(trained.model).SerializeToString())
    unfinished.replace(folder / "decoder.onnx")


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.tasks.dogs.flatten", description=__doc__)
    parser.add_argument("bundle", type=Path, help="folder of a bundle of dogs, which is changed")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds dogfacenet")
    parser.add_argument("--samples", type=int, help="to take the mean of (as many as configured)")
    options = parser.parse_args(arguments)
    try:
        flatten(options.bundle, options.data_root, options.samples)
    except UserError as error:
        print(f"training: error: {error}", file=sys.stderr)
        return 2
    print(f"{options.bundle}: the decoder has a new flat field; measure the card's figures anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
