"""Paths as they are typed, dropped and pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaevis_tui.explorer.paths import completed, dropped_path


@pytest.mark.parametrize("form", ["{}", "  {}\n", "'{}'", '"{}"', "escaped", "address", "{}\n/another one"])
def test_a_dropped_file_is_found_however_the_terminal_writes_it(tmp_path: Path, form: str) -> None:
    path = tmp_path / "my dog (1).png"
    path.write_bytes(b"")
    escaped = str(path).replace(" ", r"\ ").replace("(", r"\(").replace(")", r"\)")
    text = {"escaped": escaped, "address": path.as_uri()}.get(form) or form.format(path)
    assert dropped_path(text) == path


@pytest.mark.parametrize("text", ["", "0.1,0.2", "no such file", "x" * 5000, "a\0b", "'", "~nobody-at-all/x"])
def test_other_text_is_no_file(text: str) -> None:
    assert dropped_path(text) is None


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    assert dropped_path(str(tmp_path)) is None


def test_paths_are_completed_as_far_as_they_agree(tmp_path: Path) -> None:
    for name in ("dog one.png", "dog two.JPG", "dog.txt", ".dog.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "doghouse").mkdir()
    assert completed(f"{tmp_path}/d") == (f"{tmp_path}/dog", ["dog one.png", "dog two.JPG", "doghouse"])
    assert completed(f"{tmp_path}/dogh") == (f"{tmp_path}/doghouse/", ["doghouse"])
    assert completed(f"{tmp_path}/dog t") == (f"{tmp_path}/dog two.JPG", ["dog two.JPG"])
    assert completed(f"{tmp_path}/.d") == (f"{tmp_path}/.dog.png", [".dog.png"])
    assert completed(f"{tmp_path}/cat") == (f"{tmp_path}/cat", [])
    assert completed("~") == ("~/", [])
