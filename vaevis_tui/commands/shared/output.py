"""Where results go: one picture, a sheet, a folder of pictures, arrays, standard output."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import STANDARD, check_folder, check_free, write_bytes, write_files
from vaevis_tui.export.sheet_files import SHEET_FORMATS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaevis_tui.api import ImageGrid, Model
    from vaevis_tui.engine.decoder import Images, Latents

SHEET_ENDINGS = (".png", ".pdf", ".npz")


def sheet_target(options: argparse.Namespace) -> Path | str:
    """The file of a sheet, before anything is computed for it.

    Raises:
        UserError: It has an ending that nothing is written as, or is there already.
    """
    if options.out == STANDARD:
        return STANDARD
    path = Path(options.out)
    if path.suffix.lower() not in SHEET_ENDINGS:
        raise UserError(f"{path}: the name must end in {', '.join(SHEET_ENDINGS)}")
    check_free(path, force=options.force)
    return path


def write_sheet(options: argparse.Namespace, sheet: ImageGrid) -> None:
    """Write a sheet where ``--out`` says, and print the file's name."""
    target = sheet_target(options)
    if isinstance(target, str):
        from vaevis_tui.export.png import encode_png

        drawn = sheet.draw(labels=options.labels, scale=options.scale, background=options.background)
        write_file(options, encode_png(drawn, 1, sheet.metadata))
        return
    print(
        sheet.save(
            target,
            labels=options.labels,
            scale=options.scale,
            background=options.background,
            force=options.force,
        )
    )


def extra_sheet_target(options: argparse.Namespace) -> Path:
    """The file of ``--sheet``, beside what goes to ``--out``.

    Raises:
        UserError: It is no sheet's, or is there already.
    """
    path = Path(options.sheet)
    if path.suffix.lower() not in SHEET_FORMATS:
        raise UserError(f"{path}: a sheet is written as {' or '.join(SHEET_FORMATS)}")
    check_free(path, force=options.force)
    return path


def write_extra_sheet(options: argparse.Namespace, sheet: ImageGrid) -> None:
    """Write the sheet of ``--sheet``; its name is not mixed with data on standard output."""
    path = sheet.save(
        extra_sheet_target(options),
        labels=options.labels,
        scale=options.scale,
        background=options.background,
        force=options.force,
    )
    print(path, file=sys.stderr if options.out == STANDARD else sys.stdout)


def write_file(options: argparse.Namespace, data: bytes, *, text: bool = False) -> None:
    """Write bytes where ``--out`` says, and print the file's name.

    Raises:
        UserError: The file is there already or cannot be written, or bytes would go to a terminal.
    """
    if options.out == STANDARD and not text and sys.stdout.isatty():
        raise UserError("a terminal cannot show the bytes of a file; name one with --out, or use a pipe")
    write_bytes(options.out, data, force=options.force)
    if options.out != STANDARD:
        print(options.out)


def folder_target(options: argparse.Namespace) -> Path | None:
    """The folder that ``--out`` means: one that is there, or a name without an ending or with a slash.

    Raises:
        UserError: It is something else.
    """
    path = Path(options.out)
    if options.out == STANDARD or (path.suffix and not options.out.endswith("/") and not path.is_dir()):
        return None
    check_folder(path)
    return path


def write_folder(options: argparse.Namespace, folder: Path, model: Model, z: Latents, images: Images) -> None:
    """Write a snapshot of each image, named by its number, and print the folder's name.

    Raises:
        UserError: A file is there already, or cannot be written.
    """
    from vaevis_tui.export.png import encode_png

    width = max(4, len(str(len(z) - 1)))
    paths = [folder / f"{number:0{width}}.png" for number in range(len(z))]
    for path in paths:
        if path.exists():
            check_free(path, force=options.force)
    info = model.snapshot_info(z[0], options.seed if len(z) == 1 else None)
    pictures = (
        (path.name, encode_png(image, options.scale or 1, info.at(vector).to_metadata()))
        for path, vector, image in zip(paths, z, images, strict=True)
    )
    write_files(folder, pictures)
    print(folder)


def write_data(options: argparse.Namespace, arrays: dict[str, NDArray[Any]]) -> None:
    """Write vectors, and what goes with each, where ``--out`` says."""
    from vaevis_tui.export.vectors import pack

    kind = data_format(options)
    write_file(options, pack(kind, arrays), text=kind in ("csv", "json"))


def data_format(options: argparse.Namespace) -> str:
    """The format of numbers, before they are computed.

    Raises:
        UserError: ``--out`` has an ending that nothing is written as, or is there already.
    """
    from vaevis_tui.export.vectors import format_of

    if options.out != STANDARD:
        check_free(Path(options.out), force=options.force)
    if options.json:
        return "json"
    return "csv" if options.out == STANDARD else format_of(options.out)
