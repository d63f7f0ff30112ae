"""Output that cannot be written is said in one line, and leaves nothing half-made."""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.exports import COMMANDS, MINE, Command
from vaevis_tui.cli import main
from vaevis_tui.errors import UserError
from vaevis_tui.export import files
from vaevis_tui.export.files import check_folder, write_files

PRINTING = [
    "models",
    "--help",
    "man",
    "completion fish",
    "show --model mnist",
    "grid --model mnist --out -",
]


def run(command: str, redirection: str) -> subprocess.CompletedProcess[str]:
    program = f"{shlex.quote(sys.executable)} -m vaevis_tui {command} {redirection}"
    return subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("command", PRINTING)
def test_standard_output_that_is_full_is_one_line(command: str) -> None:
    done = run(command, "> /dev/full")
    assert done.stderr == "vaevis-tui: error: standard output was not written: no space left on device\n"
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("command", "redirection"),
    [("models", ">&-"), ("--help", ">&- 2>&-"), ("sample --model mnist --n 2", ">&-")],
)
def test_closed_standard_output_is_no_error(command: str, redirection: str) -> None:
    done = run(command, redirection)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_nothing_is_overwritten_unasked(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused before a model is opened, which would fail."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr("onnxruntime.InferenceSession")
    there = Path(command.out.rstrip("/"))
    there.write_bytes(MINE)
    assert main(command.line(command.out)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    refusals = f"{there} exists; name another file, or replace it with --force", f"{there} is not a folder; "
    assert err.startswith(tuple(f"vaevis-tui: error: {refusal}" for refusal in refusals))
    assert err.count("\n") == 1
    assert there.read_bytes() == MINE


class Full:
    """A disk on which so many files find room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self._room, self._write = room, files.replace_whole
        monkeypatch.setattr(files, "replace_whole", self)

    def __call__(self, path: Path, data: bytes) -> None:
        self._room -= 1
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._write(path, data)


def test_a_folder_is_written_whole_or_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine").write_bytes(b"1")
    new = [("a", b"2"), ("sub/b", b"3"), ("c", b"4")]
    Full(monkeypatch, 2)
    for folder in (there, tmp_path / "new" / "deep"):
        with pytest.raises(UserError, match=r"was not written: no space left on device; name another place"):
            write_files(folder, new)
    assert sorted(tmp_path.rglob("*")) == [there, there / "mine"]


def test_an_interrupt_leaves_no_part_of_a_folder(tmp_path: Path) -> None:
    def interrupted() -> Iterator[tuple[str, bytes]]:
        yield "a", b"1"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path / "new", interrupted())
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_folder_is_said_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    for command in ("decode --seed 1 --n 2 --out", "export-web --out"):
        assert main([*command.split(), "file/more"]) == 2
        said = capsys.readouterr().err
        assert (
            said == "vaevis-tui: error: file is not a folder; name one that is, or that does not exist yet\n"
        )
    check_folder(tmp_path / "x" / "y")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
