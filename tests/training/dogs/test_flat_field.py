"""What samples have at the same pixels is taken out of the decoder, but not what photographs have there."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from tests.training.dogs.tiny import faces, tiny_config, tiny_state
from training.core.checkpoint import Trained
from training.core.onnx_graph import decode
from training.tasks.dogs import checkpoint, flat_field, objective
from vaevis_tui.latent.space import LatentSpace

EYE = (slice(40, 43), slice(60, 63))
SPACE = LatentSpace.standard_normal(6)


def with_grain(folder: Path) -> Trained:
    """A model whose every image has the same grain of some 10 levels, and dull eyes: none."""
    state = tiny_state()
    generator = torch.Generator().manual_seed(0)
    torch.nn.init.normal_(state.average.decoder.get_parameter("to_128.weight"), std=0.03, generator=generator)
    torch.nn.init.normal_(state.average.decoder.get_parameter("flat_field"), std=0.15, generator=generator)
    checkpoint.save_average(folder / checkpoint.AVERAGE, state, tiny_config())
    return checkpoint.load_trained(folder / checkpoint.AVERAGE)


def mean_detail(trained: Trained) -> Tensor:
    """Of samples of another seed than the step's own, in levels, (3, 128, 128)."""
    images = decode(trained.model, torch.from_numpy(SPACE.sample(7, 150)))
    return 255 * objective.detail(images).mean(0)


def test_grain_goes_and_what_photographs_have_comes(tmp_path: Path) -> None:
    trained, photographs = with_grain(tmp_path), faces(200)
    photographs[:, :, EYE[0], EYE[1]] = 110
    photographs[:, :, 41, 61] = 160
    before = mean_detail(trained)
    corrected = flat_field.corrected(trained, SPACE, photographs, 150)
    after = mean_detail(corrected)
    wanted = 255 * objective.detail(photographs.float() / 255).mean(0)
    eye = torch.zeros(128, 128, dtype=torch.bool)
    eye[38:45, 58:65] = True
    grain, left = (found[:, ~eye].square().mean().sqrt() for found in (before, after))
    assert grain > 5
    assert left < 0.1 * grain, "what is left is what 150 samples have by chance, mostly"
    assert wanted[:, 41, 61].min() > 30
    torch.testing.assert_close(after[:, 41, 61], wanted[:, 41, 61], rtol=0.15, atol=0)
    assert torch.equal(mean_detail(trained), before), "the model given stays what it is"


def test_of_photographs_nothing_is_kept_that_is_chance() -> None:
    noise = torch.randint(0, 256, (60, 3, 128, 128), generator=torch.Generator().manual_seed(0))
    images = noise.to(torch.uint8)
    images[:, :, 64, 64] = 255
    found = 255 * flat_field.common_detail(images)
    mean = 255 * objective.detail(images.float() / 255).mean(0)
    assert found[:, 64, 64].min() > 0.7 * mean[:, 64, 64].min()
    away = torch.ones(128, 128, dtype=torch.bool)
    away[58:71, 58:71] = False
    assert found[:, away].square().mean() < 0.1 * mean[:, away].square().mean()
