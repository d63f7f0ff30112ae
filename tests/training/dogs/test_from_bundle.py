"""From a shipped bundle back to a state that trains."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from tests.training.dogs.tiny import faces, tiny_config, tiny_trainer
from tests.training.tiny import ONE_PROCESS
from training.core import export
from training.core.loop import train
from training.tasks.dogs import bundle, checkpoint
from vaevis_tui.errors import UserError
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import open_bundle


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle after all steps of the tiny configuration; its training is beside it."""
    folder = tmp_path_factory.mktemp("dogs")
    train(tiny_trainer(), faces(4), folder)
    trained = checkpoint.load_trained(folder / checkpoint.AVERAGE)
    space = LatentSpace.standard_normal(6)
    export.export(trained, space, folder / "bundle", {}, "a GPU")
    return folder


def test_the_weights_come_back_and_train_on(shipped: Path) -> None:
    state = bundle.load(shipped / "bundle", tiny_config(), ONE_PROCESS.device, faces())
    assert state.step == 4, "the stage that sharpens is next"
    before = checkpoint.load_trained(shipped / checkpoint.AVERAGE).model
    x = faces(5, seed=3).float() / 255
    with torch.inference_mode():
        state.average.eval()
        for found, wanted in zip(state.average.encoder(x), before.encoder(x), strict=True):
            torch.testing.assert_close(found, wanted, atol=2e-3, rtol=2e-3)
        z = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(state.average.decoder(z), before.decoder(z), atol=2e-3, rtol=2e-3)

    trainer = tiny_trainer(state)
    weight = state.model.decoder.get_parameter("block_4.weight").detach().clone()
    trainer.step()
    assert trainer.figures(0.0)["stage"] == "sharpen"
    assert [group["betas"] for group in state.optimiser.param_groups] == [tiny_config().stage[1].betas]
    assert not torch.equal(weight, state.model.decoder.get_parameter("block_4.weight"))


def test_what_is_measured_is_what_the_bundle_draws(shipped: Path) -> None:
    trained = bundle.load_trained(shipped / "bundle")
    before = checkpoint.load_trained(shipped / checkpoint.AVERAGE).model
    x = faces(5, seed=3).float() / 255
    with torch.inference_mode():
        for found, wanted in zip(trained.model.encoder(x), before.encoder(x), strict=True):
            torch.testing.assert_close(found, wanted, atol=2e-3, rtol=2e-3)
        z = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(trained.model.decoder(z), before.decoder(z), atol=2e-3, rtol=2e-3)


def test_the_card_tells_what_it_began_with(shipped: Path, tmp_path: Path) -> None:
    state = bundle.load(shipped / "bundle", tiny_config(), ONE_PROCESS.device, faces())
    checkpoint.save(tmp_path, state, tiny_config())
    again = checkpoint.load_trained(tmp_path / checkpoint.AVERAGE)
    export.export(again, LatentSpace.standard_normal(6), tmp_path / "bundle", {}, "a GPU")
    card = open_bundle(tmp_path / "bundle").card
    assert card is not None
    version = tiny_config().version
    assert card.training["began_with"].startswith(f"weights of dog {version}, 9 steps")
    assert bundle.load_trained(tmp_path / "bundle").began_with == card.training["began_with"]


def test_a_wider_network_begins_with_the_bundles_images(shipped: Path) -> None:
    network = dataclasses.replace(tiny_config().network, decoder_channels=(16, 8, 8, 4, 7))
    wider = dataclasses.replace(tiny_config(), network=network)
    before = bundle.load(shipped / "bundle", tiny_config(), ONE_PROCESS.device, faces()).average.decoder
    state = bundle.load(shipped / "bundle", wider, ONE_PROCESS.device, faces())
    z = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(state.average.decoder(z), before(z), atol=1e-5, rtol=1e-5)


def test_normalisation_by_batches_begins_with_what_was_folded(shipped: Path) -> None:
    """In training mode the statistics are those of the batch: over all images they change next to nothing."""
    state = bundle.load(shipped / "bundle", tiny_config(), ONE_PROCESS.device, faces())
    x = faces().float() / 255
    with torch.no_grad():
        wanted = state.model.eval().encoder(x)[0]
        found = state.model.train().encoder(x)[0]
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)


def test_of_a_bundle_with_more_dimensions_the_liveliest_are_kept(shipped: Path) -> None:
    """What is lost is less than what another choice of as many dimensions would lose."""
    narrow = tiny_config(latent=4)
    state = bundle.load(shipped / "bundle", narrow, ONE_PROCESS.device, faces())
    assert state.model.decoder.hidden.in_features == 4
    assert ", the 4 liveliest of 6 dimensions," in state.began_with
    before = bundle.load_trained(shipped / "bundle").model
    x = faces().float() / 255
    with torch.inference_mode():
        mean = before.encoder(x)[0]
        wanted = torch.sigmoid(before.decoder(mean))
        lost = (torch.sigmoid(state.average.decoder(state.average.eval().encoder(x)[0])) - wanted).square()
        for first in range(6):
            for second in range(first):
                without = mean.clone()
                without[:, [first, second]] = mean.mean(0)[[first, second]]
                assert lost.mean() <= 1.05 * (torch.sigmoid(before.decoder(without)) - wanted).square().mean()


def test_a_bundle_of_wider_networks_is_refused(shipped: Path) -> None:
    network = dataclasses.replace(tiny_config().network, encoder_hidden=12)
    with pytest.raises(UserError, match=r"features.weight is \(16, 128\), which does not fit \(12, 128\)"):
        bundle.load(
            shipped / "bundle",
            dataclasses.replace(tiny_config(), network=network),
            ONE_PROCESS.device,
            faces(),
        )
