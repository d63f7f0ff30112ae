"""`vaevis-tui export-web`: what is written, what it says, and what it refuses."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.models.make import write_bundle
from tests.web.pages import shipped_page
from tests.web.zoo import single_matrix
from vaevis_tui.cli import main
from vaevis_tui.web.arrays import LEVELS, ArrayFile, quantized
from vaevis_tui.web.export import folder_files, single_file
from vaevis_tui.web.modules import joined
from vaevis_tui.web.page import ASSETS, ENTRY


def test_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = write_bundle(tmp_path / "noise", 4, height=8, width=8)
    folder = tmp_path / "page"
    assert main(["export-web", "--model", str(bundle), "--out", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "MB to load" in printed
    assert "at most" in printed
    record = json.loads((folder / "model.json").read_text())
    data = zlib.decompress((folder / "model.bin").read_bytes(), wbits=-15)
    last = record["entries"][-1]
    assert len(data) == last["offset"] + last["bytes"]
    assert (record["name"], record["space"]["dim"], record["height"]) == ("noise", 4, 8)
    assert str(tmp_path) not in (folder / "model.json").read_text()


def test_a_decoder_of_a_single_dispatch_that_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder, file = tmp_path / "own.onnx", tmp_path / "own.html"
    decoder.write_bytes(single_matrix().model().SerializeToString())
    monkeypatch.setenv("VAEVIS_TUI_MODEL", str(decoder))
    assert main(["export-web", "--single-file", str(file)]) == 0
    assert "<title>own" in (page := file.read_text("utf-16"))
    assert page.startswith("<!doctype html>")


def test_what_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, file = tmp_path / "page", tmp_path / "page.html"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    file.write_text("mine")
    model = ["--model", str(write_bundle(tmp_path / "noise", 4, height=8, width=8))]
    assert main(["export-web", *model, "--out", str(folder)]) == 2
    assert main(["export-web", *model, "--single-file", str(file)]) == 2
    assert "--force" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert main(["export-web", *model, "--single-file", str(file), "--force"]) == 0
    assert file.read_text("utf-16").startswith("<!doctype html>")
    assert main(["export-web", *model, "--out", str(folder), "--force"]) == 0
    assert (folder / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "x", "--ort", "nowhere"], "holds no onnxruntime-web"),
        (["--single-file", "x.txt"], "ends in .html"),
        (["--out", "x", "--weights", "int4"], "int4"),
        ([], "required"),
    ],
)
def test_refusals(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export-web", "--model", "mnist-2d", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_hosted_page_has_no_script_inside() -> None:
    files = folder_files(shipped_page("mnist-2d"), None)
    assert not any(path.startswith("terminal/") for path in files)  # that is for `serve --terminal`
    page = files["index.html"].decode()
    assert page.count("<script") == 1
    assert '<script type="module" src="page/main.js"></script>' in page
    assert "unsafe-inline" not in page
    assert " style=" not in page
    assert " on" not in page.replace(" on ", " ").split("<body>")[1].split("<script")[0].replace(" one", " ")


def test_text_of_a_card_stays_text() -> None:
    """Cards come from strangers, and one file holds all."""
    model = shipped_page("mnist-2d")
    record = json.loads(json.dumps(model.record))
    record["card"]["title"] = record["card"]["summary"] = "</script><script>alert(1)</script><!-- {policy}"
    page = single_file(replace(model, record=record), None).decode("utf-16")
    assert "<script>alert" not in page
    assert page.count("<!--") == 0
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("name", LEVELS)
def test_levels_are_within_half_a_step(name: str) -> None:
    form = LEVELS[name]
    weights = (np.random.default_rng(0).standard_normal(1000) * 0.1).astype(np.float16)
    weights[: form.group] = 0
    restored = quantized(weights, form).astype(np.float32)
    groups = np.pad(weights.astype(np.float32), (0, -weights.size % form.group)).reshape(-1, form.group)
    step = np.repeat(np.abs(groups).max(axis=1) / form.most, form.group)[: weights.size]
    assert (np.abs(restored - weights.astype(np.float32)) <= 0.51 * step + 5e-4 * np.abs(restored)).all()
    assert (restored[: form.group] == 0).all()


def test_equal_arrays_are_stored_once() -> None:
    arrays = ArrayFile()
    a = np.arange(7, dtype=np.float32)
    assert [arrays.add(each, "float32") for each in (a, a + 1, a.copy())] == [0, 1, 0]
    assert len(zlib.decompress(arrays.pack(), wbits=-15)) == 2 * a.nbytes


def test_modules_join_into_one_scope(tmp_path: Path) -> None:
    script = joined(ASSETS, ENTRY)
    assert "\nimport " not in script
    assert "\nexport " not in script
    (tmp_path / "a.js").write_text('import { x } from "./b.js";\nconst y = x;\n')
    (tmp_path / "b.js").write_text("export const x = 1;\nconst y = 2;\n")
    with pytest.raises(ValueError, match=r"a\.js and b\.js both have y"):
        joined(tmp_path, "a.js")
