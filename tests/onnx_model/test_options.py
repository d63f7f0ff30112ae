"""What a person says of a model goes before what is inferred, and is remembered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.onnx_model.zoo import inputs, sizes, values  # noqa: F401  (enter their animals)
from tests.onnx_model.zoo.animals import DIM, ZOO, Writer
from vaevis_tui.cli import main
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.onnx_model.adapter import decisions
from vaevis_tui.onnx_model.adapter.options import AdapterOptions, prior_of
from vaevis_tui.onnx_model.adapter.samples import GraphRunner
from vaevis_tui.onnx_model.load import load_decoder, override


def write(folder: Path, name: str) -> Path:
    path = folder / "decoder.onnx"
    path.write_bytes(ZOO[name]().model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("range", "1..1", "invalid range '1..1': expected LOW..HIGH as in -1..1"),
        ("range", "nan..1", "invalid range"),
        ("range", "x\x1b[2J", "invalid range 'x [2J'"),
        ("layout", "HCW", "invalid layout 'HCW': expected CHW, HWC, HW, or the size"),
        ("layout", "0x3", "invalid layout"),
        ("prior", "cauchy", "invalid prior 'cauchy': expected normal, uniform, sphere"),
        ("prior", "-1", "invalid prior"),
        ("prior", "uniform:1..0", "invalid prior"),
    ],
)
def test_what_is_not_understood_is_said(field: str, value: str, expected: str) -> None:
    with pytest.raises(UserError) as refusal:
        AdapterOptions(**{field: value})  # type: ignore[arg-type]
    assert str(refusal.value).startswith(expected)


def test_newer_words_go_before_older_ones_and_auto_takes_them_back() -> None:
    old = AdapterOptions(range="0..2", layout="HWC", settings=(("label", "1"), ("psi", "2")))
    new = AdapterOptions(range="auto", prior="uniform", settings=(("label", "3"), ("psi", "auto")))
    both = old.merged(new)
    assert both == AdapterOptions(layout="HWC", prior="uniform", settings=(("label", "3"),))
    assert AdapterOptions.from_dict(both.to_dict()) == both


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("size=40", "--set size=40: expected 2 sizes up to 4096, as in 64,64"),
        ("size=40,x", "--set size=40,x: expected 2 sizes"),
        ("size=0,40", r"input 'size' says how large its tensors are, and --set size=0,40 makes no image"),
        ("sizes=40,40", "--set sizes: no input of that name; it has 'size'"),
    ],
)
def test_sizes_that_do_not_fit_are_said(said: str, expected: str, tmp_path: Path) -> None:
    path = write(tmp_path, "height and width as an input")
    name, _, value = said.partition("=")
    with pytest.raises(UserError, match=expected):
        load_decoder(path, AdapterOptions(settings=((name, value),)))


def test_priors_have_the_moments_of_their_samples() -> None:
    assert prior_of("uniform:0..1").mean_and_std(9) == pytest.approx((0.5, 12**-0.5))
    assert prior_of("sphere").mean_and_std(16) == pytest.approx((0, 0.25))
    assert prior_of("10").mean_and_std(3) == (0, 10)


def test_the_bars_follow_the_prior(tmp_path: Path) -> None:
    path = write(tmp_path, "sigmoid")
    override(path, AdapterOptions(prior="10"))
    space = open_bundle(path).space
    np.testing.assert_array_equal(space.std, np.full(DIM, 10, np.float32))
    assert 5 < np.std(space.sample(0, 1000)) < 15


def test_what_was_said_is_remembered_by_what_the_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "a label")
    override(path, AdapterOptions(settings=(("label", "3"),)))
    monkeypatch.setattr(decisions, "_GIVEN", {})  # as in another start
    moved = path.rename(tmp_path / "renamed.onnx")
    assert "label=3 of 4" in open_bundle(moved).notes[0]
    override(moved, AdapterOptions(settings=(("label", "auto"),)))
    assert "label=0 of 4" in open_bundle(moved).notes[0]


def test_what_does_not_fit_is_not_remembered(tmp_path: Path) -> None:
    path = write(tmp_path, "a label")
    for options, words in (
        (AdapterOptions(settings=(("label", "4"),)), "--set label=4: expected a whole number from 0 to 3"),
        (AdapterOptions(settings=(("lable", "1"),)), "--set lable: no input of that name; it has 'label'"),
        (AdapterOptions(output="image"), "--output image: no such output; it has 't"),
        (AdapterOptions(layout="9x9"), "--layout 9x9 does not fit its output of shape 1x3x20x16"),
    ):
        with pytest.raises(UserError) as refusal:
            override(path, options)
        assert words in str(refusal.value)
    assert open_bundle(path).notes == (
        "besides z it takes label=0 of 4 (its row, or --set NAME=VALUE, changes that)",
    )


def test_a_model_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "logits")
    first = load_decoder(path)

    def tried(*_: object) -> None:
        raise AssertionError("it was tried again")

    monkeypatch.setattr(GraphRunner, "run", tried)
    again = load_decoder(path)
    assert again.notes == first.notes
    assert again.decisions == first.decisions
    assert again.model == first.model


def test_a_process_of_its_own_decodes_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, "a label that is set")
    override(path, AdapterOptions(settings=(("label", "2"),), range="0..2"))
    bundle = open_bundle(path)
    z = np.ones((2, DIM), np.float32)
    with OnnxRuntimeDecoder(bundle) as here, IsolatedDecoder(bundle, backend="onnxruntime") as there:
        np.testing.assert_array_equal(here.decode(z), there.decode(z))


def test_commands_take_and_say_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    w = Writer()
    path = tmp_path / "mine.onnx"
    path.write_bytes(w.add("Mul", w.floats(8.0)).model().SerializeToString())
    out = tmp_path / "out.png"
    common = ["decode", "--model", str(path), "--seed", "1", "--force", "--out", str(out)]
    assert main([*common, "--range", "-8..8"]) == 0
    assert "its values -8 to 8 are shown as black to white (as it was said)" in capfd.readouterr().err
    assert main([*common, "--range", "wrong"]) == 2
    assert "invalid range 'wrong'" in capfd.readouterr().err
    assert main(["decode", "--model", "dog", "--range", "0..1", "--out", str(out), "--force"]) == 2
    assert "dog is shipped" in capfd.readouterr().err
