from __future__ import annotations

import pytest
import torch

from training.core.config import to_table
from training.core.model.conv_vae import ConvVAE, coarsest
from training.tasks.folder import recipe
from training.tasks.folder.recipe import SIDES, from_table, suggest, suggest_side


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("colours", [1, 3])
def test_networks_of_every_size_make_what_they_are_given(side: int, colours: int) -> None:
    config = suggest("cats", "", 300, side, colours, gpu=False, latent=5)
    model = ConvVAE(config.sizes).eval()
    with torch.inference_mode():
        out = model(torch.rand(2, colours, side, side), torch.randn(1, 2, 5))
    assert out.logits.shape == (1, 2, colours, side, side)
    assert out.mean.shape == (2, 5)


def test_sizes_that_no_network_has_are_refused() -> None:
    for side in (16, 80, 100, 127):
        with pytest.raises(ValueError, match="side of"):
            coarsest(side)


def test_a_recipe_grows_with_pictures_and_machine_and_comes_back_from_a_table() -> None:
    few = suggest("cats", "abc", 200, 64, 3, gpu=False)
    many = suggest("cats", "abc", 200_000, 128, 3, gpu=True)
    assert few.total_steps < many.total_steps <= recipe.MOST_STEPS
    assert few.sizes.latent < many.sizes.latent
    assert few.sizes.decoder_channels[0] < many.sizes.decoder_channels[0]
    assert few.stage[0].batch_size < many.stage[0].batch_size
    for config in (few, many):
        assert from_table(to_table(config), "here") == config


def test_nats_cost_nothing_at_first_and_their_price_at_the_end() -> None:
    weights = recipe.objective(32, 1)
    for total in (40, 1000, 50_000):
        factors = [weights.kl_factor(step, total) for step in range(0, total, max(1, total // 40))]
        assert factors[0] == 0
        assert factors == sorted(factors)
        assert factors[len(factors) // 2] == 1


def test_letters_are_not_mirrored_unless_it_is_said() -> None:
    assert not suggest("letters", "", 200, 32, 1, gpu=False).mirror
    assert suggest("cats", "", 200, 32, 3, gpu=False).mirror
    assert suggest("letters", "", 200, 32, 1, gpu=False, mirror=True).mirror


def test_the_size_follows_the_pictures_and_the_machine() -> None:
    assert suggest_side([28] * 10, gpu=False) == 32
    assert suggest_side([60, 80, 64], gpu=False) == 64
    assert suggest_side([600, 800, 3000], gpu=False) == 64
    assert suggest_side([600, 800, 3000], gpu=True) == 128
