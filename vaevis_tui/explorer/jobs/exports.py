"""What can be taken along from where one is: animations and sheets, made by what the commands call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.api import tables
from vaevis_tui.api.animations import Animation
from vaevis_tui.api.model import Model
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.storage.bookmarks import Bookmark
from vaevis_tui.export.animation import ENDINGS
from vaevis_tui.export.sheet import Labels
from vaevis_tui.export.sheet_files import SHEET_FORMATS
from vaevis_tui.latent.axes import AxisSet
from vaevis_tui.latent.plane import Extent, Plane
from vaevis_tui.text import file_stem, one_line

WALK_FRAMES = 240
FRAMES_A_LEG = 48
"""Two seconds from one stop of a tour to the next."""
SWING_FRAMES = 96
MOST_ROWS = 12
"""Of a traversal sheet."""
SIGMAS = (-3, -2, -1, 0, 1, 2, 3)
MAP_TILES = 12, 12
SAMPLES = 4, 6
"""Rows and columns."""
NAMED, NAME_LENGTH = 8, 12
"""As many bookmarks stand in one row with their names above, of so many characters."""
SEED = 0
"""Of walks and samples: the same place gives the same file."""


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """Something that can be written to a file.

    Attributes:
        title: For people, a few words.
        stem: What a file of it is called, after the model's name.
        endings: Of its files' names; the first one is the usual.
        make: Makes it of a model; called in a thread.
    """

    title: str
    stem: str
    endings: tuple[str, ...]
    make: Callable[[Model], Animation | ImageGrid]

    def free_path(self, folder: Path, model: str) -> Path:
        """A name in a folder that nothing has yet."""
        for number in range(1, 10_000):
            name = f"{file_stem(model)}-{self.stem}{f'-{number}' if number > 1 else ''}{self.endings[0]}"
            if not (folder / name).exists():
                break
        return folder / name


def exports(
    exploration: Exploration,
    bookmarks: Sequence[Bookmark] = (),
    view: tuple[Plane, Extent] | None = None,
) -> list[Export]:
    """What there is to be taken along, the most wanted first.

    Args:
        exploration: Where one is.
        bookmarks: Of the model.
        view: The map on show, a plane and its visible part; None is all of the model's best plane.
    """
    z, point, state = exploration.z.copy(), exploration.point.copy(), exploration.state
    axes, row = state.axis_set, state.selected
    rows = [(axes, int(each)) for each in axes.order if each < axes.count][:MOST_ROWS]
    name, control = axes.axes[row].name, axes.control(row)
    ends = (-3.0, 3.0) if control is None else control.swing(exploration.value)
    kept = np.array([bookmark.z for bookmark in bookmarks], np.float32)
    names = [bookmark.name for bookmark in bookmarks]

    def animation(title: str, stem: str, make: Callable[[Model], Animation]) -> Export:
        return Export(title, stem, ENDINGS, make)

    def sheet(title: str, stem: str, make: Callable[[Model], ImageGrid]) -> Export:
        return Export(title, stem, SHEET_FORMATS, make)

    frames, some, several = FRAMES_A_LEG * len(kept), len(kept) > 0, len(kept) > 1
    tour, to_and_fro = f"Tour through {len(kept)} bookmarks", f"Row {name}, to and fro"
    offered = (
        (True, animation("Walk from here", "walk", lambda model: model.walk(SEED, WALK_FRAMES, z=z))),
        (True, animation(to_and_fro, _plain(name), lambda model: _swing(model, point, (axes, row), ends))),
        (several, animation(tour, "tour", lambda model: model.journey(kept, frames))),
        (
            True,
            sheet(
                f"Sheet: {axes.name}, -3 to +3 σ",
                _plain(axes.name),
                lambda model: tables.traversal(model, point, rows, SIGMAS),
            ),
        ),
        (len(z) > 1, sheet("Sheet: map", "map", lambda model: _map(model, view, z))),
        (True, sheet("Sheet: random samples", "samples", lambda model: model.grid(SEED, *SAMPLES))),
        (some, sheet("Sheet: bookmarks", "bookmarks", lambda model: _bookmarks(model, kept, names))),
        (several, sheet("Sheet: ways between bookmarks", "ways", lambda model: _ways(model, kept))),
    )
    return [export for there, export in offered if there]


def _swing(
    model: Model, point: NDArray[np.float32], row: tuple[AxisSet, int], ends: tuple[float, float]
) -> Animation:
    return model.animate(tables.back_and_forth(point, [row], ends, SWING_FRAMES))


def _ways(model: Model, stops: NDArray[np.float32]) -> ImageGrid:
    return model.interpolate(stops[:-1], stops[1:])


def _map(model: Model, view: tuple[Plane, Extent] | None, z: NDArray[np.float32]) -> ImageGrid:
    return model.map(z=z, tiles=MAP_TILES) if view is None else tables.plane_map(model, *view, *MAP_TILES)


def _bookmarks(model: Model, z: NDArray[np.float32], names: Sequence[str]) -> ImageGrid:
    in_a_row = len(z) <= NAMED
    columns = [one_line(name, NAME_LENGTH) for name in names] if in_a_row else ()
    labels = Labels(f"Bookmarks of {model.name}", model.title, columns=columns)
    return tables.flat_table(model, z, labels, len(z) if in_a_row else None)


def _plain(name: str) -> str:
    """A name as part of a file's: letters and digits, the rest as hyphens."""
    words = "".join(letter if letter.isalnum() else " " for letter in name).split()
    return "-".join(words).lower() or "row"
