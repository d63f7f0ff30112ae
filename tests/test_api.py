"""Decoding from Python."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

import vaevis_tui
from tests.models.make import write_bundle, write_decoder
from vaevis_tui.api import Animation, ImageGrid, Model, load
from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.errors import UserError
from vaevis_tui.models import catalog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "model", 5, height=32, width=28, channels=3)


def test_load_is_to_be_had_from_the_package() -> None:
    assert vaevis_tui.load is load
    assert "load" in vaevis_tui.__all__


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'vaevis_tui' has no attribute 'decode'"):
        vaevis_tui.decode  # noqa: B018


def test_a_model_and_what_it_says(folder: Path) -> None:
    with vaevis_tui.load(str(folder), backend="onnxruntime") as model:
        assert isinstance(model, Model)
        assert (model.info.backend, model.info.latent_dim, model.info.image_size) == (
            "onnxruntime",
            5,
            (32, 28),
        )
        assert model.space.dim == 5
        assert model.card is not None
        assert model.card.name == "model"


def test_a_bare_decoder(tmp_path: Path) -> None:
    with load(write_decoder(tmp_path / "decoder.onnx", 3)) as model:
        assert model.card is None
        assert len(model.space.anchors) == 0
        assert model.decode([0.5, -1, 2]).shape == (1, 28, 28, 3)


def test_one_vector_or_many_of_any_kind_of_numbers(folder: Path) -> None:
    with load(folder) as model:
        pictures = model.decode(model.sample(3, 4))
        assert pictures.shape == (4, 32, 28, 3)
        assert pictures.dtype == np.uint8
        row = model.sample(3, 4)[2]
        for same in (row, row[None], row.tolist(), row.astype(np.float64), tuple(row)):
            np.testing.assert_array_equal(model.decode(same), pictures[2:3])
        assert model.decode(np.zeros((0, 5))).shape == (0, 32, 28, 3)
        assert model.decode([0, 0, 1, 0, 0]).shape == (1, 32, 28, 3)


def test_the_same_seed_gives_the_same_z_and_the_same_picture(folder: Path) -> None:
    with load(folder) as first, load(folder) as second:
        np.testing.assert_array_equal(first.sample(7, 3), second.sample(7, 3))
        np.testing.assert_array_equal(first.decode(first.sample(7)), second.decode(second.sample(7)))
        np.testing.assert_array_equal(first.sample(7), first.space.sample(7))
        assert (first.sample(7) != first.sample(8)).any()
        rng = np.random.default_rng(0)
        assert (first.sample(rng) != first.sample(rng)).any()


@pytest.mark.parametrize(
    ("z", "shape"),
    [([1, 2], "(2,)"), (np.zeros((2, 6)), "(2, 6)"), (np.zeros((1, 1, 5)), "(1, 1, 5)"), (1.0, "()")],
)
def test_z_of_another_shape(folder: Path, z: object, shape: str) -> None:
    with load(folder) as model:
        with pytest.raises(ValueError, match="z has shape") as refusal:
            model.decode(z)  # type: ignore[arg-type]
        assert str(refusal.value) == f"z has shape {shape}; (5,) or (n, 5) is expected"


@pytest.mark.parametrize("z", ["0.1", [["a"] * 5], [[1, 2], [3]], None, [1j] * 5, {"z": 1}])
def test_z_that_is_no_numbers(folder: Path, z: object) -> None:
    with load(folder) as model, pytest.raises(ValueError, match="z is not an array of numbers"):
        model.decode(z)  # type: ignore[arg-type]


@pytest.mark.parametrize("z", [[np.nan] * 5, [np.inf] * 5, [1e300] * 5])
def test_z_that_is_not_finite(folder: Path, z: list[float]) -> None:
    """1e300 is finite, but not in float32."""
    with load(folder) as model, pytest.raises(ValueError, match="z holds NaN or infinities"):
        model.decode(z)


def test_a_closed_model(folder: Path) -> None:
    model = load(folder)
    model.close()
    model.close()
    with pytest.raises(EngineError, match="closed"):
        model.decode(np.zeros(5))


def test_what_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown model 'nothing of this name'"):
        load("nothing of this name")
    with pytest.raises(UserError, match="unknown backend 'cuda'; the backends are auto, wgpu, onnxruntime"):
        load(write_decoder(tmp_path / "decoder.onnx"), backend="cuda")
    for tuning in ("x", None, "none"):
        with pytest.raises(
            UserError, match=r"unknown tuning .*; the modes are off, cached, upfront, background"
        ):
            load(tmp_path / "decoder.onnx", "onnxruntime", tuning)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", catalog.names())
def test_shipped_models_load_by_name(name: str) -> None:
    with load(name) as model:
        z = model.sample(3, 2)
        pictures = model.decode(z)
        assert pictures.shape == (2, *model.info.image_size, 3)
        assert np.ptp(pictures.astype(int), axis=(1, 2, 3)).min() > 100
        if model.info.channels == 1:
            assert (pictures == pictures[..., :1]).all()


def test_a_picture_of_another_type_or_size_is_no_picture_to_find(folder: Path) -> None:
    with vaevis_tui.load(str(folder), backend="onnxruntime") as model:
        for picture in (np.zeros((32, 28, 3)), np.zeros((28, 28, 3), np.uint8)):
            with pytest.raises(ValueError, match=r"uint8 \(32, 28, 3\) is expected"):
                model.invert(picture)
        found = model.invert(model.decode(model.sample(1))[0])
    assert found.z.shape == (5,)
    assert found.error < 3


def test_images_are_arrays_that_a_notebook_shows(folder: Path) -> None:
    with load(folder) as model:
        images = model.decode(model.sample(1, 5))
        shown: list[Any] = [
            images[0],
            images,
            model.grid(1, 2, 3).images,
            model.grid(1, 2, 3),
            model.walk(1, 24),
        ]
        for each in shown:
            png = each._repr_png_()
            assert png is not None
            with Image.open(io.BytesIO(png)) as picture:
                assert min(picture.size) >= 84
        with Image.open(io.BytesIO(shown[0]._repr_png_())) as picture:
            enlarged = np.asarray(images[0]).repeat(8, 0).repeat(8, 1)
            np.testing.assert_array_equal(np.asarray(picture), enlarged)
        for no_image in (images.mean(axis=0), images[..., 0], images[0, 0, 0], images[:0]):
            assert no_image._repr_png_() is None  # type: ignore[union-attr]


def test_what_is_printed_says_what_it_is_on_a_line(folder: Path) -> None:
    with load(folder) as model:
        grid, walk = model.grid(1, 2, 3), model.walk(1, 24)
        swing = model.swing(["z0", "z1"], frames=4, rate=12)
        height, width = model.info.image_size
        assert repr(grid) == f"<ImageGrid of 2 x 3 images of {height} x {width} pixels>"
        assert repr(walk) == f"<Animation of 24 frames of {height} x {width} pixels, 24 a second, a loop>"
        assert repr(swing) == f"<Animation of 4 frames of {height} x {2 * width} pixels, 12 a second, a loop>"
        sizes = f"5 dimensions, {height} x {width} pixels, {model.info.backend}"
        assert repr(model) == f"<Model {model.title}: {sizes}>"


def test_a_session_of_ipython_shows_images_and_completes_names(folder: Path) -> None:
    """What a notebook's kernel does with the value of a cell."""
    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.display_formatter.active_types = ["text/plain", "image/png"]  # a kernel has all
    try:
        shell.run_cell(f"import vaevis_tui\nmodel = vaevis_tui.load({str(folder)!r})", silent=True)
        for cell in ("model.decode(model.sample(1, 3))", "model.grid()", "model.walk(1, 4)"):
            result = shell.run_cell(cell)
            result.raise_error()
            shown, _ = shell.display_formatter.format(result.result)
            assert shown["image/png"].startswith(b"\x89PNG"), cell
        assert {"load", "open_snapshot", "UserError"} <= set(dir(vaevis_tui)), "what a Tab completes"
        failed = shell.run_cell("vaevis_tui.load('dgo')", silent=True)
        assert isinstance(failed.error_in_exec, UserError)
    finally:
        shell.run_cell("model.close()", silent=True)
        shell.history_manager.end_session()


def test_help_explains_every_verb() -> None:
    """A public name without a word about it would be found by help(model) only as a name."""
    for kind in (Model, Animation, ImageGrid):
        for name in dir(kind):
            member = getattr(kind, name)
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{kind.__name__}.{name}"


def test_a_walk_gives_the_frames_that_its_vectors_decode_to(folder: Path) -> None:
    with load(folder) as model:
        walk = model.walk(3, 40)
        frames = np.stack(list(walk.frames()))
        assert len(walk) == 40
        np.testing.assert_array_equal(frames, model.decode(walk.z))
        np.testing.assert_array_equal(walk.z[0], model.sample(3)[0])
        tour = model.journey(model.sample(3, 4), 32, loop=False, ease="none")
        np.testing.assert_array_equal(tour.z[[0, -1]], model.sample(3, 4)[[0, -1]])


def test_reconstructions_stand_below_their_pictures(folder: Path) -> None:
    with load(folder) as model:
        pictures = model.decode(model.sample(3, 3))
        sheet = model.reconstructions(pictures, model.sample(3, 3), ["a", "b", "c"])
        np.testing.assert_array_equal(sheet.images[0], pictures)
        np.testing.assert_array_equal(sheet.images[1], pictures)
        assert sheet.labels.columns == ["a", "b", "c"]
        with pytest.raises(ValueError, match="3 pictures need as many latent vectors, not 2"):
            model.reconstructions(pictures, model.sample(3, 2))
        with pytest.raises(ValueError, match="2 names for 3 pictures"):
            model.reconstructions(pictures, model.sample(3, 3), ["a", "b"])
        with pytest.raises(ValueError, match=r"the pictures are float64 .*; uint8 .* is expected"):
            model.reconstructions(pictures / 255, model.sample(3, 3))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m: m.traverse(["z9"]), "there is no axis 'z9'"),
        (lambda m: m.traverse(sigmas=[]), "at least one axis and one coordinate"),
        (lambda m: m.map(["z0"]), "a map needs two axes, not 1"),
        (lambda m: m.map(tiles=(0, 1)), "a map needs rows and columns"),
        (lambda m: m.grid(rows=0), "a grid needs rows and columns"),
        (lambda m: m.walk(frames=0), "a walk needs frames"),
        (lambda m: m.interpolate(m.sample(1, 2), m.sample(1, 3)), "the ends have shape"),
        (lambda m: m.interpolate(m.sample(1), m.sample(2), 1), "at least 2 steps"),
        (lambda m: m.journey(m.sample(1)), "at least two points"),
        (lambda m: m.journey(m.sample(1, 2), frames=0), "at least one frame"),
        (lambda m: m.journey(m.sample(1, 2), rate=0), "a rate, not 96 frames at 0 a second"),
        (lambda m: m.interpolate(m.sample(1), m.sample(2), ease="soft"), "ease is 'soft'; none, ends, stops"),
        (lambda m: m.animate(m.sample(1), rate=float("nan")), "a rate, not 1 frames at nan a second"),
        (lambda m: m.animate([1, 2]), r"z has shape \(2,\)"),
        (lambda m: m.animate([[["a"]]]), "z .*numbers"),
        (lambda m: m.animate(m.sample(1, 0)), "an animation needs frames"),
        (lambda m: m.map(extent=(1, 1, 0, 2)), "the extent is .*; left < right"),
        (lambda m: m.map(extent=(-1e300, 1, 0, 2)), r"the extent reaches 1e\+300 sigma; up to 1,000"),
        (lambda m: m.traverse(["z0"], (0, 12)), "a coordinate is 12; axes go from -10 to 10 sigma"),
        (lambda m: m.swing(["z0"], (-11, 1)), "a coordinate is 11; axes go"),
        (lambda m: m.map(tiles=(3,)), "not enough values"),
        (lambda m: m.swing(ends=(1, 2, 3)), "too many values"),
        (lambda m: m.animate(np.zeros((2, 0, 5))), "at least one vector a frame"),
        (lambda m: m.walk(z=m.sample(1, 2)), r"z has shape \(2, 5\); one vector, \(5,\), is expected"),
        (lambda m: m.traverse(z=m.sample(1, 2)), "one vector"),
        (lambda m: m.map(z=m.sample(1, 2)), "one vector"),
        (lambda m: m.snapshot_info([1, 2]), r"z has shape \(2,\)"),
        (lambda m: m.grid().draw(scale=0), "the scale is 0; a whole number from 1"),
        (lambda m: m.grid().draw(background="blue"), "the background is 'blue'; light or dark is expected"),
        (
            lambda m: m.walk(frames=2).save("w.gif", resampling="cubic"),
            "resampling is 'cubic'; auto, nearest",
        ),
    ],
)
def test_what_cannot_be_made_is_a_value_error(
    folder: Path, call: Callable[[Model], object], said: str
) -> None:
    with load(folder) as model, pytest.raises(ValueError, match=said):
        call(model)


def test_half_a_frame_or_tile_is_no_whole_one(folder: Path) -> None:
    calls: list[Callable[[Model, Any], object]] = [
        lambda m, half: m.walk(frames=half),
        lambda m, half: m.swing(frames=half),
        lambda m, half: m.journey(m.sample(1, 2), half),
        lambda m, half: m.map(tiles=(half, 2)),
        lambda m, half: m.interpolate(m.sample(1), m.sample(2), half),
        lambda m, half: m.grid(rows=half),
    ]
    with load(folder) as model:
        for call in calls:
            with pytest.raises(TypeError, match="integer"):
                call(model, 2.5)
