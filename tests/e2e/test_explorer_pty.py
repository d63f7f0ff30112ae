"""The explorer as a person runs it: a process on a pseudo-terminal, its screen read back to pixels."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.harness.explorer import (
    BROKEN,
    FIRST_BAR,
    changed,
    explorer,
    shown,
    shows,
    wait_for_a_picture,
    wait_for_the_picture_of,
    wait_for_the_start,
)
from tests.e2e.harness.keys import mouse
from tests.e2e.harness.ptyharness import PtySession
from tests.e2e.harness.start import start
from tests.e2e.harness.terminal import Traits
from tests.engine.wgpu.device import require_adapter
from tests.engine.wgpu.process.vulkan_faults import VulkanFaults
from tests.support import require
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.bundle import open_bundle


def test_begins_at_an_example_and_leaves_the_terminal_as_it_was(bundle: Path) -> None:
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle]
    with PtySession(command) as session:
        wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.first_look)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_a_seed_begins_where_decode_would(bundle: Path) -> None:
    with explorer(bundle, "--seed", "3") as session:
        wait_for_the_picture_of(session, bundle, open_bundle(bundle).space.sample(3)[0])


def test_arrows_move_the_selected_dimension(bundle: Path) -> None:
    with explorer(bundle) as session:
        session.press("down", "shift+right", "right", "ctrl+left")
        state = start(bundle).select_by(1)
        for step in (1.0, 0.1, -0.01):
            state = state.move(state.selected, step)
        wait_for_the_picture_of(session, bundle, state.z)
        session.wait_for_text("+1.09")


def test_a_held_key_ends_where_it_should(bundle: Path) -> None:
    with explorer(bundle) as session:
        session.press(*["right"] * 150)
        session.wait_for_text("+10.00")
        state = start(bundle)
        wait_for_the_picture_of(session, bundle, state.set(state.selected, 10).z)


def test_walk_moves_and_a_snapshot_is_the_decode_of_the_point_on_the_screen(
    bundle: Path, tmp_path: Path
) -> None:
    with explorer(bundle, "--seed", "1", snapshots=tmp_path) as session:
        session.press("w")
        for _ in range(5):
            before = shown(session)
            session.wait_for(partial(changed, session, before), "a step")
        session.wait_for_text(" fps")
        session.press("w")
        session.wait_for_text("idle")
        session.press("s")
        session.wait_for_text("saved")
        (path,) = tmp_path.iterdir()
        z = SnapshotInfo.from_metadata(read_metadata(path)).latent
        wait_for_the_picture_of(session, bundle, z)
        with Image.open(path) as image:
            assert shows(session, np.asarray(image))


def scale(session: PtySession) -> tuple[int, int]:
    """Columns of the track's first and last cell, by the figures above it."""
    header = session.text.splitlines()[1]
    return header.index("-3"), header.index("+3") + 1


def test_the_mouse_drags_a_bar(bundle: Path) -> None:
    with explorer(bundle) as session:
        left, right = scale(session)
        session.send(mouse(FIRST_BAR, left))
        session.wait_for_text("-3.00")
        session.send(
            mouse(FIRST_BAR, (left + right) // 2, moving=True) + mouse(FIRST_BAR, right, moving=True)
        )
        session.wait_for_text("+3.00")
        released = mouse(FIRST_BAR, right, pressed=False)
        session.send(released + mouse(FIRST_BAR, left, moving=True, button=3))
        state = start(bundle)
        wait_for_the_picture_of(session, bundle, state.set(state.selected, 3).z)


def test_the_mouse_drags_a_bar_by_pixels_where_the_terminal_reports_them(bundle: Path) -> None:
    with explorer(bundle, traits=Traits(in_band_resize=True)) as session:
        session.wait_for(lambda: 1016 in session.terminal.modes, "reports in pixels")
        left, right = scale(session)
        width = right + 1 - left
        traits = session.terminal.traits
        x = (left + width // 4) * traits.cell_width + 3
        session.send(mouse(FIRST_BAR * traits.cell_height + 5, x))
        sigma = 6 * (width // 4 + 3 / traits.cell_width) / width - 3
        session.wait_for_text(f"{sigma:+.2f}")
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_leaving_at_once_loses_no_snapshot(bundle: Path, tmp_path: Path) -> None:
    with explorer(bundle, snapshots=tmp_path) as session:
        session.press("s", "q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []
        (path,) = tmp_path.iterdir()
        z = SnapshotInfo.from_metadata(read_metadata(path)).latent
        np.testing.assert_array_equal(z, open_bundle(bundle).space.mean)


def test_follows_the_window(bundle: Path) -> None:
    mean = open_bundle(bundle).space.mean
    with explorer(bundle) as session:
        for size in ((120, 36), (200, 60), (80, 24)):
            session.resize(*size)
            wait_for_the_picture_of(session, bundle, mean)
        session.resize(40, 12)
        session.wait_for(lambda: "effect" not in session.text and "idle" in session.text, "the small window")
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_control_c_leaves_the_terminal_as_it_was_in_the_middle_of_a_walk(bundle: Path) -> None:
    with explorer(bundle, "--walk") as session:
        session.wait_for_frames(20)
        session.press("ctrl+c")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGPWR]
)
def test_signals_leave_the_terminal_as_it_was(bundle: Path, number: signal.Signals) -> None:
    with explorer(bundle, "--walk") as session:
        session.wait_for_frames(5)
        session.terminate(number)
        assert session.wait_exit() == 128 + number
        assert session.left_behind() == []


def test_a_closed_terminal_leaves_no_process(bundle: Path) -> None:
    with explorer(bundle, "--walk") as session:
        session.wait_for_frames(5)
        session.hang_up()
        assert session.wait_exit() == 128 + signal.SIGHUP


def wait_for_the_stop(session: PtySession) -> None:
    stat = Path(f"/proc/{session.process.pid}/stat")
    require(stat.exists(), "/proc, which tells whether a process is stopped")
    session.wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the stop")


def test_suspended_it_gives_the_terminal_back_and_continued_takes_it_again(bundle: Path) -> None:
    with explorer(bundle, "--walk") as session:
        session.wait_for_frames(5)
        session.press("ctrl+z")
        wait_for_the_stop(session)
        while session.pump(0.1):
            pass
        assert session.terminal.left_behind() == []
        session.terminate(signal.SIGCONT)
        session.wait_for_frames(10)
        wait_for_a_picture(session)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_suspended_at_rest_and_continued_it_shows_all_that_it_showed(bundle: Path) -> None:
    with explorer(bundle) as session:
        session.wait_for(lambda: "idle" in session.text and "help" in session.text, "the whole screen")
        wait_for_the_picture_of(
            session, bundle, open_bundle(bundle).space.mean
        )  # the first may be a coarse one
        picture = shown(session)
        session.press("ctrl+z")
        wait_for_the_stop(session)
        while session.pump(0.1):
            pass
        assert "help" not in session.text
        session.terminate(signal.SIGCONT)
        session.wait_for(
            lambda: "idle" in session.text and "help" in session.text and shows(session, picture),
            "the whole screen again",
            timeout=6.0,
        )


def started_again(session: PtySession, times: int) -> bool:
    return session.raw.count(b"\x1b[?1049h") > times


def test_stopped_without_a_word_and_continued_it_goes_on_and_leaves_the_terminal_as_it_was(
    bundle: Path,
) -> None:
    with explorer(bundle) as session:
        for _ in range(2):
            session.terminate(signal.SIGSTOP)
            wait_for_the_stop(session)
            started = session.raw.count(b"\x1b[?1049h")
            session.terminate(signal.SIGCONT)
            session.wait_for(partial(started_again, session, started), "the start", timeout=6.0)
            wait_for_a_picture(session)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


CONTINUED_IN = """
import os, signal, sys
from queue import Queue
from textual.drivers.linux_driver import LinuxDriver
from vaevis_tui.cli import main

kept, waits = {method}, [True]

def continued(self, *arguments):
    if waits and {when}:
        waits.pop()
        os.kill(os.getpid(), signal.SIGCONT)
    kept(self, *arguments)

{method} = continued
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("method", "when"),
    [
        ("LinuxDriver._enable_mouse_support", "True"),
        ("LinuxDriver._disable_mouse_support", "True"),
        # With the lock of the queue of output held, for which it waited for ever.
        ("Queue._put", "'[6n' in str(arguments)"),
    ],
)
def test_continued_while_it_starts_writes_or_ends_it_leaves_the_terminal_as_it_was(
    bundle: Path, method: str, when: str
) -> None:
    """It was started once more in the middle of its start: modes were set twice and given back once."""
    command: list[str | Path] = [sys.executable, "-c", CONTINUED_IN.format(method=method, when=when)]
    with PtySession([*command, "--model", bundle, "--backend", "onnxruntime"]) as session:
        if "disable" not in method:  # what is typed before would be thrown away
            session.wait_for(partial(started_again, session, 1), "the start")
        wait_for_a_picture(session)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_a_mistake_in_the_program_leaves_the_terminal_as_it_was(bundle: Path) -> None:
    with PtySession([sys.executable, "-c", BROKEN, "--model", bundle, "--walk"]) as session:
        wait_for_a_picture(session)
        session.press("r")
        assert session.wait_exit() == 1
        assert session.left_behind() == []
        assert "a mistake in the program" in session.text


def test_output_into_a_pipe_is_refused_and_nothing_is_painted_over() -> None:
    program = f"{sys.executable} -m vaevis_tui --model mnist | cat"
    with PtySession(["sh", "-c", program], 100, 30) as session:
        assert session.wait_exit() == 0  # that of the pipe
        assert "standard output is not a terminal" in session.text
        assert b"\x1b[?1049h" not in session.raw


def test_a_first_model_that_is_none_is_one_line(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(os.urandom(1000))
    for ref, words in (("nosuch", "unknown model 'nosuch'"), (str(garbage), "garbage.onnx")):
        with PtySession([sys.executable, "-m", "vaevis_tui", "--model", ref], 200, 24) as session:
            assert session.wait_exit() == 2
            assert session.left_behind() == []
            (line,) = session.text.split("\n")[:1]
            assert line.startswith("vaevis-tui: error: ")
            assert words in line
            assert not session.text.removeprefix(line).strip()


def test_an_unwritable_folder_for_snapshots_is_a_notice(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    with explorer(bundle, snapshots=folder) as session:
        folder.rmdir()
        folder.write_text("a file in its place")
        session.press("s")
        session.wait_for_text("no snapshot")
        session.press("right")
        session.wait_for_text("+0.10")


@pytest.mark.parametrize("fault", ["vkQueueSubmit lost", "vkQueueSubmit hang"])
def test_a_gpu_that_fails_in_the_middle_costs_a_notice(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The point stays, its picture comes, the keys work, and nothing is printed into the screen."""
    require_adapter()
    faults = VulkanFaults(tmp_path)
    for name, value in faults.environment.items():
        monkeypatch.setenv(name, value)
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle, "--backend", "wgpu"]
    with PtySession(command) as session:
        wait_for_a_picture(session)
        session.wait_for_text("wgpu")
        session.wait_for_text("effect")
        faults.begin(fault)
        session.press("right")
        session.wait_for_text("Fell back to onnxruntime")
        session.press("down", "shift+right")
        state = start(bundle, open_bundle(bundle).space.first_look)
        state = state.move(state.selected, 0.1).select_by(1)
        wait_for_the_picture_of(session, bundle, state.move(state.selected, 1.0).z)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


@pytest.mark.parametrize("number", [None, signal.SIGTERM])
def test_a_terminal_that_takes_nothing_any_more_is_given_back(
    bundle: Path, number: signal.Signals | None
) -> None:
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle, "--walk"]
    with PtySession([*command, "--backend", "onnxruntime"], 120, 40) as session:
        wait_for_the_start(session)
        session.stall()
        if number is None:
            session.press("q")
        else:
            session.terminate(number)
        session.process.wait(15)
        assert session.wait_exit() == (0 if number is None else 128 + number)
        assert session.left_behind() == []


@pytest.mark.parametrize("size", [(65535, 1), (1, 65535), (5000, 3000)])
def test_a_window_of_any_size_is_drawn_as_far_as_it_goes(bundle: Path, size: tuple[int, int]) -> None:
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle]
    with PtySession([*command, "--backend", "onnxruntime"], emulate=False) as session:
        session.wait_for_frames(3)
        session.resize(*size)
        session.wait_for_frames(1)
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []
    assert session.terminal.received < 4_000_000
    assert b"Traceback" not in session.raw


def test_a_locale_without_block_elements_is_one_line(bundle: Path) -> None:
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", bundle]
    with PtySession(command, 200, env={"PYTHONIOENCODING": "iso-8859-1"}) as session:
        assert session.wait_exit() == 2
        assert "LC_ALL=C.UTF-8" in session.text
        assert session.text.strip().count("\n") == 0
