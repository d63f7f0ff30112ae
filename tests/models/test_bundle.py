"""Opening models by name, by folder and by file, and the words where it cannot be done."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.models.make import write_bundle, write_decoder
from vaevis_tui.errors import UserError
from vaevis_tui.models import bundle, catalog
from vaevis_tui.models.bundle import open_bundle


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog of three models in place of the one that is shipped."""
    root = tmp_path / "weights"
    for name in ("mnist", "fashion", "dog"):
        write_bundle(root / name)
    for module in (bundle, catalog):
        monkeypatch.setattr(module, "weights_dir", lambda: root)
    return root


def test_a_shipped_model_by_its_name(shipped: Path) -> None:
    found = open_bundle("dog")
    assert (found.name, found.path, found.shipped) == ("dog", shipped / "dog", True)
    assert (found.latent_dim, found.image_height, found.image_width, found.channels) == (8, 28, 28, 1)
    assert found.space.dim == 8
    assert found.card is not None
    assert found.card.title == "Random weights, 28x28"
    assert found.encoder_path is None


def test_a_name_wins_over_a_folder_of_the_same_name(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(tmp_path / "dog", height=32, width=32)
    monkeypatch.chdir(tmp_path)
    assert open_bundle("dog").path == shipped / "dog"
    assert open_bundle("./dog").image_height == 32
    assert open_bundle(Path("dog")).image_height == 32


def test_a_bundle_by_its_folder(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine", 16, height=32, width=28, channels=3)
    (folder / "encoder.onnx").write_bytes(b"")
    found = open_bundle(str(folder))
    assert (found.latent_dim, found.image_height, found.image_width, found.channels) == (16, 32, 28, 3)
    assert not found.shipped
    assert found.encoder_path == folder / "encoder.onnx"
    assert found.read_decoder().latent_dim == 16


def test_a_bare_decoder_has_the_prior_and_no_anchors(tmp_path: Path) -> None:
    found = open_bundle(write_decoder(tmp_path / "some decoder.onnx", 5, final="Tanh"))
    assert (found.name, found.card, found.shipped) == ("some decoder", None, False)
    assert found.latent_dim == found.space.dim == 5
    np.testing.assert_array_equal(found.space.mean, np.zeros(5))
    assert len(found.space.anchors) == 0
    assert found.notes == ("its values -1 to 1 are shown as black to white (it ends in Tanh)",)
    assert found.multiply_adds > 0


def test_a_bundle_may_say_which_values_are_black_and_white(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine")
    card = folder / "model.toml"
    card.write_text(card.read_text().replace("channels = 1", "channels = 1\nvalue_range = [-2, 1]"))
    assert open_bundle(folder).notes == ("its values -2 to 1 are shown as black to white (as it was said)",)


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bundle(tmp_path / "mine")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert open_bundle(f"~{os.sep}mine").name == "mine"


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("cat", "unknown model 'cat': the shipped models are: dog, fashion, mnist; or give the path of"),
        ("mnits", "unknown model 'mnits': did you mean mnist? the shipped models are:"),
        ("a/b", "no such model: a/b: neither a bundle's folder nor an .onnx file (the shipped models are:"),
        ("gone.onnx", "no such model: gone.onnx: neither"),
        ("\x1b[2J", "unknown model '[2J'"),
        ("nul\0byte", "unknown model 'nul byte'"),
        ("x" * 5000, "unknown model 'xxx"),
        ("~nobody-of-this-name/x", "no such model: ~nobody-of-this-name/x"),
    ],
)
def test_unknown_models(ref: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refusal:
        open_bundle(ref)
    assert str(refusal.value).startswith(expected)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 500


def test_a_bundle_needs_its_decoder(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine")
    (folder / "decoder.onnx").unlink()
    with pytest.raises(UserError, match=r"decoder\.onnx is missing; a bundle has it, and may have"):
        open_bundle(folder)


def test_what_else_is_missing_costs_no_more_than_itself(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine", height=32, width=28)
    (folder / "model.toml").unlink()
    found = open_bundle(folder)
    assert (found.name, found.card, found.image_height, len(found.space.anchors)) == ("mine", None, 32, 9)
    (folder / "latents.npz").unlink()
    found = open_bundle(folder)
    assert (found.space.dim, len(found.space.anchors)) == (8, 0)


def test_a_card_of_one_line_is_completed(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine")
    (folder / "model.toml").write_text('summary = "Cats."')
    card = open_bundle(folder).card
    assert card is not None
    assert (card.name, card.title, card.summary) == ("mine", "mine", "Cats.")
    assert (card.latent_dim, card.image_height, card.channels) == (8, 28, 1)
    assert card.parameters > 0
    assert card.multiply_adds > 0


def test_a_decoder_may_be_exported_again_without_touching_the_card(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine")
    write_decoder(folder / "decoder.onnx", features=16)
    assert open_bundle(folder).parameters > 8_000


def test_a_card_says_how_its_decoder_is_read(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine")
    (folder / "latents.npz").unlink()
    (folder / "model.toml").write_text('[latent]\nprior = "uniform:0..1"\n[image]\nvalue_range = [0, 2]')
    found = open_bundle(folder)
    assert found.notes == (
        "its values 0 to 2 are shown as black to white (as it was said)",
        "z is taken as uniform:0..1",
    )
    np.testing.assert_array_equal(found.space.mean, np.full(8, 0.5, np.float32))


def test_an_encoder_beside_a_bare_decoder_is_found(tmp_path: Path) -> None:
    decoder = write_decoder(tmp_path / "cats_dec.onnx")
    assert open_bundle(decoder).encoder_path is None
    (tmp_path / "cats_enc.onnx").write_bytes(b"")
    assert open_bundle(decoder).encoder_path == tmp_path / "cats_enc.onnx"


def rewrite_card(folder: Path, old: str, new: str) -> None:
    card = folder / "model.toml"
    assert old in card.read_text()
    card.write_text(card.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("size = 8", "size = 7", "latent size is 8, but model.toml says 7"),
        ("height = 28", "height = 32", "height is 28, but model.toml says 32"),
        ("width = 28", "width = 32", "width is 28, but model.toml says 32"),
        ("channels = 1", "channels = 3", "channels is 1, but model.toml says 3"),
    ],
)
def test_a_card_that_does_not_fit(tmp_path: Path, old: str, new: str, expected: str) -> None:
    folder = write_bundle(tmp_path / "mine")
    rewrite_card(folder, old, new)
    with pytest.raises(UserError) as refusal:
        open_bundle(folder)
    assert expected in str(refusal.value)


def test_a_decoder_of_another_latent_size(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "mine")
    before = (folder / "decoder.onnx").stat().st_size
    after = write_decoder(folder / "decoder.onnx", 9).stat().st_size
    rewrite_card(folder, f"bytes = {before}", f"bytes = {after}")
    with pytest.raises(UserError, match=r"latent size is 9, but model\.toml says 8"):
        open_bundle(folder)


def test_a_shipped_decoder_that_was_cut_short_is_noticed(shipped: Path) -> None:
    decoder = shipped / "dog" / "decoder.onnx"
    whole = decoder.stat().st_size
    decoder.write_bytes(decoder.read_bytes()[:-10])
    with pytest.raises(UserError, match=f"{whole - 10} bytes, but model.toml says .decoder. bytes = {whole}"):
        open_bundle("dog")


@pytest.mark.parametrize("name", catalog.names())
def test_what_is_shipped_passes_as_a_stranger_would(name: str) -> None:
    """Shipped decoders are opened without these checks, and as they are: so nothing may be left to adapt."""
    found = open_bundle(name)
    decoder = found.read_decoder()
    assert found.shipped
    assert found.name == name
    assert decoder.batched
    assert decoder.notes == ()
    assert (decoder.latent_dim, decoder.channels) == (found.latent_dim, found.channels)
    assert (decoder.image_height, decoder.image_width) == (found.image_height, found.image_width)
    assert not any(node.name.startswith("normalised.") for node in decoder.model.graph.node)
    assert found.card is not None
    assert found.card.value_range is None
