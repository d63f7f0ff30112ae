from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.harness.ptyharness import PtySession, PtyTimeoutError
from tests.e2e.harness.terminal import Traits


@contextmanager
def python(program: str, *arguments: str, **settings: Any) -> Iterator[PtySession]:
    """A Python program of a few lines on a terminal of 80x24."""
    with PtySession([sys.executable, "-c", program, *arguments], **settings) as session:
        yield session


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


# programs that live and end


def test_cat_echoes_what_is_typed_and_ends_at_end_of_file() -> None:
    with PtySession(["cat"]) as session:
        session.send("hello\r")
        session.wait_for(lambda: session.text.startswith("hello\nhello"), "the echo and what cat made of it")
        session.press("ctrl+d")
        assert session.wait_exit() == 0
        assert session.left_behind() == []


def test_all_that_was_written_before_the_end_is_read() -> None:
    with python("print('x' * 300_000, end='!')", emulate=False) as session:
        assert session.wait_exit() == 0
        assert session.raw == b"x" * 300_000 + b"!"
        assert session.terminal.received == 300_001


def test_exit_codes_and_tracebacks_are_seen() -> None:
    with python("raise SystemExit('no good')") as session:
        assert session.wait_exit() == 1
        assert session.text.startswith("no good")


def test_control_c_interrupts_by_the_terminal() -> None:
    with python("print('ready'); import time; time.sleep(60)") as session:
        session.wait_for_text("ready")
        session.press("ctrl+c")
        assert session.wait_exit() == -signal.SIGINT
        assert "KeyboardInterrupt" in session.text


def test_signals_reach_the_program() -> None:
    with python("print('ready'); import time; time.sleep(60)") as session:
        session.wait_for_text("ready")
        session.terminate()
        assert session.wait_exit() == -signal.SIGTERM


def test_a_closed_terminal_hangs_up() -> None:
    with python("print('ready'); import time; time.sleep(60)") as session:
        session.wait_for_text("ready")
        session.hang_up()
        assert session.wait_exit() == -signal.SIGHUP
        with pytest.raises(ValueError, match="its terminal is gone"):
            session.left_behind()


def test_a_program_that_ignores_everything_is_ended_with_the_session() -> None:
    deaf = """
import signal, time
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print('deaf')
time.sleep(60)
"""
    before = open_files()
    with python(deaf) as session:
        session.wait_for_text("deaf")
        session.terminate()
    assert session.process.returncode == -signal.SIGKILL
    assert open_files() == before


def test_a_program_that_does_not_exist_leaves_nothing_open() -> None:
    before = open_files()
    with pytest.raises(FileNotFoundError):
        PtySession(["/no/such/program"])
    assert open_files() == before


def test_the_environment_is_a_plain_truecolor_terminal() -> None:
    show = "import os; print([os.environ.get(n) for n in ('TERM', 'COLORTERM', 'TMUX', 'EXTRA', 'HOME')])"
    with python(show, env={"EXTRA": "1", "HOME": None}) as session:
        session.wait_exit()
        assert session.text.startswith("['xterm-256color', 'truecolor', None, '1', None]")


def test_it_runs_where_it_is_told_to(tmp_path: Path) -> None:
    with python("import os; print(os.path.basename(os.getcwd()))", cwd=tmp_path) as session:
        session.wait_exit()
        assert session.text.startswith(tmp_path.name)


# waiting


def test_waiting_in_vain_tells_what_was_there() -> None:
    with (
        python("print('something else', flush=True); input()") as session,
        pytest.raises(PtyTimeoutError, match=r"(?s)waited 0.5 s for the text 'this'.*something else"),
    ):
        session.wait_for_text("this", timeout=0.5)


def test_waiting_for_a_program_that_ended_ends_at_once() -> None:
    with (
        python("print('gone'); raise SystemExit(3)") as session,
        pytest.raises(PtyTimeoutError, match=r"(?s)never came: exit code 3.*gone"),
    ):
        session.wait_for_text("this")


def test_what_comes_with_the_end_is_not_missed() -> None:
    with python("print('this')") as session:
        session.process.wait()
        session.wait_for_text("this")


def test_waiting_for_an_end_that_does_not_come() -> None:
    with (
        python("input()") as session,
        pytest.raises(PtyTimeoutError, match="for the program to end"),
    ):
        session.wait_exit(timeout=0.2)


def test_neither_side_waits_for_the_other_when_both_have_much_to_say() -> None:
    talk = """
import sys, tty
tty.setraw(0)
print('ready', flush=True)
sys.stdout.write('x' * 1_000_000)
sys.stdout.flush()
rest = 200_000
while rest:
    rest -= len(sys.stdin.buffer.read1(rest))
print('done')
"""
    with python(talk, emulate=False) as session:
        session.wait_for(lambda: b"ready" in session.raw)
        session.send(b"k" * 200_000)
        assert session.wait_exit() == 0
        assert session.raw.endswith(b"done\n")


# what a terminal does

ASK = """
import sys, tty, termios
before = termios.tcgetattr(0)
tty.setraw(0)
for query in sys.argv[1:]:
    sys.stdout.write(query.replace('ESC', chr(27)))
    sys.stdout.flush()
    print(repr(sys.stdin.buffer.raw.read(100)), end='\\r\\n')
termios.tcsetattr(0, termios.TCSANOW, before)
"""


def test_queries_are_answered_to_the_program() -> None:
    with python(ASK, "ESC[6n", "ESC[c", "abcESC[6n", "ESC[9;33HESC[6n", "ESC[?2026$p") as session:
        assert session.wait_exit() == 0
        assert [line for line in session.text.splitlines() if line] == [
            r"b'\x1b[1;1R'",
            r"b'\x1b[?62;22c'",
            r"abcb'\x1b[3;4R'",
            " " * 32 + r"b'\x1b[9;33R'",
            r"b'\x1b[?2026;2$y'",
        ]
        assert session.left_behind() == []


def test_the_size_is_known_and_followed() -> None:
    follow = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
while True:
    print(*os.get_terminal_size(), flush=True)
    signal.sigwait({signal.SIGWINCH})
"""
    with python(follow, columns=50, rows=10) as session:
        session.wait_for_text("50 10")
        session.resize(60, 12)
        session.wait_for_text("60 12")
        session.resize(40, 8)
        session.wait_for_text("40 8")


def test_settings_and_modes_that_stay_changed_are_left_behind() -> None:
    untidy = "import tty; tty.setraw(0); print('\\x1b[?1049h\\x1b[?25l\\x1b[?1003h\\x1b[?2004h\\x1b[>1u')"
    with python(untidy) as session:
        with pytest.raises(ValueError, match="has not ended"):
            session.left_behind()
        assert session.wait_exit() == 0
        assert session.left_behind() == [
            "a hidden cursor",
            "bracketed paste",
            "kitty's keyboard protocol",
            "mouse reports",
            "the alternate screen",
            "changed terminal settings",
        ]


def test_pictures_are_read_back() -> None:
    draw = "print('\\x1b[38;2;10;20;30;48;2;40;50;60m\\u2580\\u2584\\x1b[m')"
    with python(draw) as session:
        session.wait_exit()
        expected = np.array([[[10, 20, 30], [40, 50, 60]], [[40, 50, 60], [10, 20, 30]]], np.uint8)
        assert np.array_equal(session.pixels(0, 0, 1, 2), expected)


FRAMES = """
import sys, time
for frame in range(int(sys.argv[1])):
    sys.stdout.write('\\x1b[?2026h' + 'x' * 1000 + '\\x1b[?2026l')
    sys.stdout.flush()
input()
"""


@pytest.mark.parametrize("emulate", [True, False])
def test_frames_are_counted_and_timed(emulate: bool) -> None:
    with python(FRAMES, "50", emulate=emulate, keep_log=False) as session:
        assert session.wait_for_frames(50) > 0
        assert [frame.size for frame in session.frames] == [1016] * 50
        times = [frame.time for frame in session.frames]
        assert session.started < times[0] <= times[-1]
        assert times == sorted(times)
        assert session.raw == b""
        assert session.pump_for(0.05) == []


# a Textual app, as a whole

APP = """
from textual.app import App
from textual.widgets import Label

class Counter(App):
    BINDINGS = [("q", "quit", ""), ("x", "crash", "")]
    count, at = 0, "?"
    def compose(self):
        yield Label()
    def on_key(self, event):
        if event.key == "shift+right":
            self.count += 1
            self.show()
    def on_resize(self, event):
        self.at = f"{event.size.width}x{event.size.height}"
        self.show()
    def on_click(self, event):
        self.query_one(Label).update(f"click: {event.screen_x} {event.screen_y}")
    def show(self):
        self.query_one(Label).update(f"presses: {self.count}, size: {self.at}")
    def action_crash(self):
        raise RuntimeError("crashed")

app = Counter()
app.run()
print("bye")
raise SystemExit(app.return_code)
"""


@pytest.mark.parametrize("traits", [Traits(), Traits(in_band_resize=True), Traits(answers=False)])
def test_a_textual_app_is_driven_and_leaves_nothing_behind(traits: Traits) -> None:
    with python(APP, traits=traits) as session:
        session.wait_for_text("presses: 0, size: 80x24")
        session.press("shift+right", "shift+right")
        session.wait_for_text("presses: 2")
        session.resize(50, 12)
        session.wait_for_text("size: 50x12")
        session.click(4, 6)
        session.wait_for_text("click: 6 4")
        assert session.terminal.alternate
        assert not session.terminal.unknown
        session.press("q")
        assert session.wait_exit() == 0
        forgotten = (
            {"a mouse encoding"} if traits.in_band_resize else set()
        )  # Textual 8.2 never resets mode 1016
        assert set(session.left_behind()) <= forgotten
        assert session.text.strip() == "bye"
        assert {b"\x1b[?2026$p", b"\x1b[?2048$p"} <= set(session.terminal.queries)


def test_the_mouse_drags_where_it_was_asked_for() -> None:
    listen = "import tty; tty.setraw(0); print('\x1b[?1006hready')\nwhile True: print(repr(input()))"
    with python(listen) as session:
        with pytest.raises(ValueError, match="did not ask"):
            session.click(0, 0)
        session.wait_for_text("ready")
        session.drag((1, 2), (1, 5), (3, 5))
        session.send("\n")
        session.wait_for_text(r"'\x1b[<0;3;2M\x1b[<32;6;2M\x1b[<32;6;4M\x1b[<0;6;4m'")


def test_updates_of_a_textual_app_are_frames() -> None:
    """Textual marks them once the terminal has said that it knows the mode."""
    with python(APP) as session:
        session.wait_for_text("presses: 0, size: 80x24")
        session.press("shift+right")
        session.wait_for_text("presses: 1")
        session.wait_for(lambda: len(session.frames) >= 1, "the mark behind the update")
        session.press("q")
        session.wait_exit()


def test_a_textual_app_that_crashes_is_seen_to() -> None:
    with python(APP) as session:
        session.wait_for_text("presses: 0")
        session.press("x")
        assert session.wait_exit() == 1
        assert "RuntimeError: crashed" in session.text
        assert session.left_behind() == []


def test_a_textual_app_that_is_killed_leaves_its_mess() -> None:
    with python(APP) as session:
        session.wait_for_text("presses: 0")
        session.terminate(signal.SIGKILL)
        assert session.wait_exit() == -signal.SIGKILL
        assert {"the alternate screen", "mouse reports", "changed terminal settings"} <= set(
            session.left_behind()
        )


def test_nothing_is_kept_open() -> None:
    before = open_files()
    for _ in range(3):
        with python("pass") as session:
            session.wait_exit()
    assert open_files() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(session.process.pid, os.WNOHANG)
