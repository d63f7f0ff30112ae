"""Take a bundle's last steps anew: ``python -m training.tasks.dogs.finish weights/dog --data-root DIR``.

``training.evaluate`` and ``training.export`` take them by themselves, of averaged weights. Here the networks,
the latents of all examples and the named directions stay what they are; where random samples lie and the
decoder's flat field change, see `training.tasks.dogs.posterior.finished`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vaevis_tui.models.bundle import open_bundle, write_latents

from ...core import command, export, onnx_graph
from . import bundle, config, posterior
from .photographs import dogfacenet


def finish(folder: Path, root: Path, samples: int | None) -> None:
    """Write ``latents.npz``, ``decoder.onnx`` and the sheet of the bundle in ``folder`` anew.

    Args:
        folder: Of the bundle.
        root: Folder that holds DogFaceNet's archive.
        samples: To measure the flat field on; as many as the configuration says without.

    Raises:
        UserError: Either is missing or broken.
    """
    trained, space = bundle.load_trained(folder), open_bundle(folder).space
    assert isinstance(trained.config, config.DogConfig)
    dogs = dogfacenet.load(root, trained.config.crop).train.with_little_border()
    means = posterior.encode(trained.model, dogs.pixels).means
    samples = samples or trained.config.flat_field.samples
    trained, space = posterior.finished(trained, means, dogs, space, samples)
    latents, decoder = folder / "latents.part.npz", folder / "decoder.part.onnx"
    write_latents(latents, space)
    decoder.write_bytes(onnx_graph.decoder_model(trained.model).SerializeToString())
    latents.replace(folder / "latents.npz")
    decoder.replace(folder / "decoder.onnx")
    export.draw_sheet(trained, space, folder / "sheet.png")


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.tasks.dogs.finish", description=__doc__)
    parser.add_argument("bundle", type=Path, help="folder of a bundle of dogs, which is changed")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds dogfacenet")
    parser.add_argument("--samples", type=int, help="to measure the flat field on (as many as configured)")
    options = parser.parse_args(arguments)

    def work() -> None:
        finish(options.bundle, options.data_root, options.samples)
        print(f"{options.bundle}: samples and the flat field are new; measure the card's figures anew")

    return command.finish(work)


if __name__ == "__main__":
    sys.exit(main())
