"""What a person does is not lost when the program ends in another way than by a key."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.harness.explorer import (
    BROKEN,
    PROGRAM,
    Kept,
    at_the_mean,
    wait_for_the_picture_of,
    wait_for_the_start,
)
from tests.e2e.harness.ptyharness import PtySession
from tests.e2e.harness.start import start
from tests.support import require
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.bookmarks import Bookmarks
from vaevis_tui.explorer.storage.model_data import ModelData, model_hash
from vaevis_tui.explorer.storage.session import read_session
from vaevis_tui.latent.state import LatentState
from vaevis_tui.models.bundle import open_bundle


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "state")


def moved(bundle: Path, *sigmas: float) -> LatentState:
    """After these moves of the second dimension, from the mean."""
    state = start(bundle).select_by(1)
    for number, step in enumerate(sigmas):
        state = state.move(state.selected, step, number)
    return state


def start_and_move(kept: Kept, bundle: Path) -> PtySession:
    """The second dimension at +1.1 sigma, in two steps."""
    session = kept.start("--model", bundle, "--z", at_the_mean(bundle))
    wait_for_the_start(session)
    session.press("down", "shift+right", "left", "right", "right")
    session.wait_for_text("+1.10")
    return session


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_dropped_connection_loses_nothing_and_leaves_no_process(kept: Kept, bundle: Path) -> None:
    with start_and_move(kept, bundle) as session:
        session.hang_up()
        assert session.wait_exit() == 128 + signal.SIGHUP
        assert is_gone(session.process.pid)
    assert kept.folder.was_cut_off()
    with kept.start("--resume") as session:
        wait_for_the_picture_of(session, bundle, moved(bundle, 1.0, -0.1, 0.1, 0.1).z)
        session.wait_for_text("+1.10")
        for value in ("+0.90", "+1.00"):
            session.press("u")
            session.wait_for_text(value)
        session.press("u")
        wait_for_the_picture_of(session, bundle, moved(bundle).z)
        session.press("U", "q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []
    after = kept.session()
    assert len(after.past) == 1
    assert len(after.future) == 2
    np.testing.assert_array_equal(after.z, moved(bundle, 1.0).z)
    assert len(list(kept.folder.path.iterdir())) == 1


def test_a_walk_goes_on(kept: Kept, bundle: Path) -> None:
    with kept.start("--model", bundle, "--walk") as session:
        session.wait_for_frames(20)
        session.press("+")
        session.wait_for_text("walk 2 σ/s")
        session.hang_up()
        session.wait_exit()
    before = kept.session()
    assert before.walking
    with kept.start("--resume") as session:
        session.wait_for_text("walk 2 σ/s")
        session.wait_for_frames(20)
        session.press("q")
        assert session.wait_exit() == 0
    assert not np.array_equal(kept.session().z, before.z)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_says_how_to_go_back(kept: Kept, bundle: Path, number: signal.Signals) -> None:
    with start_and_move(kept, bundle) as session:
        session.terminate(number)
        assert session.wait_exit() == 128 + number
        assert session.left_behind() == []
        assert "session saved; vaevis-tui --resume restores it" in session.text
    np.testing.assert_array_equal(kept.session().z, moved(bundle, 1.0, -0.1, 0.1, 0.1).z)


def test_a_hang_up_while_suspended_saves_too(kept: Kept, bundle: Path) -> None:
    with start_and_move(kept, bundle) as session:
        session.press("ctrl+z")
        stat = Path(f"/proc/{session.process.pid}/stat")
        require(stat.exists(), "/proc, which tells whether a process is stopped")
        session.wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the stop")
        session.hang_up()
        session.terminate(signal.SIGHUP)
        session.terminate(signal.SIGCONT)  # as the kernel does to a stopped group that lost its terminal
        assert session.wait_exit() == 128 + signal.SIGHUP
    np.testing.assert_array_equal(kept.session().z, moved(bundle, 1.0, -0.1, 0.1, 0.1).z)


def test_a_killed_program_loses_nothing_that_was_noted(kept: Kept, bundle: Path) -> None:
    here = moved(bundle, 1.0, -0.1, 0.1, 0.1).z

    def noted() -> bool:
        with suppress(UserError):  # a note that has just been replaced
            notes = [read_session(path) for path in kept.folder.path.glob("*.running.*")]
            return any(np.array_equal(note.z, here) for note in notes)
        return False

    with start_and_move(kept, bundle) as session:
        session.wait_for(noted, "the note")
        with kept.start("--resume") as other:  # it runs, and is nobody else's
            assert other.wait_exit() == 2
            assert "no session to go back to" in other.text
        session.terminate(signal.SIGKILL)
        session.wait_exit()
    with kept.start("--model", bundle) as session:
        session.wait_for_text("The last session ended")
        session.press("q")
        assert session.wait_exit() == 0
    with kept.start("--resume") as session:
        wait_for_the_picture_of(session, bundle, here)
        session.press("q")
        assert session.wait_exit() == 0
    assert len(list(kept.folder.path.iterdir())) == 1


def test_a_mistake_in_the_program_saves(kept: Kept, bundle: Path) -> None:
    program = [sys.executable, "-c", BROKEN]
    with kept.start("--model", bundle, "--z", at_the_mean(bundle), program=program) as session:
        wait_for_the_start(session)
        session.press("shift+right")
        session.wait_for_text("+1.00")
        session.press("r")
        assert session.wait_exit() == 1
        assert "session saved" in session.text
    state = start(bundle)
    np.testing.assert_array_equal(kept.session().z, state.move(state.selected, 1.0).z)


def test_leaving_by_a_key_saves_what_was_moved_and_says_nothing(kept: Kept, bundle: Path) -> None:
    with kept.start("--model", bundle) as session:
        wait_for_the_start(session)
        session.press("q")
        assert session.wait_exit() == 0
    assert kept.folder.newest() is None
    with start_and_move(kept, bundle) as session:
        session.press("q")
        assert session.wait_exit() == 0
        assert not session.text.strip()
    assert not kept.folder.was_cut_off()
    assert kept.session().model == str(bundle.resolve())


def test_the_next_start_tells_of_a_session_that_was_cut_off(kept: Kept, bundle: Path) -> None:
    with start_and_move(kept, bundle) as session:
        session.hang_up()
        session.wait_exit()
    with kept.start("--model", bundle) as session:
        session.wait_for_text("The last session ended")
        session.press("q")
        assert session.wait_exit() == 0
    with kept.start("--resume") as session:  # an untouched start has not taken its place
        session.wait_for_text("+1.10")


def test_two_programs_at_once_lose_neither_bookmarks_nor_sessions(kept: Kept, bundle: Path) -> None:
    with start_and_move(kept, bundle) as first, start_and_move(kept, bundle) as second:
        second.press("right")
        second.wait_for_text("+1.20")
        for session in (first, second):
            session.press("b")
            session.wait_for_text("Kept as")
        first.hang_up()
        first.wait_exit()
        second.hang_up()
        second.wait_exit()
    with kept.start("--resume") as one:
        one.wait_for_text("+1.20")  # has taken up the newer one before another looks
        with kept.start("--resume") as two:
            two.wait_for_text("+1.10")
            for session in (one, two):
                session.press("q")
                assert session.wait_exit() == 0
    here, farther = moved(bundle, 1.0, -0.1, 0.1, 0.1).z, moved(bundle, 1.0, -0.1, 0.1, 0.1, 0.1).z
    bookmarks = Bookmarks(ModelData(model_hash(open_bundle(bundle)), kept.models), len(here))
    np.testing.assert_array_equal([each.z for each in bookmarks.items], [here, farther])
    sessions = sorted(kept.folder.path.iterdir())
    np.testing.assert_array_equal([read_session(each).z for each in sessions], [farther, here])


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "no such file"), ("{", "damaged"), ('{"format": 1, "model": 3}', "model is 3; expected text")],
)
def test_a_broken_session_is_one_line(kept: Kept, tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "s"
    if text is not None:
        file.write_text(text)
    with PtySession([*PROGRAM, "--resume", file], 200, 24, env=kept.environment) as session:
        assert session.wait_exit() == 2
        assert session.text.strip().startswith("vaevis-tui: error: ")
        assert words in session.text
        assert session.text.strip().count("\n") == 0


def test_without_a_session_resume_says_where_it_looked(kept: Kept) -> None:
    with PtySession([*PROGRAM, "--resume"], 200, 24, env=kept.environment) as session:
        assert session.wait_exit() == 2
        assert f"no session to go back to in {kept.folder.path}" in session.text


def test_a_session_whose_model_has_gone_stays_for_another_try(
    kept: Kept, bundle: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    model.symlink_to(bundle)
    away = tmp_path / "away"
    with kept.start("--model", model, "--walk") as session:
        session.wait_for_frames(5)
        session.hang_up()
        session.wait_exit()
    before = kept.folder.newest()
    assert before is not None
    text = before.read_text().replace(str(bundle.resolve()), str(away))
    before.write_text(text)
    with PtySession([*PROGRAM, "--resume"], 200, 24, env=kept.environment) as session:
        assert session.wait_exit() == 2
        assert f"no such model: {away}" in session.text
    assert kept.folder.newest() == before


def test_a_state_folder_that_cannot_be_written_is_told_and_leaves_no_process(
    bundle: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with start_and_move(Kept(blocked), bundle) as session:
        session.press("q")
        assert session.wait_exit() == 1
        assert "the session was not saved" in session.text
        assert session.left_behind() == []
