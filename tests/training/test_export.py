from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.tiny import bars, tiny_config, tiny_trained, write_checkpoint
from training import export as export_command
from training.core import checkpoint, export, onnx_graph
from training.core.model.posterior import Posteriors
from training.tasks.digits import bundle, config, posterior
from training.tasks.digits import checkpoint as digits_checkpoint
from training.tasks.digits.networks import Decoder
from training.tasks.digits.task import DIGITS
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle


def spread(monkeypatch: pytest.MonkeyPatch, active: list[bool]) -> None:
    """Give the encodings of a tiny model, which has learnt nothing, the spread of a trained one."""
    real = posterior.encode

    def encode(*arguments: object) -> Posteriors:
        found = real(*arguments)  # type: ignore[arg-type]
        scale = np.where(active, 1 / found.means.std(0), 1e-3).astype(np.float32)
        return Posteriors(found.means * scale, found.logvars)

    monkeypatch.setattr(posterior, "encode", encode)


def test_the_bundle_opens_and_says_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spread(monkeypatch, [True, False, True, True])
    figures = {"test_nll_nats": 81.5, "binarisation": "one draw"}
    trained, space = posterior.prepare(tiny_trained(), bars())
    export.export(trained, space, tmp_path / "bundle", figures, "2 CPU cores")
    bundle = open_bundle(tmp_path / "bundle")
    assert bundle.card is not None
    assert (bundle.name, bundle.latent_dim, bundle.channels) == ("mnist", 3, 1)
    assert dict(bundle.card.figures).items() >= figures.items()
    assert bundle.card.limits == tiny_config().limits
    assert bundle.card.training["machine"] == "2 CPU cores"
    assert bundle.card.training["network"]["latent"] == 4  # one of them was pruned
    assert bundle.card.training["stage"][1]["name"] == "tighten"
    assert "LeCun" in bundle.card.data_attribution
    assert bundle.encoder_path is not None
    assert bundle.space.anchors.labels[:2] == ("0", "1")
    assert list(bundle.space.order) == [0, 1, 2]  # dimensions are stored by falling KL


def test_a_card_says_what_was_done_not_what_was_meant() -> None:
    stages = [{"name": "explore", "steps": 4}, {"name": "tighten", "steps": 6}]
    assert export.stages_done(stages, 3) == [{"name": "explore", "steps": 3}]
    assert export.stages_done(stages, 6) == [stages[0], {"name": "tighten", "steps": 2}]
    assert export.stages_done(stages, 10) == stages


def test_a_run_does_not_overwrite_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spread(monkeypatch, [True, False, True, True])
    trained, space = posterior.prepare(tiny_trained(), bars())
    task = dataclasses.replace(DIGITS, finish=lambda _options, _run: (trained, space))
    monkeypatch.setattr(export_command, "task_of", lambda _model: task)
    run = tmp_path / "mnist"
    run.mkdir()
    (run / "figures.json").write_text(json.dumps({"weights": trained.digest}))
    assert export_command.main(["mnist", "--data-root", "nowhere", "--runs-dir", str(tmp_path)]) == 0
    assert open_bundle(run / "bundle").latent_dim == 3


def test_a_bundle_gives_its_weights_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spread(monkeypatch, [True, False, True, True])
    trained, space = posterior.prepare(tiny_trained(), bars())
    settings = tiny_config()
    monkeypatch.setattr(config, "load", lambda _name: settings)
    for figures in ({"prior": "learned mixture of 2 Gaussians"}, {"prior": "N(0, I)"}):
        export.export(trained, space, tmp_path / "bundle", figures, "here")
        found = bundle.load_trained(tmp_path / "bundle")
        z = torch.from_numpy(space.sample(0, 5))
        assert torch.allclose(found.model.decoder(z), trained.model.decoder(z), atol=1e-2)
        assert found.machine == "here"
        with monkeypatch.context() as elsewhere:  # exporting again does not say that it was trained again
            elsewhere.setattr(export, "_commit", lambda: "another")
            again = export.card(found, 1, figures, "")
        assert f'commit = "{found.commit}"' in again
        assert 'machine = "here"' in again
        x = torch.rand(3, 1, 28, 28)
        assert torch.allclose(found.model.encoder(x)[0], trained.model.encoder(x)[0], atol=1e-2)
        learned = torch.allclose(found.model.prior(z), trained.model.prior(z), atol=1e-3)
        assert learned == (figures["prior"] != "N(0, I)")
    assert found.step == trained.step
    assert isinstance(settings.network, config.Network)
    settings = dataclasses.replace(settings, network=dataclasses.replace(settings.network, hidden=9))
    with pytest.raises(UserError, match="size mismatch"):
        bundle.load_trained(tmp_path / "bundle")


def test_weights_that_float16_cannot_hold_are_refused() -> None:
    trained = tiny_trained()
    assert isinstance(trained.model.decoder, Decoder)
    torch.nn.init.constant_(trained.model.decoder.to_7.weight, 1e6)
    with pytest.raises(UserError, match="float16"):
        export.verify(trained, np.random.default_rng(0).standard_normal((4, 4)).astype(np.float32))


def test_a_graph_that_computes_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    trained, other = tiny_trained(), tiny_trained(9)
    torch.nn.init.normal_(other.model.decoder.hidden.weight, std=9.0)
    real = onnx_graph.decoder_model
    monkeypatch.setattr(onnx_graph, "decoder_model", lambda _model, half=True: real(other.model, half=half))
    with pytest.raises(UserError, match="exported pictures are off by"):
        export.verify(trained, np.zeros((2, 4), np.float32))


def test_figures_of_other_weights_are_refused(tmp_path: Path) -> None:
    run = write_checkpoint(tmp_path)
    trained = digits_checkpoint.load_trained(run / checkpoint.FILE)
    path = run / "figures.json"
    for content in (None, {"weights": "0123456789abcdef", "test_nll_nats": 80.0}):
        if content:
            path.write_text(json.dumps(content))
        with pytest.raises(
            UserError, match=r"no figures of these weights .* first run python -m training\.evaluate mnist"
        ):
            export.read_figures(path, trained)
    path.write_text(json.dumps({"weights": trained.digest, "test_nll_nats": 90.0}))
    assert export.read_figures(path, trained) == {"test_nll_nats": 90.0}


def test_no_checkpoint_ends_with_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = export_command.main(["mnist", "--data-root", str(tmp_path), "--runs-dir", str(tmp_path)])
    assert code == 2
    assert "no checkpoint" in capsys.readouterr().err
