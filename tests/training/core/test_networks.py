from __future__ import annotations

import torch

from tests.training.tiny import tiny_config
from training.core.model.networks import multiply_adds
from training.tasks.digits.config import DenseNetwork, Network
from training.tasks.digits.networks import Decoder, DigitVAE, ResidualBlock


def test_shapes_of_a_pass() -> None:
    vae = DigitVAE(tiny_config(latent=4).network)
    out = vae(torch.rand(5, 1, 28, 28), torch.randn(3, 5, 4))
    assert out.mean.shape == out.logvar.shape == (5, 4)
    assert out.z.shape == (3, 5, 4)
    assert out.logits.shape == (3, 5, 1, 28, 28)


def test_noise_is_scaled_by_the_posterior() -> None:
    vae = DigitVAE(tiny_config(latent=4).network)
    noise = torch.randn(2, 5, 4)
    out = vae(torch.rand(5, 1, 28, 28), noise)
    assert torch.allclose((out.z - out.mean) / torch.exp(0.5 * out.logvar), noise, atol=1e-5)


def test_every_sample_is_decoded_with_its_own_image() -> None:
    vae = DigitVAE(tiny_config(latent=4).network)
    out = vae(torch.rand(3, 1, 28, 28), torch.randn(2, 3, 4))
    assert torch.allclose(out.logits[1, 2], vae.decoder(out.z[1, 2][None])[0], atol=1e-5)


def test_a_residual_block_starts_as_the_identity_but_for_a_bias() -> None:
    x = torch.randn(2, 4, 7, 7)
    block = ResidualBlock(4)
    bias = block.second.state_dict()["bias"]
    assert torch.allclose(block(x), x + bias[:, None, None])


def test_multiply_adds_are_counted_by_hand() -> None:
    network = tiny_config(latent=4).network
    assert isinstance(network, Network)  # hidden 8, channels 8 and 4, one block at either size
    by_hand = (
        4 * 8
        + 8 * (8 * 49)  # fully connected
        + 2 * 49 * 8 * 8 * 9  # block at 7x7
        + 196 * 8 * 4 * 9  # to 14x14
        + 2 * 196 * 4 * 4 * 9  # block at 14x14
        + 196 * 4 * 4 * 9  # to four pixels each
    )
    assert multiply_adds(Decoder(network), torch.zeros(1, 4)) == by_hand


def test_dense_networks_take_and_give_what_convolutional_ones_do() -> None:
    vae = DigitVAE(DenseNetwork(2, (8, 16)))
    out = vae(torch.rand(5, 1, 28, 28), torch.randn(3, 5, 2))
    assert out.z.shape == (3, 5, 2)
    assert out.logits.shape == (3, 5, 1, 28, 28)
    assert multiply_adds(vae.decoder, torch.zeros(1, 2)) == 2 * 8 + 8 * 16 + 16 * 784
    assert multiply_adds(vae.encoder, torch.zeros(1, 1, 28, 28)) == 784 * 16 + 16 * 8 + 2 * 8 * 2
