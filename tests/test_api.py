"""Decoding from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vaevis_tui
from tests.models.make import write_bundle, write_decoder
from vaevis_tui.api import Model, load
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
    with load(folder) as model, pytest.raises(ValueError, match="z is no array of numbers"):
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
