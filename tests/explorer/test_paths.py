"""Paths as they are typed, dropped and pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaevis_tui.explorer.paths import completed, dropped_pictures


@pytest.mark.parametrize("form", ["{}", "  {}\n", "'{}'", '"{}"', "escaped", "address", "{}\n/another one"])
def test_a_dropped_file_is_found_however_the_terminal_writes_it(tmp_path: Path, form: str) -> None:
    path = tmp_path / "my dog (1).png"
    path.write_bytes(b"")
    escaped = str(path).replace(" ", r"\ ").replace("(", r"\(").replace(")", r"\)")
    text = {"escaped": escaped, "address": path.as_uri()}.get(form) or form.format(path)
    assert dropped_pictures(text) == [path]


@pytest.mark.parametrize("text", ["", "0.1,0.2", "no such", "x" * 70_000, "a\0b", "'", "~nobody-at-all/x"])
def test_other_text_is_no_file(text: str) -> None:
    assert dropped_pictures(text) == []


def test_a_folder_is_the_pictures_in_it_and_several_files_are_all_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "my dogs"
    folder.mkdir()
    assert dropped_pictures(str(folder)) == []
    paths = [folder / name for name in ("a b.png", "c.JPG")]
    for path in (*paths, folder / "notes.txt"):
        path.write_bytes(b"")
    assert dropped_pictures(str(folder)) == paths
    assert dropped_pictures(folder.as_uri()) == paths
    assert dropped_pictures(f"'{paths[1]}' '{paths[0]}'\n") == [paths[1], paths[0]]
    assert dropped_pictures(f"{paths[0]}\n{paths[1]}\n{paths[0]}") == paths


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
