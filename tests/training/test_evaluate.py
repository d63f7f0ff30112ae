from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.tiny import bars, tiny_config, tiny_trained
from training.core import sheet
from training.core.model.networks import multiply_adds
from training.core.onnx_graph import ShippedDecoder
from training.tasks.digits import classifier, evaluate, likelihood
from training.tasks.digits.data import Images
from training.tasks.digits.networks import DigitVAE
from vaevis_tui.latent.space import Anchors, LatentSpace


def test_figures_name_what_a_model_card_must_hold(tmp_path: Path) -> None:
    trained = tiny_trained()
    figures = evaluate.measure(trained, bars(), 4, tmp_path, torch.device("cpu"))
    assert figures["test_images"] == 20
    assert figures["importance_samples"] == 4
    assert figures["test_nll_nats"] <= -figures["test_elbo_nats"]
    assert 0 <= figures["active_dimensions"] <= 4
    assert len(figures["kl_a_dimension_nats"].split()) == 4
    wanted = multiply_adds(DigitVAE(tiny_config().network).decoder, torch.zeros(1, 4))
    assert figures["decoder_multiply_adds"] == wanted
    assert figures["decoder_parameters"] == sum(p.numel() for p in trained.model.decoder.parameters())


def test_the_same_test_set_is_measured_every_time(tmp_path: Path) -> None:
    trained = tiny_trained()
    one, two = (
        evaluate.measure(trained, bars(), 3, folder, torch.device("cpu")) for folder in folders(tmp_path)
    )
    assert one == two
    assert likelihood.BLOCK >= 20  # one block here: another partition has its own noise


def folders(root: Path) -> list[Path]:
    for name in ("one", "two"):
        (root / name).mkdir()
    return [root / "one", root / "two"]


def test_what_ships_is_a_sheet_of_decoded_points_alone() -> None:
    model, labels = tiny_trained().model, tuple("abcdefgh")
    rng = np.random.default_rng(0)
    examples = rng.standard_normal((8, 4)).astype(np.float32)
    space = replace(LatentSpace.standard_normal(4), anchors=Anchors(examples, labels, np.arange(8)))
    drawing = sheet.draw_without_originals(model, space, seed=1, columns=4)
    assert drawing.shape == (28 * 5 + sheet.GAP * 2, 28 * 4)
    pictures = ShippedDecoder(model)(torch.from_numpy(np.concatenate([examples[::2], space.sample(1, 8)])))
    wanted = (pictures[:, 0].detach().numpy() * 255 + 0.5).astype(np.uint8)
    assert (drawing[:28, :28] == wanted[0]).all()
    assert (drawing[:28, -28:] == wanted[3]).all()
    top = 28 + sheet.GAP
    assert (drawing[top : top + 28, 28:56] == wanted[5]).all()
    top += 2 * 28 + sheet.GAP
    walk = drawing[top:].astype(int)
    assert np.abs(walk[:28, :28] - wanted[0]).max() <= 1, "a walk begins at an example"
    assert np.abs(walk[-28:, -28:] - wanted[3]).max() <= 1, "and ends at another"


def test_the_sheet_shows_originals_over_what_the_model_makes_of_them(tmp_path: Path) -> None:
    images, model = bars(40), tiny_trained().model
    drawing = sheet.draw(model, LatentSpace.standard_normal(4), images.pixels, images.labels, seed=0)
    rows, gaps = 2 * 2 + 4 + 4, 3
    assert drawing.shape == (28 * rows + sheet.GAP * gaps, 28 * sheet.COLUMNS)
    assert np.array_equal(drawing[:28, 28:56], images.pixels[1, 0].numpy())
    rebuilt = torch.sigmoid(model.decoder(model.encoder(images.pixels[1:2].float() / 255)[0]))
    wanted = (rebuilt[0, 0].detach().numpy() * 255 + 0.5).astype(np.uint8)
    assert np.abs(drawing[28:56, 28:56].astype(int) - wanted).max() <= 1

    sheet.save(tmp_path / "new" / "sheet.png", drawing, scale=2)
    with Image.open(tmp_path / "new" / "sheet.png") as image:
        assert image.size == (2 * drawing.shape[1], 2 * drawing.shape[0])


def test_the_classifier_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    trained: list[int] = []
    fit = classifier.fit

    def counted(train: Images) -> classifier.Classifier:
        trained.append(len(train))
        return fit(train)

    monkeypatch.setattr(classifier, "fit", counted)
    first, again = classifier.load(bars()), classifier.load(bars())
    assert trained == [20]
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not any(parameter.requires_grad for parameter in again.parameters())
    (kept,) = tmp_path.rglob("digits-classifier-*.pt")
    kept.write_bytes(kept.read_bytes()[:1000])
    classifier.load(bars())
    classifier.load(bars(40))
    assert trained == [20, 20, 40]
