"""`vaevis-tui models`: a table, a page a model, and cards for programs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pexpect
import pytest

import vaevis_tui
from tests.commands.support import refused, run
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.models.card import figure_name
from vaevis_tui.resources import weights_dir


def test_models_is_a_table_for_people_and_cards_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    code, table, _ = run(capsys, "models")
    assert code == 0
    assert "mnist" in table
    assert "28x28 grey" in table
    cards = json.loads(run(capsys, "models", "--json")[1])
    with vaevis_tui.load("mnist") as model:
        (mnist,) = [card for card in cards if card["name"] == "mnist"]
        assert mnist["latent_dim"] == model.info.latent_dim


def test_a_models_page_names_its_directions(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = run(capsys, "models", "mnist")
    directions = open_bundle("mnist").space.directions
    assert directions is not None
    named = [name for name in directions.names if " to " not in name]
    assert all(name in text for name in named)
    assert f"and {len(directions) - len(named)} from one label to another" in " ".join(text.split())


def test_a_models_card_says_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, "models", "mnist", "--all")
    card = json.loads(run(capsys, "models", "mnist", "--json")[1])
    words = " ".join(text.split())
    assert code == 0
    assert card["limits"] in words
    assert card["data_attribution"] in words
    for name, value in card["figures"].items():
        assert f"{figure_name(name)} {value}" in words


def test_a_bare_decoder_has_no_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bare.onnx"
    path.write_bytes((weights_dir() / "mnist" / "decoder.onnx").read_bytes())
    assert "has no model card" in refused(capsys, "models", str(path))


def test_no_name_of_a_file_is_obeyed_by_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x\x1b]0;P\a.onnx"
    path.write_bytes(b"ab")
    code, _, error = run(capsys, "models", str(path))
    assert code == 2
    assert error.rstrip("\n").isprintable()


@pytest.mark.parametrize("name", ["dog", "mnist", "mnist-2d"])
def test_a_models_card_is_a_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, page, _ = run(capsys, "models", name)
    assert code == 0
    assert len(page.splitlines()) <= 45
    assert max(map(len, page.splitlines())) <= 80
    card = json.loads(run(capsys, "models", name, "--json")[1])
    assert " ".join(card["limits"].split()) in " ".join(page.split())
    assert f"vaevis-tui models {name} --all" in page
    assert len(run(capsys, "models", name, "--all")[1]) > len(page)


def test_all_of_a_card_goes_through_the_pager(tmp_path: Path) -> None:
    """On a real terminal; PAGER is what shows it."""
    seen = tmp_path / "seen"
    environment = {**os.environ, "PAGER": f"cat > {seen}", "NO_COLOR": "1", "TERM": "xterm-256color"}
    command = f"{sys.executable} -m vaevis_tui models dog --all"
    pexpect.run(command, env=environment, timeout=60)
    assert "KL a dimension nats" in seen.read_text()
    assert "\x1b[3" not in seen.read_text()  # no colours
