"""Files are read up to a size, whatever they say of themselves; paths are those that people type."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.session import read_session
from vaevis_tui.export.picture import read_picture
from vaevis_tui.export.png import read_metadata
from vaevis_tui.reading import read_at_most, typed_path

MIB = 1 << 20


def test_home_is_expanded_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert typed_path("~/a") == tmp_path / "a"
    assert typed_path("~nobody-of-this-name/a") == Path("~nobody-of-this-name/a")


def test_a_file_of_the_largest_size_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * MIB)
    assert read_at_most(path, MIB, "split it") == b"a" * MIB


def test_a_larger_one_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * (MIB + 1))
    with pytest.raises(UserError, match=f"^{path} is larger than 1 MiB; split it$"):
        read_at_most(path, MIB, "split it")
    with pytest.raises(UserError, match=r"^standard input is larger than 1 MiB; split it$"):
        read_at_most(io.BytesIO(bytes(2 * MIB)), MIB, "split it", "standard input")


def test_what_has_no_end_is_left_when_it_is_too_much() -> None:
    with pytest.raises(UserError, match="larger than 1 MiB"):
        read_at_most(Path("/dev/zero"), MIB, "name a file")


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_at_most(tmp_path / "missing", MIB, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.timeout(30)
@pytest.mark.parametrize("read", [read_picture, read_metadata, read_session])
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(
    read: Callable[[Path], object], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match=r"pipe.*not a file"):
        read(tmp_path / "pipe")
