"""Pictures with labels: from a folder and its subfolders, or from a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason
from vaevis_tui.export.picture import ENDINGS, read_picture
from vaevis_tui.reading import read_at_most
from vaevis_tui.text import one_line, quoted

MAX_FILES = 1_000_000
"""Looked at in a folder; more is a disk."""

MAX_TABLE_BYTES = 64 << 20
"""Of a CSV file of labels."""

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of a model's size.

    Attributes:
        images: uint8 (n, h, w, 3).
        names: One each, e.g. a file's name without its ending.
        labels: One each, empty where there is none.
    """

    images: NDArray[np.uint8]
    names: tuple[str, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def labelled(self) -> bool:
        """Whether there are two labels or more."""
        return len({label for label in self.labels if label}) > 1


def find_pictures(folder: Path) -> list[Path]:
    """Picture files in a folder at any depth, in order; hidden ones are left out.

    Raises:
        UserError: It cannot be read, or there are none.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of pictures")
    found = []
    try:
        for count, path in enumerate(folder.rglob("*")):
            if count > MAX_FILES:
                raise UserError(f"{folder}: more than {MAX_FILES} files; name a folder of pictures")
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if path.suffix.lower() in ENDINGS and not hidden and path.is_file():
                found.append(path)
    except OSError as error:
        raise UserError(f"{folder}: {reason(error)}") from None
    if not found:
        raise UserError(f"{folder}: no pictures in it; {', '.join(ENDINGS)} are looked for")
    return sorted(found)


def read_labels(table: Path) -> dict[str, str]:
    """Labels by file name, from a CSV file whose first column names the file and whose second the label.

    Raises:
        UserError: It cannot be read, or is no such table.
    """
    try:
        text = read_at_most(table, MAX_TABLE_BYTES, "it is no table of labels").decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except OSError as error:
        raise UserError(f"{table}: {reason(error)}") from None
    except (csv.Error, UnicodeError) as error:
        raise UserError(f"{table}: no table of labels: {one_line(error)}") from None
    if not rows or any(len(row) < 2 for row in rows):
        raise UserError(
            f"{table}: no table of labels; rows of a file's name, a comma and a label are expected"
        )
    found: dict[str, str] = {}
    for row in rows:
        name, label = row[0].strip(), one_line(row[1], 60)
        if (before := found.setdefault(name, label)) != label:
            raise UserError(f"{table}: {quoted(name)} has two labels, {quoted(before)} and {quoted(label)}")
    return found


def label_of(path: Path, folder: Path, table: Mapping[str, str] | None) -> str:
    """The label of a picture: by the table, under its path, name or stem; else the first folder inside."""
    inside = path.relative_to(folder)
    if table is not None:
        keys = (inside.as_posix(), path.name, path.stem)
        return next((table[key] for key in keys if key in table), "")
    return one_line(inside.parts[0], 60) if len(inside.parts) > 1 else ""


def read_pictures(
    folder: Path,
    size: tuple[int, int],
    *,
    grey: bool,
    table: Mapping[str, str] | None = None,
    limit: int = 2000,
    progress: Progress = lambda *_: None,
) -> tuple[Pictures, int]:
    """Read a folder, each picture made to fit.

    Args:
        folder: Where they lie.
        size: Height and width that they are made to fit.
        grey: Whether colours are left out.
        table: Labels by file name; None: they are named by subfolders.
        limit: Pictures at most; of more, evenly spread ones are taken.
        progress: Is told how far it is.

    Returns:
        The pictures, and how many files could not be read.

    Raises:
        UserError: There are none that can be read.
    """
    paths = find_pictures(folder)
    if len(paths) > limit:
        paths = [paths[i] for i in np.linspace(0, len(paths) - 1, limit).round().astype(int)]
    read = list(_read(paths, size, grey, progress))
    if not read:
        raise UserError(f"{folder}: none of its {len(paths)} pictures can be read")
    labels = tuple(label_of(path, folder, table) for path, _ in read)
    names = tuple(one_line(path.stem, 60) for path, _ in read)
    return Pictures(np.stack([image for _, image in read]), names, labels), len(paths) - len(read)


def _read(
    paths: Sequence[Path], size: tuple[int, int], grey: bool, progress: Progress
) -> Iterator[tuple[Path, NDArray[np.uint8]]]:
    for done, path in enumerate(paths):
        progress("reading pictures", done, len(paths))
        try:
            yield path, read_picture(path).fitted(*size, grey=grey)
        except UserError:
            continue
    progress("reading pictures", len(paths), len(paths))
