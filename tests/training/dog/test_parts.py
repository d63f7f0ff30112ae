"""Networks, objective, augmentation, discriminator, components, judge and figures, each on its own."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch

from tests.training.dog.tiny import faces, tiny_config
from training.dog import adversary, augment, components, config, figures, judge, objective
from training.dog.networks import DogDecoder, DogEncoder, DogVAE
from training.networks import multiply_adds
from vaevis_tui.errors import UserError


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", ["dog", "training/configs/two-cores/dog.toml"])
def test_the_decoder_is_within_its_budget(name: str) -> None:
    path = name if name == "dog" else str(config_folder() / "two-cores" / "dog.toml")
    network = config.load(path).network
    decoder = DogDecoder(network)
    assert multiply_adds(decoder, torch.zeros(1, network.latent)) == pytest.approx(258e6, rel=0.01)
    assert sum(parameter.numel() for parameter in decoder.parameters()) * 4 < 45e6


def config_folder() -> Path:
    from training.config import CONFIGS

    return CONFIGS


def test_shapes_of_a_pass() -> None:
    out = DogVAE(tiny_config().network)(torch.rand(2, 3, 128, 128), torch.randn(1, 2, 6))
    assert out.mean.shape == out.logvar.shape == (2, 6)
    assert out.logits.shape == (1, 2, 3, 128, 128)


def test_the_mean_begins_as_the_whitened_components() -> None:
    pixels = faces(40)
    network = dataclasses.replace(tiny_config().network, encoder_components=8)
    encoder = DogEncoder(network).eval()
    found = components.of_coarse_pictures(pixels, 8)
    encoder.set_components(*found.whitening())
    both = torch.cat([pixels, pixels.flip(3)]).float() / 255
    mean = encoder(both)[0]
    assert torch.allclose(torch.cov(mean.T, correction=0), torch.eye(6), atol=1e-2)
    assert mean.mean(0).abs().max() < 1e-2


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    pixels = faces(30)
    found = components.of_pictures(pixels, 5)
    x = pixels.flatten(1).float() / 255
    _, values, axes = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    assert torch.allclose(found.variances, values[:5] ** 2 / 30, rtol=1e-3)
    nearest = (x - x.mean(0)) @ axes[:5].T @ axes[:5] + x.mean(0)
    assert torch.allclose(found.project(x), nearest, atol=1e-2)


def test_jitter_keeps_range_shape_and_depends_on_its_generator_alone() -> None:
    pixels, settings = faces(6), config.load("dog").jitter
    one, two = (augment.jitter(pixels, settings, generator(3)) for _ in range(2))
    assert one.shape == (6, 3, 128, 128)
    assert 0 <= one.min() <= one.max() <= 1
    assert torch.equal(one, two)
    assert not torch.equal(one, augment.jitter(pixels, settings, generator(4)))


def test_without_a_share_images_are_only_mirrored() -> None:
    settings = dataclasses.replace(config.load("dog").jitter, share=0.0)
    pixels = faces(20)
    plain = pixels.float() / 255
    for found, image in zip(augment.jitter(pixels, settings, generator()), plain, strict=True):
        assert torch.equal(found, image) or torch.equal(found, image.flip(2))


def test_the_same_draw_augments_real_and_fake_alike_and_gradients_pass() -> None:
    draw = augment.DiffAugment(4, generator())
    x = torch.rand(4, 3, 32, 32, requires_grad=True)
    assert torch.equal(draw(x), draw(x.detach().clone()))
    draw(x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert (draw(torch.ones(4, 3, 32, 32)) == 0).any()  # cut out, or shifted in


def test_a_band_is_blind_to_brightness_and_chroma_to_grey() -> None:
    error = torch.zeros(1, 3, 32, 32) + 0.1
    assert float(objective.band_error(error)) == pytest.approx(0, abs=1e-7)
    assert float(objective.chroma_error(error)) == pytest.approx(0, abs=1e-7)
    error[:, 0] += 0.3  # red: mean 0.1 more, so 0.2 and -0.1 and -0.1 are left
    assert float(objective.chroma_error(error)) == pytest.approx((0.04 + 0.01 + 0.01) / 3, rel=1e-4)
    checks = torch.ones(1, 1, 16, 16)
    checks[..., ::2] = -1
    assert float(objective.band_error(checks, 1)) == pytest.approx(1)


def test_moments_become_those_of_the_aggregated_posterior() -> None:
    moments = objective.Moments(2)
    factor = torch.tensor([[1.0, 0.0], [0.8, 0.3]])
    for seed in range(900):
        mean = torch.randn(64, 2, generator=generator(seed)) @ factor.T + torch.tensor([0.5, -1.0])
        moments.update(mean, torch.full((64, 2), math.log(0.25)))
    drawn = moments.sample(torch.randn(20_000, 2, generator=generator()))
    assert torch.allclose(drawn.mean(0), torch.tensor([0.5, -1.0]), atol=0.05)
    wanted = factor @ factor.T + 0.25 * torch.eye(2)
    assert torch.allclose(torch.cov(drawn.T), wanted, atol=0.1)


def test_the_hinge_rewards_nothing_beyond_its_margin() -> None:
    assert float(adversary.hinge_loss(torch.tensor([1.0, 5.0]), torch.tensor([-1.0, -9.0]))) == 0
    assert float(adversary.hinge_loss(torch.tensor([0.0]), torch.tensor([0.5]))) == pytest.approx(2.5)


def test_a_constant_discriminator_has_no_penalty_and_a_learning_one_has() -> None:
    discriminator = adversary.PatchDiscriminator((4, 8))
    x = torch.rand(2, 3, 32, 32)
    assert float(adversary.gradient_penalty(discriminator, x).detach()) > 0
    torch.nn.init.zeros_(discriminator.logit.weight)
    assert float(adversary.gradient_penalty(discriminator, x).detach()) == 0


def test_jitter_goes_as_many_times_as_far() -> None:
    settings = config.load("dog").jitter
    assert settings.times(1.0) == settings
    wide = settings.times(2.0)
    assert (wide.rotation, wide.shift) == (2 * settings.rotation, 2 * settings.shift)
    assert wide.scale == pytest.approx((2 * settings.scale[0] - 1, 2 * settings.scale[1] - 1))
    assert wide.share == settings.share


def test_the_distance_of_a_shifted_and_scaled_normal_is_known() -> None:
    features = torch.randn(4000, 10, dtype=torch.float64, generator=generator())
    reference = judge.Reference(features, axes=10)
    assert reference.distance(features) == pytest.approx(0, abs=1e-6)
    moved = features.clone()
    moved[:, 0] += 2
    moved[:, 1] = (moved[:, 1] - moved[:, 1].mean()) * 3 + moved[:, 1].mean()
    assert reference.distance(moved) == pytest.approx(4 + 4, rel=0.05)


def test_texture_counts_what_is_there_and_not_where() -> None:
    torch.manual_seed(0)
    network = judge.Judge()  # random features will do
    noise = torch.rand(2, 3, 256, 256, generator=generator())
    smooth = torch.nn.functional.avg_pool2d(noise, 9, stride=1, padding=4)
    moved = noise.roll(8, 3)
    same, shifted, blurred = (float(judge.texture_loss(network, x, noise)) for x in (noise, moved, smooth))
    assert same == 0
    assert 3 * shifted < blurred


def test_texture_in_the_margin_is_not_counted() -> None:
    """There the zeros around a picture would do for texture: of an even one all else is even."""
    torch.manual_seed(0)
    network, even = judge.Judge(), torch.full((1, 3, 512, 512), 0.5)
    whole, inner = judge.statistics(network, even)[0], judge.statistics(network, even, margin=14)[0]
    deviations = slice(judge.CHANNELS, None)
    assert float(whole[:, deviations].max()) > 1e-3
    assert float(inner[:, deviations].max()) < 1e-5


def test_the_pooled_features_are_the_statistics_that_the_loss_compares() -> None:
    network = judge.Judge()
    found = judge.pooled_features(network, faces(3), batch=2)
    wanted = torch.cat(judge.statistics(network, faces(3).float() / 255), 1)
    assert found.shape == (3, 384)
    torch.testing.assert_close(found, wanted.double(), atol=1e-5, rtol=1e-4)


def test_the_judge_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"taef2_encoder\.pth .*github\.com/madebyollin/taesd"):
        judge.load(tmp_path, torch.device("cpu"))


def test_figures_of_known_pictures() -> None:
    x = torch.rand(3, 3, 32, 32, generator=generator()) * 0.8 + 0.1
    assert figures.psnr(x + 0.1, x) == pytest.approx(20, abs=1e-3)
    assert figures.ssim(x, x) == pytest.approx(1)
    assert figures.ssim(x.roll(1, 0), x) < 0.2
    assert figures.sharpness(0.5 * x, x) == pytest.approx(0.5)
    assert figures.explained_chroma(x, x) == pytest.approx((1, 1))
    grey = figures.luma(x).expand(-1, 3, -1, -1)
    assert max(figures.explained_chroma(grey, x)) < 0.1
