"""The compiled header table: made once, kept, trusted only if it is ours, and never needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.wgpu.device import require_adapter
from vaevis_tui.engine.wgpu.fast_import import load_table

HEADER = "typedef struct { int a; float b; } Pair; int add(Pair const * pair);"


def test_a_table_is_made_once(tmp_path: Path) -> None:
    ffi = load_table(HEADER, tmp_path)
    pair = ffi.new("Pair *", {"a": 2, "b": 0.5})
    assert (pair.a, pair.b) == (2, 0.5)
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    assert load_table(HEADER, tmp_path).sizeof("Pair") == 8
    assert kept.stat().st_mtime_ns == before


def test_another_header_has_another_table(tmp_path: Path) -> None:
    load_table(HEADER, tmp_path)
    load_table(HEADER.replace("float", "double"), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_making_a_table_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_table(HEADER, tmp_path)
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="file modes are POSIX's")
def test_a_table_that_others_can_write_is_made_anew(tmp_path: Path) -> None:
    load_table(HEADER, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_text("raise SystemExit('not ours')")
    kept.chmod(0o666)
    assert load_table(HEADER, tmp_path).sizeof("Pair") == 8


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert load_table(HEADER, tmp_path / "file" / "folder").sizeof("Pair") == 8


def test_wgpu_starts_from_a_broken_table_too(tmp_path: Path) -> None:
    require_adapter()
    script = (
        "from vaevis_tui.engine.wgpu import fast_import, adapters\n"
        "def broken(source, folder): raise RuntimeError('no table')\n"
        "fast_import.load_table = broken\n"
        "print(len(adapters()) > 0)\n"
        "import cffi\n"
        "print(cffi.FFI is cffi.api.FFI)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.split() == ["True", "True"]
