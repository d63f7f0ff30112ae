"""Fit a bundle's posterior anew: ``python -m training.tasks.dogs.resample weights/dog --data-root DIR``.

Only where random samples and walks lie is changed, by `training.tasks.dogs.posterior.kernels`; the networks,
the latents of all examples and the named directions stay what they are.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle, write_latents

from . import bundle, config, posterior
from .photographs import dogfacenet


def resample(folder: Path, root: Path) -> int:
    """Write ``latents.npz`` of the bundle in ``folder`` anew; the number of dogs that samples lie about.

    Args:
        folder: Of the bundle.
        root: Folder that holds DogFaceNet's archive.

    Raises:
        UserError: Either is missing or broken.
    """
    trained, space = bundle.load_trained(folder), open_bundle(folder).space
    assert isinstance(trained.config, config.DogConfig)
    dogs = dogfacenet.load(root, trained.config.crop).train.with_little_border()
    mixture = posterior.kernels(posterior.encode(trained.model, dogs.pixels).means, dogs, space)
    unfinished = folder / "latents.part.npz"
    write_latents(unfinished, replace(space, mixture=mixture))
    unfinished.replace(folder / "latents.npz")
    return len(mixture)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.tasks.dogs.resample", description=__doc__)
    parser.add_argument("bundle", type=Path, help="folder of a bundle of dogs, which is changed")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds dogfacenet")
    options = parser.parse_args(arguments)
    try:
        count = resample(options.bundle, options.data_root)
    except UserError as error:
        print(f"training: error: {error}", file=sys.stderr)
        return 2
    print(f"{options.bundle}: random samples lie about {count} dogs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
