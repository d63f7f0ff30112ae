from __future__ import annotations

import dataclasses
import json
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.session import (
    KEPT,
    LARGEST_FILE,
    LARGEST_HISTORY,
    Session,
    SessionFolder,
    read_session,
)


def rows(count: int, width: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(count).normal(size=(count, width)).astype(np.float32)


def session(steps: int = 2, width: int = 3, model: str = "mnist") -> Session:
    return Session(
        model=model,
        backend="auto",
        z=rows(1, width)[0],
        selected=1,
        past=rows(steps, width),
        future=rows(1, width),
        walking=True,
        speed=1.5,
        axis_set="axes",
        axes={"dimensions": "z1", "axes": "axis 2"},
    )


def same(a: Session, b: Session) -> bool:
    pairs = [(getattr(a, field.name), getattr(b, field.name)) for field in dataclasses.fields(Session)]
    return all(np.array_equal(x, y) for x, y in pairs)


def test_a_session_comes_back_to_the_bit(tmp_path: Path) -> None:
    kept = SessionFolder(tmp_path / "state" / "sessions").keep(session(), cut_off=True)
    assert same(read_session(kept), session())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_of_a_long_history_the_end_is_kept() -> None:
    long = session(steps=300, width=4096)
    back = Session.from_text(long.to_text())
    assert 0 < len(back.past) < 300
    assert back.past.nbytes + back.future.nbytes <= LARGEST_HISTORY
    assert np.array_equal(back.past, long.past[-len(back.past) :])


def test_the_last_one_ended_is_the_newest_and_few_are_kept(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    assert folder.newest() is None
    assert not folder.was_cut_off()
    files = [folder.keep(session(), cut_off=number % 2 == 0) for number in range(KEPT + 3)]
    assert folder.newest() == files[-1]
    assert folder.was_cut_off()
    assert sorted(tmp_path.iterdir()) == files[-KEPT:]


def test_a_session_is_the_newest_though_the_clock_was_set_back(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    for number in range(KEPT):
        (tmp_path / f"2999010{number}T000000.000000-1.left.json").write_text(session().to_text())
    today = folder.keep(session(model="today"), cut_off=False)
    assert folder.newest() == today
    assert len(list(tmp_path.iterdir())) == KEPT
    found, _, _ = folder.take_up()
    assert found.model == "today"


def test_a_damaged_session_does_not_hide_the_one_before(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    folder.keep(session(model="good"), cut_off=True)
    damaged = folder.keep(session(), cut_off=True)
    damaged.write_text("{")
    found, _, fault = folder.take_up()
    assert found.model == "good"
    assert fault is not None
    assert fault.startswith(f"{damaged}: ")
    for path in tmp_path.iterdir():
        path.write_text("{")
    with pytest.raises(UserError, match="damaged"):
        folder.take_up()


def test_a_session_that_goes_on_is_out_of_the_way_of_others(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    older, newer = (folder.keep(session(model=name), cut_off=True) for name in "ab")
    claimed = folder.claim(newer)
    assert claimed is not None
    assert folder.newest() == older
    other = folder.claim(older)
    assert folder.newest() == claimed  # better than nothing: whoever claimed it may have been killed
    ended = folder.keep(session(model="c"), cut_off=False, instead_of=claimed)
    assert folder.newest() == ended
    assert sorted(path for path in (claimed, other, ended) if path and path.exists()) == sorted(
        path for path in (other, ended) if path
    )


def test_a_claim_of_which_nothing_came_is_undone(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    kept = folder.keep(session(), cut_off=True)
    claimed = folder.claim(kept)
    assert claimed is not None
    folder.release(claimed)
    assert folder.newest() == kept
    assert folder.was_cut_off()


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_a_running_session_is_there_for_others_once_its_program_has_died(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    ended = folder.keep(session(model="ended"), cut_off=False)
    running = folder.keep_running(session(model="running"))
    assert running is not None
    assert folder.newest() == ended
    for number in range(KEPT):  # which must not push out what runs
        ended = folder.keep(session(model=str(number)), cut_off=False)
    assert running.path.exists()
    late = folder.keep_running(session(model="late"))
    assert late is not None
    os.close(late._descriptor)  # as the system does for a process that ends
    assert folder.newest() == late.path
    assert folder.was_cut_off()
    found, claimed, fault = folder.take_up()
    assert fault is None
    assert same(found, session(model="late"))
    assert folder.newest() == ended
    assert claimed is not None
    folder.release(claimed)
    assert folder.was_cut_off()
    running.remove()
    assert not running.path.exists()


def test_a_folder_that_cannot_be_written_holds_no_running_session(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(UserError, match="the session was not saved"):
        SessionFolder(blocked / "sessions").keep_running(session())


def test_a_file_from_elsewhere_stays_where_it_is(tmp_path: Path) -> None:
    elsewhere = tmp_path / "mine.json"
    elsewhere.write_text(session().to_text())
    assert SessionFolder(tmp_path / "sessions").claim(elsewhere) is None
    assert elsewhere.exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(UserError, match=r"the session was not saved: .*not a directory"):
        SessionFolder(blocked / "sessions").keep(session(), cut_off=True)


def test_a_session_of_an_older_version_shows_the_dimensions() -> None:
    fields = json.loads(session().to_text())
    del fields["axis_set"], fields["axes"]
    back = Session.from_text(json.dumps(fields))
    assert (back.axis_set, back.axes) == ("dimensions", {})


def damaged(**fields: object) -> str:
    return json.dumps({**json.loads(session().to_text()), **fields})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "damaged"),
        ("null", "damaged"),
        ("[" * 100_000, "damaged"),
        (damaged(format=2), "has format 2; this version reads format 1"),
        (damaged(model=None), "model is None; expected text"),
        (damaged(model="a\nb"), "names no model"),
        (damaged(backend="x" * 1000), "names no model or backend"),
        (damaged(z=[]), "z is missing"),
        (damaged(z=[1e99]), "z holds 1e+99"),
        (damaged(selected=1.5), "selected is 1.5; expected a whole number"),
        (damaged(selected=True), "selected is True"),
        (damaged(past=3), "past is 3; expected base64"),
        (damaged(past="%%%"), "past is damaged; expected rows of 3 numbers"),
        (damaged(future="AAAA"), "future is damaged"),
        (damaged(past="AADAfwAAwH8AAMB/"), "past holds NaN"),
        (damaged(walking=1), "walking is 1; expected true or false"),
        (damaged(axis_set=3), "axis_set is 3; expected text"),
        (damaged(axes=["z1"]), "axes is ['z1']; expected texts by name"),
        (damaged(axes={"axes": 2}), "axes is {'axes': 2}; expected texts by name"),
        (damaged(speed="fast"), "speed is 'fast'; expected a number"),
        (damaged(speed=10**400), "expected a finite number"),
        (session().to_text().replace("1.5", "NaN"), "speed is nan"),
    ],
)
def test_damaged_sessions_are_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "s"
    file.write_text(text)
    with pytest.raises(UserError) as error:
        read_session(file)
    assert message in str(error.value)
    assert str(error.value).startswith(str(file))
    assert "\n" not in str(error.value)


def test_what_is_no_file_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_session(tmp_path / "missing")
    with pytest.raises(UserError, match="is a directory"):
        read_session(tmp_path)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(UserError, match="larger than 8 MiB"):
        read_session(large)


@given(st.data())
def test_a_changed_byte_is_a_session_or_refused(data: st.DataObject) -> None:
    text = bytearray(session().to_text().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UserError):
        back = Session.from_text(text.decode("ascii", "replace"))
        assert np.isfinite(back.z).all()
        assert back.past.shape[1] == back.future.shape[1] == len(back.z)
