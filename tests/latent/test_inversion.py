from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.latent.spaces import skewed_space
from vaevis_tui.latent import inversion
from vaevis_tui.latent.inversion import approach, invert


def curved(dim: int, height: int = 12, width: int = 10, seed: int = 0) -> Callable[..., NDArray[np.uint8]]:
    """A decoder that is not linear, and whose images tell every dimension."""
    rng = np.random.default_rng(seed)
    first, second = (
        rng.standard_normal((dim, 40)) / np.sqrt(dim),
        rng.standard_normal((40, height * width * 3)),
    )

    def decode(z: NDArray[np.float32]) -> NDArray[np.uint8]:
        y = 127.5 + 40 * np.tanh(0.4 * z @ first) @ second / 3
        images: NDArray[np.uint8] = np.clip(np.rint(y), 0, 255).astype(np.uint8)
        return images.reshape(-1, height, width, 3)

    return decode


@pytest.mark.parametrize("dim", [1, 2, 16])
def test_a_decode_is_found_again(dim: int) -> None:
    space, decode = skewed_space(dim), curved(dim)
    for z in space.sample(5, 3):
        found = invert(decode, space, decode(z[None])[0])
        assert found.error < 1.5  # levels of 255: what rounding to bytes leaves open
        assert np.abs(space.to_sigma(found.z) - space.to_sigma(z)).max() < 0.1


def test_an_image_beyond_the_decoder_is_approached() -> None:
    """Noise on a decode cannot be made, and does not lead away from it."""
    space, decode = skewed_space(8), curved(8)
    z = space.sample(1, 1)
    noise = np.random.default_rng(0).normal(0, 20, decode(z)[0].shape)
    found = invert(decode, space, np.clip(decode(z)[0] + noise, 0, 255).astype(np.uint8))
    assert found.error == pytest.approx(20, rel=0.15)
    assert np.abs(decode(found.z[None]).astype(int) - decode(z)).mean() < 4


def test_a_given_start_is_the_only_one() -> None:
    space, decode = skewed_space(4), curved(4)
    seen: list[int] = []

    def counting(z: NDArray[np.float32]) -> NDArray[np.uint8]:
        seen.append(len(z))
        return decode(z)

    z = space.sample(2, 1)
    invert(counting, space, decode(z)[0], start=z[0])
    assert seen[0] == 1


def test_every_step_on_the_way_is_nearer() -> None:
    space, decode = skewed_space(6), curved(6)
    image = decode(space.sample(9, 1))[0]
    way = list(approach(decode, space, image))
    errors = [found.error for found in way]
    assert len(way) > 2
    assert errors == sorted(errors, reverse=True)
    np.testing.assert_array_equal(way[-1].z, invert(decode, space, image).z)
    for found in way:
        off = decode(found.z[None])[0].astype(float) - image
        assert found.error == pytest.approx(np.sqrt((off**2).mean()), rel=1e-4)


def test_it_is_the_same_on_every_run() -> None:
    space, decode = skewed_space(6), curved(6)
    image = decode(space.sample(9, 1))[0]
    np.testing.assert_array_equal(invert(decode, space, image).z, invert(decode, space, image).z)


def test_large_images_are_compared_coarsely() -> None:
    space = skewed_space(3)
    decode = curved(3, 2 * inversion.LARGEST_SIDE + 3, 40)
    z = space.sample(4, 1)
    found = invert(decode, space, decode(z)[0])
    assert np.abs(space.to_sigma(found.z) - space.to_sigma(z)).max() < 0.1


def test_a_decoder_that_makes_one_image_ends_at_once() -> None:
    space = skewed_space(3)
    found = invert(lambda z: np.full((len(z), 4, 4, 3), 7, np.uint8), space, np.zeros((4, 4, 3), np.uint8))
    assert found.error == pytest.approx(7)
    assert np.isfinite(found.z).all()


def test_an_image_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(4, 4, 3\); \(12, 10, 3\) is expected"):
        invert(curved(2), skewed_space(2), np.zeros((4, 4, 3), np.uint8))
