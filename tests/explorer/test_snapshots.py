"""The folder of snapshots, made ready or refused before the explorer starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.snapshots import ready_folder


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    assert ready_folder(tmp_path / "a" / "b").is_dir()
    assert ready_folder(tmp_path / "a" / "b").is_dir()


def test_what_can_be_no_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    for name, said in (
        ("file", "file is not a folder; name one for snapshots with --snapshot-dir"),
        ("file/more", "file/more cannot be made: not a directory; name another with --snapshot-dir"),
    ):
        with pytest.raises(UserError) as refusal:
            ready_folder(tmp_path / name)
        assert str(refusal.value) == f"{tmp_path}/{said}"
