"""Networks, objective, augmentation, discriminator, components, judge and figures, each on its own."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch

from tests.training.dogs.tiny import faces, tiny_config
from training.core import figures
from training.core.data import augment
from training.core.model import components, pixel_loss
from training.core.model.conv_vae import ComponentEncoder, ModulatedDecoder
from training.core.model.networks import multiply_adds
from training.tasks.dogs import adversary, bundle, checkpoint, config, objective
from training.tasks.dogs.judges import efficientnet, realism, taef2
from training.tasks.dogs.networks import DogVAE, sizes
from vaevis_tui.errors import UserError


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_decoder_is_within_its_budget() -> None:
    network = config.load("dog").network
    decoder = ModulatedDecoder(sizes(network))
    assert multiply_adds(decoder, torch.zeros(1, network.latent)) < 258e6 + 60e6
    assert sum(parameter.numel() for parameter in decoder.parameters()) * 4 < 45e6


def test_modulation_begins_as_the_identity_and_is_of_every_image() -> None:
    decoder = ModulatedDecoder(sizes(tiny_config().network))
    z = torch.randn(2, 6, generator=generator())
    before = decoder(z)
    scale = decoder.scales[0]
    assert isinstance(scale, torch.nn.Linear)
    torch.nn.init.normal_(scale.weight, generator=generator())
    after = decoder(z)
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after[1:], decoder(z[1:]))
    with torch.no_grad():
        scale.weight.zero_()
        scale.bias.fill_(1)
    torch.testing.assert_close(decoder(z), before)


def test_shapes_of_a_pass() -> None:
    out = DogVAE(tiny_config().network)(torch.rand(2, 3, 128, 128), torch.randn(1, 2, 6))
    assert out.mean.shape == out.logvar.shape == (2, 6)
    assert out.logits.shape == (1, 2, 3, 128, 128)


def test_the_mean_begins_as_the_whitened_components() -> None:
    pixels = faces(40)
    network = dataclasses.replace(tiny_config().network, encoder_components=8)
    encoder = ComponentEncoder(sizes(network)).eval()
    found = components.of_coarse_images(pixels, 8)
    encoder.set_components(*found.whitening())
    both = torch.cat([pixels, pixels.flip(3)]).float() / 255
    mean = encoder(both)[0]
    assert torch.allclose(torch.cov(mean.T, correction=0), torch.eye(6), atol=1e-2)
    assert mean.mean(0).abs().max() < 1e-2


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    pixels = faces(30)
    found = components.of_images(pixels, 5)
    x = pixels.flatten(1).float() / 255
    _, values, axes = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    assert torch.allclose(found.variances, values[:5] ** 2 / 30, rtol=1e-3)
    nearest = (x - x.mean(0)) @ axes[:5].T @ axes[:5] + x.mean(0)
    assert torch.allclose(found.project(x), nearest, atol=1e-2)


def test_jitter_keeps_range_shape_and_depends_on_its_generator_alone() -> None:
    pixels, settings = faces(6), config.load("dog").jitter
    none = torch.zeros(6, 128, 128, dtype=torch.bool)
    one, two = (augment.jitter(pixels, none, settings, generator(3))[0] for _ in range(2))
    assert one.shape == (6, 3, 128, 128)
    assert 0 <= one.min() <= one.max() <= 1
    assert torch.equal(one, two)
    assert not torch.equal(one, augment.jitter(pixels, none, settings, generator(4))[0])


def test_without_a_share_images_are_only_mirrored() -> None:
    settings = dataclasses.replace(config.load("dog").jitter, share=0.0)
    pixels = faces(20)
    plain = pixels.float() / 255
    border = torch.zeros(20, 128, 128, dtype=torch.bool)
    border[:, :, :10] = True
    found, moved = augment.jitter(pixels, border, settings, generator())
    for image, original, side in zip(found, plain, moved[:, 0], strict=True):
        mirrored = not torch.equal(image, original)
        assert torch.equal(image, original.flip(2) if mirrored else original)
        assert torch.equal(side, border[0].flip(1) if mirrored else border[0])


def test_the_same_draw_augments_real_and_fake_alike_and_gradients_pass() -> None:
    draw = adversary.DiffAugment(4, generator())
    x = torch.rand(4, 3, 32, 32, requires_grad=True)
    assert torch.equal(draw(x), draw(x.detach().clone()))
    draw(x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert draw(x).shape == (4, 3, 48, 48), "with the margin that is mirrored"
    assert (draw(torch.ones(4, 3, 32, 32)) == 0).any()  # cut out


def test_a_band_is_blind_to_brightness_and_chroma_to_grey() -> None:
    error = torch.zeros(1, 3, 32, 32) + 0.1
    assert float(pixel_loss.band_error(error)) == pytest.approx(0, abs=1e-7)
    assert float(pixel_loss.chroma_error(error)) == pytest.approx(0, abs=1e-7)
    error[:, 0] += 0.3  # red: mean 0.1 more, so 0.2 and -0.1 and -0.1 are left
    assert float(pixel_loss.chroma_error(error)) == pytest.approx((0.04 + 0.01 + 0.01) / 3, rel=1e-4)
    checks = torch.ones(1, 1, 16, 16)
    checks[..., ::2] = -1
    assert float(pixel_loss.band_error(checks, 1)) == pytest.approx(1)


def test_blends_have_the_moments_of_the_aggregated_posterior() -> None:
    factor = torch.tensor([[1.0, 0.0], [0.8, 0.3]])
    mean = torch.randn(20_000, 2, generator=generator()) @ factor.T
    angle = torch.rand(20_000, 1, generator=generator(1)) * math.pi / 2
    noise = torch.randn(20_000, 2, generator=generator(2))
    drawn = objective.blend(mean, torch.full((20_000, 2), math.log(0.25)), angle, noise)
    wanted = factor @ factor.T + 0.25 * torch.eye(2)
    assert torch.allclose(torch.cov(drawn.T), wanted, atol=0.05)
    assert torch.equal(objective.blend(mean, mean * 0 - 99, angle * 0, noise), mean)


def test_a_speck_that_stands_still_is_penalised_and_moving_detail_is_not() -> None:
    still, moving = objective.Specks(16), objective.Specks(16)
    totals = torch.zeros(2)
    for seed in range(40):
        real = torch.rand(8, 3, 16, 16, generator=generator(seed))
        fake = torch.rand(8, 3, 16, 16, generator=generator(1000 + seed))
        totals[1] += moving(fake, real)
        fake[:, :, 3, 5] = 1
        totals[0] += still(fake, real)
    assert totals[0] > 20 * totals[1].abs()
    quiet = 0.5 + 0.05 * torch.rand(100, 3, 16, 16, generator=generator())
    assert realism.specks(quiet) == pytest.approx(1, abs=0.2)
    quiet[:, :, 3, 5] = 1
    assert realism.specks(quiet) > 3


def test_fixed_detail_is_what_stands_there_whatever_moves_beside_it() -> None:
    noise = torch.randn(200, 3, 16, 16, generator=generator())
    fixed = 0.02 * torch.randn(3, 16, 16, generator=generator(1))
    wanted = 255 * float(objective.detail(fixed[None]).square().mean().sqrt())
    for size in (0.01, 0.04):
        assert realism.fixed_detail(0.5 + size * noise + fixed) == pytest.approx(wanted, rel=0.05)
    assert realism.specks(0.5 + 0.01 * noise + fixed) > 3 * realism.specks(0.5 + 0.04 * noise + fixed)
    assert realism.fixed_detail(0.5 + 0.01 * noise) < 0.1
    expected = objective.detail(fixed[None])[0]
    assert realism.specks(0.5 + 0.01 * noise + fixed, expected) == pytest.approx(1, abs=0.1)


def test_the_hinge_rewards_nothing_beyond_its_margin() -> None:
    one, beyond = torch.tensor([1.0, 5.0]), torch.tensor([-1.0, -9.0])
    assert float(adversary.hinge_loss([one], [beyond])) == 0
    assert float(adversary.hinge_loss([torch.zeros(1), one], [torch.ones(1) / 2, beyond])) == 1.25


def test_every_scale_says_what_it_thinks_and_fixed_parts_stay_fixed() -> None:
    channels = (3, 4, 5, 6, 7)
    discriminator = adversary.ProjectedDiscriminator(channels, (4, 4, 4, 4, 4))
    seen = [torch.randn(2, c, 64 >> i, 64 >> i, generator=generator(i)) for i, c in enumerate(channels)]
    logits = discriminator(seen)
    assert [tuple(each.shape) for each in logits] == [(2, 1, n, n) for n in (16, 16, 16, 8, 4)]
    assert not any(name.startswith(("mix", "cross")) for name, _ in discriminator.named_parameters())
    seen[-1] = seen[-1] + 1
    changed = discriminator(seen)
    assert all(not torch.equal(one, two) for one, two in zip(logits, changed, strict=True)), "mixed down"


def test_features_of_photographs_have_variance_one() -> None:
    pixels = torch.cat([faces(20), faces(20, seed=1)])
    network = adversary.load_features(pixels, torch.device("cpu"))
    for found in network(pixels.float() / 255):
        deviation, mean = torch.std_mean(found, (0, 2, 3))
        assert mean.abs().max() < 1e-2
        assert deviation.median() == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("version", [0, 1])
def test_the_published_networks_know_a_dog(version: int) -> None:
    """What ships draws dogs; a network that is put together wrongly sees anything else in them."""
    from vaevis_tui.models.bundle import open_bundle
    from vaevis_tui.resources import weights_dir

    shipped = bundle.load_trained(weights_dir() / "dog").model
    anchors = open_bundle(weights_dir() / "dog").space.anchors.z[:24]
    with torch.inference_mode():
        images = torch.sigmoid(shipped.decoder(torch.from_numpy(anchors)))
    network = efficientnet.load(version, torch.device("cpu"))
    assert network.channels == checkpoint.FEATURES
    assert realism.look(network, images).share_of_dogs > 0.6


def test_the_kernel_distance_is_that_of_its_definition() -> None:
    real = torch.randn(40, 3, dtype=torch.float64, generator=generator())
    fake = torch.randn(30, 3, dtype=torch.float64, generator=generator(1)) + 0.7
    k = [[(float(a @ b) / 3 + 1) ** 3 for b in (*real, *fake)] for a in (*real, *fake)]
    within_real = sum(k[i][j] for i in range(40) for j in range(40) if i != j) / (40 * 39)
    within_fake = sum(k[i][j] for i in range(40, 70) for j in range(40, 70) if i != j) / (30 * 29)
    across = sum(k[i][j] for i in range(40) for j in range(40, 70)) / (40 * 30)
    found = realism.kernel_distance(real, fake)
    assert found == pytest.approx(within_real + within_fake - 2 * across)
    same = torch.randn(1000, 3, dtype=torch.float64, generator=generator(2))
    assert abs(realism.kernel_distance(same[:500], same[500:])) < 0.1 * found


def test_recall_is_the_share_that_fakes_reach() -> None:
    fake = torch.tensor([[0.0], [1.0], [2.0], [3.0]], dtype=torch.float64)
    real = torch.tensor([[1.5], [4.5], [5.5], [7.0]], dtype=torch.float64)
    assert realism.recall(real, fake, neighbours=1) == 0.25  # radii of 1
    assert realism.recall(real, fake, neighbours=2) == 0.5  # 2 at the ends


def test_the_distance_of_a_shifted_and_scaled_normal_is_known() -> None:
    features = torch.randn(4000, 10, dtype=torch.float64, generator=generator())
    reference = taef2.Reference(features, axes=10)
    assert reference.distance(features) == pytest.approx(0, abs=1e-6)
    moved = features.clone()
    moved[:, 0] += 2
    moved[:, 1] = (moved[:, 1] - moved[:, 1].mean()) * 3 + moved[:, 1].mean()
    assert reference.distance(moved) == pytest.approx(4 + 4, rel=0.05)


def test_the_pooled_features_are_the_statistics_side_by_side() -> None:
    network = taef2.Judge()
    found = taef2.pooled_features(network, faces(3), batch=2)
    wanted = torch.cat(taef2.statistics(network, faces(3).float() / 255), 1)
    assert found.shape == (3, 384)
    torch.testing.assert_close(found, wanted.double(), atol=1e-5, rtol=1e-4)


def test_the_judge_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"taef2_encoder\.pth .*github\.com/madebyollin/taesd"):
        taef2.load(tmp_path, torch.device("cpu"))


def test_figures_of_known_pictures() -> None:
    x = torch.rand(3, 3, 32, 32, generator=generator()) * 0.8 + 0.1
    assert figures.psnr(x + 0.1, x) == pytest.approx(20, abs=1e-3)
    assert figures.ssim(x, x) == pytest.approx(1)
    assert figures.ssim(x.roll(1, 0), x) < 0.2
    assert figures.sharpness(0.5 * x, x) == pytest.approx(0.5)
    assert figures.explained_chroma(x, x) == pytest.approx((1, 1))
    grey = figures.luma(x).expand(-1, 3, -1, -1)
    assert max(figures.explained_chroma(grey, x)) < 0.1
