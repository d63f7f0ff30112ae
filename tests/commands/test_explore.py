"""With what the explorer starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vaevis_tui
from tests.commands.support import refused
from vaevis_tui.cli import main
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.settings import ExplorerSettings, tuned_source, untuned_source
from vaevis_tui.models.bundle import open_bundle


@pytest.mark.parametrize(("options", "source"), [([], tuned_source), (["--no-tune"], untuned_source)])
def test_the_explorer_tunes_unless_told_not_to(
    options: list[str], source: object, started: list[ExplorerSettings]
) -> None:
    assert main(["--model", "mnist", *options]) == 0
    assert started[0].decoder_source is source


def test_the_explorer_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard input is no terminal here; a person is told what to do instead."""
    command = [sys.executable, "-m", "vaevis_tui", "--model", "mnist"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "is not a terminal" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_folder_of_snapshots_is_made_at_the_start_or_refused(
    tmp_path: Path, started: list[ExplorerSettings], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "some" / "where"
    assert main(["--model", "mnist", "--snapshot-dir", str(folder)]) == 0
    assert started[0].snapshot_dir == folder
    assert folder.is_dir()
    (tmp_path / "file").write_text("")
    said = refused(capsys, "--model", "mnist", "--snapshot-dir", str(tmp_path / "file"))
    assert "is not a folder; name one for snapshots with --snapshot-dir" in said
    said = refused(capsys, "--model", "mnist", "--snapshot-dir", "/proc/nothing")
    assert "/proc/nothing cannot be made" in said
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: Path(path) != locked)  # as it is for all but root
        said = refused(capsys, "--model", "mnist", "--snapshot-dir", str(locked))
    assert f"{locked} is not writable; name another folder for snapshots" in said
    assert len(started) == 1


def test_a_theme_that_was_chosen_is_that_of_the_next_start(
    started: list[ExplorerSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["mnist"]) == 0
    assert started[0].theme is None
    assert started[0].keep_theme is not None
    started[0].keep_theme("nord")
    assert main(["mnist"]) == 0
    assert started[1].theme == "nord"
    assert main(["mnist", "--theme", "dracula"]) == 0
    assert started[2].theme == "dracula"


def test_a_model_is_a_short_form_and_v_the_version(
    started: list[ExplorerSettings], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dog", "--seed", "3"]) == 0
    assert (started[0].model, started[0].seed) == ("dog", 3)
    with pytest.raises(SystemExit) as left:
        main(["-V"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"vaevis-tui {vaevis_tui.__version__}\n"


def test_a_start_in_sigma_coordinates(started: list[ExplorerSettings]) -> None:
    assert main(["--model", "mnist-2d", "--sigma", "-1,2"]) == 0
    bundle = open_bundle("mnist-2d")
    start = np.asarray(started[0].start(bundle))
    np.testing.assert_allclose(bundle.space.to_sigma(start), [-1.0, 2.0], atol=1e-6)
    with pytest.raises(UserError, match="sigma has 2 numbers, but the latent vectors of mnist have 28"):
        started[0].start(open_bundle("mnist"))
