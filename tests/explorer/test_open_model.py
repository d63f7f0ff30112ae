"""The one place that knows which model is on show: opening, serving, failed."""

from __future__ import annotations

from tests.tui.support import make_bundle
from vaevis_tui.engine.decoder import DecoderInfo
from vaevis_tui.errors import EngineError, UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.open_model import OpenModel

INFO = DecoderInfo("onnxruntime", "CPUExecutionProvider", "float32", 2, 8, 8, 1)
OTHER = DecoderInfo("wgpu", "a GPU", "float16", 2, 8, 8, 1)


def exploration(name: str) -> Exploration:
    return Exploration(name, make_bundle(name), seed=0)


def test_from_the_first_model_asked_for_to_the_next() -> None:
    rings, planes = exploration("rings"), exploration("planes")
    model = OpenModel().asked_for("rings")
    assert (model.state, model.decoded) == ("opening", None)
    model = model.begun(rings)
    assert (model.state, model.exploration, model.decoded) == ("opening", None, rings)
    model = model.served(rings, INFO)
    assert model == OpenModel(rings, INFO)
    assert model.state == "serving"
    model = model.asked_for("planes")
    assert (model.state, model.opening, model.decoded) == ("serving", "planes", rings)
    model = model.begun(planes)
    assert (model.exploration, model.decoded) == (rings, planes)
    assert model.served(planes, OTHER) == OpenModel(planes, OTHER)


def test_another_decoder_of_the_model_on_show_leaves_the_one_on_its_way() -> None:
    rings, planes = exploration("rings"), exploration("planes")
    model = OpenModel(rings, INFO).asked_for("planes").begun(planes).served(rings, OTHER)
    assert model == OpenModel(rings, OTHER, "planes", planes)


def test_a_model_that_arrives_when_another_was_asked_for_meanwhile() -> None:
    rings, planes = exploration("rings"), exploration("planes")
    model = OpenModel().asked_for("rings").begun(rings).asked_for("planes")
    assert model.decoded is rings  # not before the decoder of the other is being opened
    model = model.served(rings, INFO)
    assert model == OpenModel(rings, INFO, "planes")
    assert model.begun(planes).decoded is planes


def test_what_cannot_be_opened_leaves_the_model_on_show() -> None:
    rings, planes = exploration("rings"), exploration("planes")
    model = OpenModel(rings, INFO).asked_for("planes").begun(planes)
    assert model.not_opened("planes", UserError("no adapter")) == OpenModel(rings, INFO)
    # one that was given up for another changes nothing of that
    assert model.not_opened("gone", UserError("no file")) == model


def test_failures() -> None:
    error = UserError("no such model")
    never = OpenModel().asked_for("gone").not_opened("gone", error)
    assert (never.state, never.exploration, never.failure) == ("failed", None, error)
    rings = exploration("rings")
    lost = OpenModel(rings, INFO).failed(EngineError("device lost"))
    assert (lost.state, lost.exploration) == ("failed", rings)
    assert lost.served(rings, OTHER).state == "serving"
