"""Exports of the explorer: the same images as the verbs of the Python API, written whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.tui.support import ExactDecoder, exact_source, make_bundle, make_settings
from vaevis_tui.api.animations import Animation
from vaevis_tui.api.model import Model
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.export_events import ExportEnded, ExportProgress
from vaevis_tui.explorer.jobs.export_job import ExportJob
from vaevis_tui.explorer.jobs.exports import SEED, WALK_FRAMES, Export, exports
from vaevis_tui.explorer.storage.bookmarks import Bookmark

IMAGE = np.zeros((28, 28, 3), np.uint8)


def explored(count: int = 0) -> tuple[Exploration, list[Bookmark]]:
    """A model in memory, and so many bookmarks of it."""
    bundle = make_bundle()
    z = bundle.space.sample(3, max(count, 1))
    kept = [Bookmark(f"{n:016x}", f"place {n}", z[n], IMAGE) for n in range(count)]
    return Exploration("rings", bundle, seed=1), kept


def model_of(exploration: Exploration) -> Model:
    return Model(exploration.bundle, ExactDecoder(exploration.bundle))


def stems(found: list[Export]) -> list[str]:
    return [each.stem for each in found]


def row_of(exploration: Exploration) -> str:
    """Name of the selected row."""
    return exploration.axis_set.axes[exploration.state.selected].name


def test_tours_and_ways_need_bookmarks() -> None:
    exploration, kept = explored(3)
    alone = ["walk", row_of(exploration), "dimensions", "map", "samples"]
    assert stems(exports(exploration)) == alone
    assert stems(exports(exploration, kept[:1])) == [*alone, "bookmarks"]
    assert {"tour", "bookmarks", "ways"} <= set(stems(exports(exploration, kept)))


def test_they_are_what_the_verbs_make() -> None:
    exploration, kept = explored(3)
    found = {each.stem: each for each in exports(exploration, kept)}
    model, z = model_of(exploration), exploration.z
    stops = np.stack([each.z for each in kept])
    row = row_of(exploration)
    animations = {
        "walk": model.walk(SEED, WALK_FRAMES, z=z),
        "tour": model.journey(stops, 144),
        row: model.swing([row], z=z),
    }
    for stem, expected in animations.items():
        made = found[stem].make(model)
        assert isinstance(made, Animation)
        np.testing.assert_array_equal(made.z, expected.z)
    sheets = {
        "samples": model.grid(),
        "map": model.map(z=z),
        "ways": model.interpolate(stops[:-1], stops[1:]),
    }
    for stem, sheet in sheets.items():
        grid = found[stem].make(model)
        assert isinstance(grid, ImageGrid)
        np.testing.assert_array_equal(grid.images, sheet.images)
    bookmarks = found["bookmarks"].make(model)
    assert isinstance(bookmarks, ImageGrid)
    np.testing.assert_array_equal(bookmarks.flat[0], stops)


def test_a_free_name_is_proposed(tmp_path: Path) -> None:
    exploration, _ = explored()
    walk, *_, samples = exports(exploration)
    assert walk.free_path(tmp_path, "rings") == tmp_path / "rings-walk.gif"
    (tmp_path / "rings-walk.gif").touch()
    assert walk.free_path(tmp_path, "rings") == tmp_path / "rings-walk-2.gif"
    assert samples.free_path(tmp_path, "rings") == tmp_path / "rings-samples.png"


def run(export: Export, exploration: Exploration, path: Path) -> list[ExportProgress | ExportEnded]:
    """Write one; gives what was told."""
    told: list[ExportProgress | ExportEnded] = []
    over = threading.Event()

    def listen(news: ExportProgress | ExportEnded) -> None:
        told.append(news)
        if isinstance(news, ExportEnded):
            over.set()

    job = ExportJob(make_settings(), exploration, export, path, force=False, listener=listen)
    assert over.wait(60)
    job.close()
    return told


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_a_sheet_is_written(tmp_path: Path, ending: str) -> None:
    exploration, _ = explored()
    path = tmp_path / f"samples{ending}"
    assert run(exports(exploration)[-1], exploration, path) == [ExportEnded(path)]
    assert path.stat().st_size > 1000


def test_an_animation_is_written_with_progress(tmp_path: Path) -> None:
    exploration, _ = explored()
    swing = exports(exploration)[1]
    *told, last = run(swing, exploration, tmp_path / "swing.png")
    percents = [news.percent for news in told if isinstance(news, ExportProgress)]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert last == ExportEnded(tmp_path / "swing.png")
    model = model_of(exploration)
    expected = swing.make(model)
    assert isinstance(expected, Animation)
    with Image.open(tmp_path / "swing.png") as image:
        count = len(list(ImageSequence.Iterator(image)))
        image.seek(0)
        assert 0.9 * len(expected) < count <= len(expected)  # equal ones in a row are one, longer
        large = next(expected.frames()).repeat(10, axis=0).repeat(10, axis=1)
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), large)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    exploration, _ = explored()
    (tmp_path / "there.gif").touch()
    (told,) = run(exports(exploration)[0], exploration, tmp_path / "there.gif")
    assert isinstance(told, ExportEnded)
    assert "exists" in str(told.error)


@pytest.mark.parametrize("after", [1, 96, 97])
def test_one_that_is_given_up_leaves_no_file(tmp_path: Path, after: int) -> None:
    exploration, _ = explored()
    decoded = 0
    job: list[ExportJob] = []
    begun = threading.Event()

    class Counting(ExactDecoder):
        def decode(self, z: np.ndarray) -> np.ndarray:
            begun.wait(60)
            nonlocal decoded
            decoded += len(z)
            if decoded >= after:
                job[0].stop()
            return super().decode(z)

    source = exact_source(exploration.bundle, "exact")
    settings = make_settings(
        decoder_source=lambda bundle, backend: type(source)(lambda: Counting(exploration.bundle))
    )
    told: list[object] = []
    swing = exports(exploration)[1]
    path = tmp_path / "swing.webp"
    job.append(ExportJob(settings, exploration, swing, path, force=False, listener=told.append))
    begun.set()
    job[0]._thread.join(60)
    assert list(tmp_path.iterdir()) == ([path] if after > 96 else [])
    assert bool(told) == (after > 1)
    job[0].close()
