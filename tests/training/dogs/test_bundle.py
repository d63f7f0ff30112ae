"""From averaged weights to figures, a sheet and a bundle."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.dogs.tiny import dogs, photograph, tiny_config, tiny_state, write_archive
from training.core import export
from training.core.checkpoint import Trained
from training.tasks.dogs import bundle, checkpoint, evaluate, finish, posterior
from training.tasks.dogs.photographs import dogfacenet
from vaevis_tui.errors import UserError
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import open_bundle, write_latents
from vaevis_tui.resources import weights_dir


def trained(folder: Path) -> Trained:
    state = tiny_state()
    state.step = tiny_config().total_steps
    checkpoint.save_average(folder / checkpoint.AVERAGE, state, tiny_config())
    return checkpoint.load_trained(folder / checkpoint.AVERAGE)


def test_the_bundle_opens_and_names_dogs(tmp_path: Path) -> None:
    pruned, space = posterior.prepare(trained(tmp_path), dogs(40))
    export.export(pruned, space, tmp_path / "bundle", {"psnr_db": 20.0}, "a GPU")
    bundle = open_bundle(tmp_path / "bundle")
    assert bundle.card is not None
    assert (bundle.name, bundle.channels, bundle.image_height, bundle.image_width) == ("dog", 3, 128, 128)
    assert "Mougeot" in bundle.card.data_attribution
    assert bundle.card.data_licence == "CC BY 4.0"
    assert bundle.card.training["stage"][1]["name"] == "sharpen"
    assert bundle.latent_dim <= tiny_config().network.latent
    assert len(bundle.space.anchors) == 20  # one a dog
    assert set(bundle.space.anchors.labels) == {f"dog {i}" for i in range(100, 120)}
    assert bundle.encoder_path is not None


def test_anchors_spread_from_the_middle_outwards() -> None:
    line = np.array([[0.0], [1.0], [5.0], [9.0], [10.0]])
    assert posterior.spread(line, 3).tolist() == [2, 0, 4]
    assert len(posterior.spread(line, 99)) == 5


def test_an_anchor_is_the_photograph_nearest_to_its_dogs_mean() -> None:
    means = np.array([[0, 0], [4, 4], [1.5, 1.5], [9, 9], [9, 8]], np.float32)
    some = dogs(5)
    some = dataclasses.replace(
        some, labels=torch.tensor([1, 1, 1, 2, 2]), curated=torch.tensor([1, 1, 1, 0, 1]) > 0
    )
    anchors = posterior.dog_anchors(means, some, LatentSpace.standard_normal(2), 2)
    assert sorted(zip(anchors.labels, anchors.indices.tolist(), strict=True)) == [("dog 1", 2), ("dog 2", 4)]


def test_kernels_about_dogs_have_the_moments_of_all() -> None:
    rng = np.random.default_rng(0)
    means = (rng.standard_normal((60, 3)) @ np.array([[2, 0, 0], [1, 1, 0], [0, 0.5, 0.3]]) + 5).astype(
        np.float32
    )
    space = LatentSpace.from_posteriors(means, np.full(means.shape, 1e-4))
    mixture = posterior.kernels(means, space)
    assert mixture.factors.shape == (1, 3, 3)
    z = mixture.sample(np.random.default_rng(1), 20_000)
    np.testing.assert_allclose(z.mean(0), space.mean, atol=0.06)
    np.testing.assert_allclose(np.cov(z.T), np.cov(means.T, bias=True), atol=0.15)
    off = np.linalg.norm(space.whiten(z)[:, None] - space.whiten(mixture.means), axis=2).min(1)
    assert np.median(off) < posterior.BANDWIDTH * np.sqrt(3)


def test_samples_lie_about_dogs_that_are_drawn_as_dogs() -> None:
    """The shipped decoder makes no dog of what lies far beyond all of them."""
    shipped = weights_dir() / "dog"
    model, anchors = bundle.load_trained(shipped).model, open_bundle(shipped).space.anchors.z[:9]
    beyond = open_bundle(shipped).space.mean - 40 * np.ones((1, anchors.shape[1]), np.float32)
    found = posterior.most_surely_dogs(model, np.concatenate([anchors[:4], beyond, anchors[4:]]))
    assert found.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_a_whole_public_zip_is_measured_on_its_test_dogs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dogfacenet, "default_cache", lambda: tmp_path / "cache")
    names = [(dog, n) for dog in (*range(1, 6), 7, 27) for n in range(8 if dog < 7 else 16)]
    write_archive(tmp_path, {f"{dog}/{dog}.{n}.jpg": photograph(100 * dog + n) for dog, n in names})
    trained(tmp_path / "run")
    options = argparse.Namespace(
        weights=checkpoint.AVERAGE,
        data_root=tmp_path,
        split="test",
        images=None,
        device="cpu",
        bundle=None,
        nearest=2,
        contact_sheet=tmp_path / "sheet.png",
    )
    found = evaluate.evaluate(options, tmp_path / "run")[1]
    assert (found["photographs"], found["dogs"]) == (32, 2)
    # Nothing was learnt yet.
    assert found["psnr_pca_db"] > found["psnr_nearest_db"] >= found["psnr_searched_db"]
    assert found["kid_real"] < 0.5 * found["kid_samples"]  # noise of the same sort, and grey
    assert found["top1_dog_samples"] == 0
    assert "fd_samples" not in found  # the judge's weights are not there
    assert found["searched"] == 2
    assert len(found["kl_a_dimension_nats"].split()) == found["active_dimensions"]
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.mode == "RGB"
        assert sheet.width == 16 * 128
    (kept,) = (tmp_path / "cache").glob("lite1-*.npy")
    assert np.load(kept).shape == (32, 1280)

    pruned, space = posterior.load_prepared(tmp_path / "run" / checkpoint.AVERAGE, tmp_path)
    export.export(pruned, space, tmp_path / "bundle", {}, "a GPU")
    options.bundle, options.nearest, options.contact_sheet = tmp_path / "bundle", 0, None
    again = evaluate.evaluate(options, tmp_path / "none")[1]
    assert again.keys() < found.keys()
    assert again["psnr_db"] == pytest.approx(found["psnr_db"], abs=0.02), "the bundle alone says the same"
    files = {path.name: path.read_bytes() for path in (tmp_path / "bundle").iterdir()}
    write_latents(tmp_path / "bundle" / "latents.npz", dataclasses.replace(space, mixture=None))
    weights = bundle.load_trained(tmp_path / "bundle").model.state_dict()
    assert weights["decoder.flat_field"].any()
    assert finish.main([str(tmp_path / "bundle"), "--data-root", str(tmp_path), "--samples", "9"]) == 0
    again = bundle.load_trained(tmp_path / "bundle").model.state_dict()
    changed = {path.name for path in (tmp_path / "bundle").iterdir() if path.read_bytes() != files[path.name]}
    assert changed == {"decoder.onnx"}, "samples lie where they lay, now that there is a mixture again"
    assert [name for name in weights if not torch.equal(weights[name], again[name])] == ["decoder.flat_field"]

    options.bundle = None
    options.split = "validation"
    with pytest.raises(UserError, match="the validation split has 8 photographs here; it needs 32"):
        evaluate.evaluate(options, tmp_path / "run")
