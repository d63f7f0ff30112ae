"""`vaevis-tui decode`: what it writes, and latent vectors as they are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vaevis_tui
from tests.commands.support import refused, run
from vaevis_tui.api import Model
from vaevis_tui.cli import main
from vaevis_tui.engine.decoder import TuningMode
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo


def test_decode_writes_what_the_same_seed_decodes_to_from_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "digit.png"
    code, printed, _ = run(capsys, "decode", "--model", "mnist", "--seed", "3", "--out", str(out))
    assert code == 0
    assert printed.strip() == str(out)
    with vaevis_tui.load("mnist") as model:
        expected = model.decode(model.sample(3))[0]
    np.testing.assert_array_equal(np.asarray(Image.open(out)), expected)


@pytest.mark.parametrize(("options", "tuning"), [([], "cached"), (["--no-tune"], "off")])
def test_kernels_may_be_left_untuned(
    options: list[str], tuning: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    load = vaevis_tui.load

    def watched(model: str, backend: str, tuning: TuningMode) -> Model:
        asked.append(tuning)
        return load(model, backend, tuning)

    monkeypatch.setattr("vaevis_tui.api.load", watched)
    assert main(["decode", "--model", "mnist", "--out", str(tmp_path / "digit.png"), *options]) == 0
    assert asked == [tuning]


def test_the_point_nearest_to_a_photograph_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], started: list[ExplorerSettings]
) -> None:
    """The photograph is of a digit that the model can draw, in another size and without its latent vector."""
    digit, photograph, found = tmp_path / "digit.png", tmp_path / "photograph.jpg", tmp_path / "found.png"
    run(capsys, "decode", "--model", "mnist", "--seed", "3", "--out", str(digit))
    Image.open(digit).convert("RGB").resize((140, 140)).save(photograph, quality=95)
    code, out, err = run(capsys, "decode", "--model", "mnist", "--from", str(photograph), "--out", str(found))
    assert (code, out.strip()) == (0, str(found))
    assert "looking for" in err
    assert "of 255 levels" in err
    off = np.asarray(Image.open(found), np.float32) - np.asarray(Image.open(digit), np.float32)
    assert np.sqrt((off**2).mean()) < 25  # another digit is 80 off and more

    assert main(["--model", "mnist", "--from", str(photograph)]) == 0
    assert started[0].picture is not None
    assert started[0].picture.path == photograph


def read_snapshot(path: Path) -> SnapshotInfo:
    return SnapshotInfo.from_metadata(read_metadata(path))


def test_scale_repeats_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    run(capsys, "decode", "--seed", "3", "--out", str(small))
    run(capsys, "decode", "--seed", "3", "--out", str(large), "--scale", "8")
    pixels = np.asarray(Image.open(small))
    np.testing.assert_array_equal(np.asarray(Image.open(large)), pixels.repeat(8, 0).repeat(8, 1))


def test_a_picture_leads_back_to_its_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    run(capsys, "decode", "--seed", "5", "--out", str(first))
    code, _, _ = run(capsys, "decode", "--from", str(first), "--out", str(again))
    assert code == 0
    np.testing.assert_array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(again)))


@pytest.mark.parametrize("form", [("--z", "{z}"), ("--z={z}",)])
def test_z_may_begin_with_a_minus(
    form: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with vaevis_tui.load("mnist") as model:
        z = -np.abs(model.sample(1))
        expected = model.decode(z)[0]
    text = ",".join(repr(float(value)) for value in z[0])
    out = tmp_path / "z.png"
    code, _, err = run(
        capsys, "decode", "--model", "mnist", *(part.format(z=text) for part in form), "--out", str(out)
    )
    assert (code, err) == (0, "")
    np.testing.assert_array_equal(np.asarray(Image.open(out)), expected)


def test_a_latent_vector_is_finite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with vaevis_tui.load("mnist") as model:
        z = ",".join(["nan"] * model.info.latent_dim)
    assert "finite" in refused(
        capsys, "decode", "--model", "mnist", "--z", z, "--out", str(tmp_path / "x.png")
    )


def test_numbers_far_beyond_the_data_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decode = ["decode", "--model", "mnist-2d", "--out", str(tmp_path / "a.png"), "--force"]
    assert "12 σ from the mean: most data lie within 2" in run(capsys, *decode, "--sigma", "12,-1")[2]
    assert "σ from the mean" in run(capsys, *decode, "--z", "1e6,0")[2]
    assert run(capsys, *decode, "--sigma", "9.9,-1")[2] == ""
