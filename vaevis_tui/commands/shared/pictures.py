"""What commands share that go from pictures to latent vectors."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaevis_tui.commands.shared import arguments
from vaevis_tui.commands.shared.opening import open_model
from vaevis_tui.commands.shared.output import (
    data_format,
    extra_sheet_target,
    write_data,
    write_extra_sheet,
)
from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaevis_tui.api import Model
    from vaevis_tui.engine.decoder import Images


def add_pictures(parser: argparse.ArgumentParser) -> None:
    """Pictures, the model, and where vectors and reconstructions go."""
    parser.add_argument("pictures", nargs="+", metavar="FILE|DIR", help="picture files, or folders of them")
    arguments.add_model(parser)
    arguments.add_data_out(parser, "where the vectors go")
    parser.add_argument("--sheet", metavar="FILE", help="draw pictures and reconstructions, .png or .pdf")
    arguments.add_sheet(parser)


def write_latents(
    options: argparse.Namespace, find: Callable[[Model, Images], dict[str, NDArray[Any]]]
) -> int:
    """Read the pictures, find their latent vectors and write them.

    Args:
        options: What was asked for.
        find: From pictures, uint8 (n, h, w, 3), to ``z``, (n, d), and what else there is of each.

    Returns:
        The exit code.

    Raises:
        UserError: A picture cannot be read, or a file cannot be written or is there already.
    """
    import numpy as np

    from vaevis_tui.export.picture import read_fitted

    data_format(options)
    if options.sheet:
        extra_sheet_target(options)
    files = picture_files(options.pictures)
    with open_model(options) as model:
        pictures = read_fitted(files, model.info.image_size, grey=model.info.channels == 1)
        found = find(model, pictures)
        write_data(options, {**found, "file": np.array([str(path) for path in files])})
        if options.sheet:
            sheet = model.reconstructions(pictures, found["z"], [path.stem for path in files])
            write_extra_sheet(options, sheet)
    return 0


def picture_files(names: Sequence[str]) -> list[Path]:
    """Picture files, those of folders among them, each folder's by name.

    Raises:
        UserError: A name is neither, or a folder holds none.
    """
    from vaevis_tui.export.picture import ENDINGS

    found: list[Path] = []
    for name in names:
        path = Path(name)
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(each for each in path.iterdir() if each.suffix.lower() in ENDINGS)
        if not inside:
            raise UserError(f"{path} holds no pictures; {', '.join(ENDINGS)} are read")
        found += inside
    return found
