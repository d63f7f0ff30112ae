"""A class, a number and noise of a decoder: changed, undone, kept in sessions and bookmarks, exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vaevis_tui
from tests.explorer.support import Listener
from tests.onnx_model.conditional import write_conditional
from vaevis_tui.api.animations import Animation
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.cli import main
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.explorer.decoding import Decoded, Decoding, TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.export_events import ExportEnded
from vaevis_tui.explorer.jobs.export_job import ExportJob
from vaevis_tui.explorer.jobs.exports import exports
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.explorer.snapshots import Snapshot
from vaevis_tui.explorer.storage.bookmarks import Bookmarks
from vaevis_tui.explorer.storage.model_data import ModelData
from vaevis_tui.explorer.storage.session import Session
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.load import override


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(write_conditional(tmp_path / "faces.onnx"))


def exploring(bundle: Bundle, **changes: object) -> Exploration:
    exploration = Exploration(str(bundle.path), bundle, seed=3)
    for name, value in {"label": 2, "psi": 0.7, "noise": 5, **changes}.items():
        row = exploration.axis_set.find(name)
        assert row is not None
        exploration.set_value(row, float(str(value)))
    return exploration


def image_of(bundle: Bundle, z: np.ndarray, label: int, psi: float, noise: int) -> np.ndarray:
    """As the file has it with these set when it is opened."""
    settings = (("label", str(label)), ("psi", str(psi)), ("noise", str(noise)))
    override(bundle.decoder_path, AdapterOptions(settings=settings))
    with OnnxRuntimeDecoder(open_bundle(bundle.path)) as decoder:
        image: np.ndarray = decoder.decode(z[None])[0]
    override(bundle.decoder_path, AdapterOptions(settings=tuple((name, "auto") for name, _ in settings)))
    return image


def test_a_change_is_decoded_at_the_same_z_and_undone(bundle: Bundle) -> None:
    decoding, listener = (
        Decoding(ExplorerSettings(str(bundle.path), backend="onnxruntime", seed=3)),
        Listener(),
    )
    decoding.listen(listener)
    try:
        listener.wait(lambda news: isinstance(news, Decoded))
        exploration = decoding.model.exploration
        assert exploration is not None
        before = exploration.point
        for name, value in {"label": 2, "psi": 0.7, "noise": 5}.items():
            exploration.set_value(exploration.axis_set.find(name) or 0, value)
        assert np.array_equal(exploration.z, before[:6])
        decoding.submit(exploration)
        point = exploration.point
        news = listener.wait(
            lambda news: isinstance(news, Decoded) and news.frame.z.tolist() == point.tolist()
        )
        assert isinstance(news, Decoded)
        assert np.array_equal(news.frame.image, image_of(bundle, exploration.z, 2, 0.7, 5))
        decoding.decode_tiles(exploration, "strip", exploration.z[None])
        tiles = listener.wait(lambda news: isinstance(news, TilesDecoded))
        assert isinstance(tiles, TilesDecoded)
        assert np.array_equal(tiles.images[0], news.frame.image)
        for _ in range(3):
            exploration.undo()
        assert np.array_equal(exploration.point, before)
    finally:
        decoding.close()


def test_session_and_bookmarks_keep_them(bundle: Bundle, tmp_path: Path) -> None:
    exploration = exploring(bundle)
    session = Session.from_text(exploration.session("auto").to_text())
    again = Exploration(str(bundle.path), bundle, resumed=session)
    assert np.array_equal(again.point, exploration.point)
    again.undo()
    assert again.state.values == (2, float(np.float32(0.7)), 0)
    kept = Bookmarks(ModelData("faces", tmp_path), len(exploration.point))
    kept.add(exploration.point, "here", np.zeros((20, 16, 3), np.uint8))
    other = exploring(bundle, label=0, noise=1)
    other.go_to(Bookmarks(ModelData("faces", tmp_path), len(exploration.point)).items[0].z)
    assert np.array_equal(other.point, exploration.point)


def test_a_random_point_and_a_walk_leave_them_alone(bundle: Bundle) -> None:
    exploration = exploring(bundle)
    values = exploration.state.values
    exploration.random()
    exploration.start_walk()
    exploration.step_walk(0.5)
    exploration.reset_all()
    assert exploration.state.values == values


def test_a_snapshot_is_decoded_again_by_the_command(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exploration = exploring(bundle)
    image = image_of(bundle, exploration.z, 2, 0.7, 5)
    path = Snapshot(bundle, exploration.point, image, "onnxruntime").save(tmp_path)
    backend = ["--backend", "onnxruntime", "--force"]
    for number, source in enumerate((["--from", str(path)], [f"--z={exploration.z_text}"])):
        out = tmp_path / f"again{number}.png"
        model = ["--model", str(bundle.path)]
        assert main(["decode", *model, *source, *backend, "--out", str(out)]) == 0
        assert np.array_equal(np.asarray(Image.open(out)), image)
    z = ",".join(map(str, exploration.z))
    said = ["--set", "label=2", "--set", "psi=0.7", "--set", "noise=5"]
    out = tmp_path / "set.png"
    assert main(["decode", "--model", str(bundle.path), f"--z={z}", *said, *backend, "--out", str(out)]) == 0
    assert np.array_equal(np.asarray(Image.open(out)), image)
    capsys.readouterr()
    assert main(["decode", "--model", str(bundle.path), f"--z={z},9,1,0", "--out", str(out), *backend]) == 2
    assert "label=9.0: expected a whole number from 0 to 4" in capsys.readouterr().err


def test_exports_have_them(bundle: Bundle, tmp_path: Path) -> None:
    exploration = exploring(bundle)
    exploration.select(exploration.axis_set.find("label") or 0)
    found = {each.stem: each for each in exports(exploration)}
    assert set(found) == {"walk", "label", "dimensions", "map", "samples"}
    ended: list[ExportEnded] = []
    for stem in ("label", "dimensions"):
        path = tmp_path / f"{stem}.{'gif' if stem == 'label' else 'png'}"
        settings = ExplorerSettings(str(bundle.path))
        job = ExportJob(
            settings,
            exploration,
            found[stem],
            path,
            force=False,
            listener=lambda news: ended.append(news) if isinstance(news, ExportEnded) else None,
        )
        job._thread.join()
    assert [each.error for each in ended] == [None, None]
    with vaevis_tui.load(bundle.path, backend="onnxruntime") as model:
        model.set(label=2, psi=0.7, noise=5)
        swing, sheet = found["label"].make(model), found["dimensions"].make(model)
        assert isinstance(swing, Animation)
        assert {float(point[0, 6]) for point in swing.z} == {0, 1, 2, 3, 4}
        assert isinstance(sheet, ImageGrid)
        middle = exploration.axis_set.set(exploration.z, exploration.axis_set.first, 0)
        assert np.array_equal(np.asarray(sheet.images)[0, 3], model.decode(middle)[0])


def test_from_python(bundle: Bundle) -> None:
    z = bundle.space.sample(1, 2)
    with vaevis_tui.load(bundle.path, backend="onnxruntime") as model:
        assert model.controls == {"label": 0, "psi": 1, "noise": 0}
        first = model.decode(z)
        each_its_own = model.decode(np.concatenate([z, [[3, 1, 0], [4, 0.5, 7]]], axis=1))
        model.set(label=3)
        assert np.array_equal(model.decode(z)[0], each_its_own[0])
        assert not np.array_equal(model.decode(z), first)
        assert model.snapshot_info(z[0]).z[6:] == (3, 1, 0)
        with pytest.raises(ValueError, match="no control 'lable'"):
            model.set(lable=3)
