"""Bundles made of somebody's decoder, encoder and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.onnx_model.zoo.animals import DIM, HEIGHT, WIDTH, Floats, Writer, truth
from tests.onnx_model.zoo.encoders import both_in_one, encoder, mean, plain
from tests.onnx_model.zoo.inputs import conditional, spatial
from vaevis_tui.bundling.fitting import fit_space
from vaevis_tui.bundling.make import BundleRequest, make_bundle
from vaevis_tui.bundling.pictures import Pictures
from vaevis_tui.cli import main
from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.onnx_model.adapter import decisions
from vaevis_tui.onnx_model.adapter.options import AdapterOptions

CENTRES = np.array([[1.2, 0, 0, 0.4, 0, 0], [-1.2, 0.5, 0, 0, 0, 0], [0, -1, 0.8, 0, 0, 0]], np.float32)
A_CLASS = 20


def pixels(images: Floats) -> NDArray[np.uint8]:
    return np.asarray(np.rint(images.transpose(0, 2, 3, 1) * 255), np.uint8)


def latents(rng: np.random.Generator, count: int = A_CLASS) -> Iterator[tuple[str, Floats]]:
    for name, centre in zip(("ash", "birch", "10"), CENTRES, strict=True):
        yield name, (centre + 0.25 * rng.standard_normal((count, DIM))).astype(np.float32)


def write_pictures(folder: Path, *, subfolders: bool = True, count: int = A_CLASS) -> dict[str, str]:
    """Pictures of the good decoder in three classes; their labels by name."""
    labels = {}
    for name, z in latents(np.random.default_rng(0), count):
        inside = folder / name if subfolders else folder
        inside.mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(pixels(truth(z))):
            file = inside / f"{name}-{i}.png"
            Image.fromarray(image).save(file)
            labels[file.name] = name
    return labels


def write(path: Path, writer: Writer) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(writer.model().SerializeToString())
    return path


def decoded(bundle: Bundle, z: Floats) -> NDArray[np.uint8]:
    with OnnxRuntimeDecoder(bundle) as decoder:
        return decoder.decode(np.asarray(z, np.float32))


@pytest.mark.parametrize("make", [plain, both_in_one])
def test_of_a_decoder_an_encoder_and_pictures_in_subfolders(tmp_path: Path, make: type) -> None:
    decoder = write(tmp_path / "decoder.onnx", Writer())
    write(tmp_path / "encoder.onnx", make())
    write_pictures(tmp_path / "trees")
    (tmp_path / "trees" / "broken.png").write_bytes(b"no picture")
    made = make_bundle(BundleRequest(decoder, tmp_path / "out", images=tmp_path / "trees", title="Trees"))
    assert "1 files could not be read" in made.notes
    assert made.figures["pictures"] == 60
    assert float(made.figures["reconstruction error, RMSE of 255"]) < 4
    found = open_bundle(tmp_path / "out")
    assert found.card is not None
    assert (found.name, found.card.title, found.card.data_name) == ("out", "Trees", "trees")
    assert found.encoder_path == tmp_path / "out" / "encoder.onnx"
    space = found.space
    assert space.anchors.labels[:5] == ("10",) * 5
    assert set(space.anchors.labels) == {"ash", "birch", "10"}
    modes = {
        label: z
        for label, z, i in zip(space.anchors.labels, space.anchors.z, space.anchors.indices, strict=True)
        if i < 0
    }
    np.testing.assert_allclose(modes["ash"], CENTRES[0], atol=0.25)
    assert space.mixture is not None
    assert space.mixture.means.shape == (3, DIM)
    assert space.directions is not None
    assert space.directions.names == ("10", "ash", "birch")
    assert space.directions.strengths.min() > 0.9
    everything = np.concatenate([z for _, z in latents(np.random.default_rng(0))])
    np.testing.assert_allclose(space.mean, everything.mean(0), atol=0.1)
    assert (tmp_path / "out" / "sheet.png").stat().st_size > 1000
    sheet = Image.open(tmp_path / "out" / "sheet.png")
    assert min(sheet.size) > 100
    assert np.abs(decoded(found, everything[:4]) - pixels(truth(everything[:4])).astype(int)).max() <= 2
    assert Encoder(found).encode(decoded(found, everything[:1])).shape == (1, DIM)


def test_labels_of_a_table_and_a_search_without_an_encoder(tmp_path: Path) -> None:
    decoder = write(tmp_path / "mine" / "decoder.onnx", Writer())
    labels = write_pictures(tmp_path / "flat", subfolders=False, count=6)
    table = tmp_path / "labels.csv"
    table.write_text("file,label\n" + "".join(f"{name},{label}\n" for name, label in labels.items()))
    made = make_bundle(BundleRequest(decoder, tmp_path / "out", images=tmp_path / "flat", labels=table))
    assert "without an encoder, 18 pictures were found by search" in made.notes
    assert float(made.figures["reconstruction error, RMSE of 255"]) < 3
    found = open_bundle(tmp_path / "out")
    assert found.encoder_path is None
    assert set(found.space.anchors.labels) == {"ash", "birch", "10"}


def test_a_table_that_misses_pictures_is_said_and_one_that_misses_all_is_refused(tmp_path: Path) -> None:
    decoder = write(tmp_path / "decoder.onnx", Writer())
    write(tmp_path / "encoder.onnx", plain())
    write_pictures(tmp_path / "flat", subfolders=False, count=2)
    table = tmp_path / "labels.csv"
    request = BundleRequest(decoder, tmp_path / "out", images=tmp_path / "flat", labels=table)
    table.write_text("file,label\nash-0,a\nash-1.png,b\nelm-0.png,a\n")
    assert f"4 of 6 pictures have no label in {table}" in make_bundle(request).notes
    table.write_text("elm-0.png,a\nelm-1.png,b\n")
    with pytest.raises(UserError, match=r"label for none of the 6 pictures .* first row is of 'elm-0.png'"):
        make_bundle(request)
    table.write_text("ash-0.png,a\nash-0.png,a\nash-0.png,b\n")
    with pytest.raises(UserError, match=r"'ash-0.png' has two labels, 'a' and 'b'"):
        make_bundle(request)


def test_without_pictures_axes_go_by_what_they_do(tmp_path: Path) -> None:
    w = Writer(begin=False)
    w.add("Mul", w.constant(np.array([0.1, 1, 0, 0.5, 0.01, 0.2], np.float32)))
    w.body()
    made = make_bundle(BundleRequest(write(tmp_path / "decoder.onnx", w), tmp_path / "out"))
    assert "its axes ordered by what they do to the image" in made.notes[-1]
    space = open_bundle(tmp_path / "out").space
    about = decoded(open_bundle(tmp_path / "out"), np.concatenate([np.zeros((1, DIM)), space.axes]))
    change = np.abs(about[1:] - about[0].astype(float)).mean((1, 2, 3))
    assert np.all(np.diff(change) < 1)
    assert change[0] > 10
    assert change[-1] < 0.01


def test_the_range_is_checked_by_making_pictures_again(tmp_path: Path) -> None:
    """It ends in tanh and now and then goes below 0, but was trained on 0..1."""
    w = Writer()
    w.add("Sub", w.floats(0.05)).add("Mul", w.floats(1.4)).add("Tanh")
    decoder = write(tmp_path / "decoder.onnx", w)
    write(tmp_path / "encoder.onnx", plain())
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, z in latents(np.random.default_rng(1)):
        for i, image in enumerate(pixels(np.clip(np.tanh(1.4 * (truth(z) - 0.05)), 0, 1))):
            Image.fromarray(image).save(folder / f"{name}{i}.png")
    assert "-1 to 1" in open_bundle(decoder).notes[0]
    made = make_bundle(BundleRequest(decoder, tmp_path / "out", images=folder))
    assert any("values 0..1 are shown as black to white" in note for note in made.notes)
    assert open_bundle(tmp_path / "out").read_decoder().options.range == "0..1"
    assert 'range = "0..1"' in (tmp_path / "out" / "model.toml").read_text()


def test_a_spatial_latent_is_explored_along_principal_directions(tmp_path: Path) -> None:
    decoder = write(tmp_path / "decoder.onnx", spatial(4, 8))
    w = Writer(shape=("n", 3, 32, 32), name="image", begin=False)
    w.add("AveragePool", kernel_shape=[4, 4], strides=[4, 4])
    w.add("Clip", w.floats(1e-3), w.floats(1 - 1e-3))
    w.last = w.node("Sub", w.node("Log", w.last), w.node("Log", w.node("Sub", w.floats(1.0), w.last)))
    mix = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32) / 2
    w.add("Conv", w.constant(np.linalg.pinv(mix.astype(np.float64)).astype(np.float32).reshape(4, 3, 1, 1)))
    write(tmp_path / "encoder.onnx", w)
    rng = np.random.default_rng(2)
    folder = tmp_path / "blobs"
    folder.mkdir()
    y, x = np.mgrid[:8, :8] / 8
    kinds = np.stack([np.cos(3 * x), np.sin(3 * y), x * y])
    for i in range(40):
        image = 1 / (1 + np.exp(-np.einsum("ck,kyx->cyx", rng.standard_normal((3, 3)), kinds)))
        large = image.repeat(4, 1).repeat(4, 2)[None].astype(np.float32)
        Image.fromarray(pixels(large)[0]).save(folder / f"{i}.png")
    made = make_bundle(BundleRequest(decoder, tmp_path / "out", images=folder))
    assert any("principal directions of your pictures" in note for note in made.notes)
    found = open_bundle(tmp_path / "out")
    assert 3 <= found.latent_dim <= 12
    np.testing.assert_allclose(found.space.std, 1, atol=0.2)
    first = np.asarray(Image.open(folder / "0.png"))[None]
    again = decoded(found, Encoder(found).encode(first))
    assert np.abs(again.astype(int) - first).mean() < 4


def test_all_objections_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    request = BundleRequest(
        tmp_path / "no.onnx",
        tmp_path / "file",
        encoder=tmp_path / "none.onnx",
        images=tmp_path / "empty",
        labels=tmp_path / "none.csv",
        limit=1,
    )
    with pytest.raises(UserError) as refusal:
        make_bundle(request)
    message = str(refusal.value)
    for words in (
        "no.onnx does not exist",
        "none.onnx does not exist",
        "no pictures in it",
        "none.csv: no such file",
        "is not a folder; --out",
        "invalid limit 1",
    ):
        assert words in message


def test_a_bundle_is_not_replaced_without_force_and_its_card_is_kept(tmp_path: Path) -> None:
    decoder = write(tmp_path / "decoder.onnx", Writer())
    out = tmp_path / "out"
    make_bundle(BundleRequest(decoder, out))
    with pytest.raises(UserError, match="holds a bundle; name another folder, or replace it with --force"):
        make_bundle(BundleRequest(decoder, out))
    (out / "model.toml").write_text('title = "Mine"')
    make_bundle(BundleRequest(out / "decoder.onnx", out))
    card = open_bundle(out).card
    assert card is not None
    assert card.title == "Mine"


def test_what_was_said_is_kept_in_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    model: onnx.ModelProto = conditional("label", ("n",), onnx.TensorProto.INT64).model()
    decoder = tmp_path / "decoder.onnx"
    decoder.write_bytes(model.SerializeToString())
    options = AdapterOptions(settings=(("label", "2"),), prior="uniform", bgr=True)
    make_bundle(BundleRequest(decoder, tmp_path / "out", options=options))
    monkeypatch.setattr(decisions, "_GIVEN", {})
    monkeypatch.setattr(decisions, "cache_folder", lambda: tmp_path / "elsewhere")
    assert open_bundle(tmp_path / "out").read_decoder().options == options


def test_the_command_on_five_hundred_pictures_and_a_foreign_encoder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    decoder = write(tmp_path / "decoder.onnx", Writer())
    write(tmp_path / "enc.onnx", mean(encoder(scale=255.0)))
    write_pictures(tmp_path / "trees", count=170)
    out = tmp_path / "out"
    arguments = ["bundle", str(decoder), "--encoder", str(tmp_path / "enc.onnx")]
    assert main([*arguments, "--images", str(tmp_path / "trees"), "--out", str(out)]) == 0
    said = capfd.readouterr()
    assert said.out == f"{out}\n"
    assert "its encoder takes values 0 to 255" in said.err
    assert "reconstruction error, RMSE of 255: " in said.err
    assert "vaevis-tui: encoding: 510" in said.err
    assert main(["decode", "--model", str(out), "--seed", "1", "--out", str(tmp_path / "x.png")]) == 0
    assert Image.open(tmp_path / "x.png").size == (WIDTH, HEIGHT)


def test_labels_that_say_nothing_of_the_latents_give_directions_no_better_than_chance() -> None:
    rng = np.random.default_rng(0)
    means = rng.standard_normal((400, 64)).astype(np.float32)
    labels = tuple(rng.choice(["ash", "birch", "elm"], 400))
    pictures = Pictures(np.zeros((400, 2, 2, 3), np.uint8), labels, labels)
    directions = fit_space(means, None, pictures).directions
    assert directions is not None
    np.testing.assert_allclose(directions.strengths, 0.5, atol=0.12)
