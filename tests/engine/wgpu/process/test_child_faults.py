"""The decoder's process is killed, stopped, or its answers end at any byte: one line, and it is gone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.models.make import write_bundle
from vaevis_tui.engine import decoder_process
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.decoder_protocol import ANSWER, LENGTH
from vaevis_tui.errors import EngineError
from vaevis_tui.models.bundle import Bundle, open_bundle

Z = np.zeros((1, 8), np.float32)
IMAGE = 28 * 28 * 3

CUT = """
import os, struct, subprocess, sys
start = "import sys; sys.path[:] = %r; from vaevis_tui.engine.decoder_child import main; main()"
command = [sys.executable, "-c", start % ({path!r},)]
child = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
length = child.stdout.read(4)
opening = length + child.stdout.read(struct.unpack("<I", length)[0])
if OPENING is not None:
    os.write(1, opening[:OPENING])
else:
    os.write(1, opening)
    left = ANSWERS
    while left:
        left -= os.write(1, child.stdout.read(left))
child.kill()
child.wait()
sys.exit(3)
"""
"""In place of the process: it passes on what the process answers, to a byte, and ends."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(write_bundle(tmp_path_factory.mktemp("models") / "noise"))


def gone(decoder: IsolatedDecoder) -> bool:
    child = decoder._child
    decoder.close()
    if child is None:
        return True
    child._process.wait(10)
    return not Path(f"/proc/{child._process.pid}").exists()


def test_killed(bundle: Bundle) -> None:
    with IsolatedDecoder(bundle, backend="onnxruntime") as decoder:
        assert decoder._child is not None
        os.kill(decoder._child._process.pid, signal.SIGKILL)
        with pytest.raises(EngineError, match=r"failed \(SIGKILL\)"):
            decoder.decode(Z)
        assert gone(decoder)


def test_stopped(bundle: Bundle) -> None:
    with IsolatedDecoder(bundle, backend="onnxruntime", timeout=0.5) as decoder:
        assert decoder._child is not None
        decoder.decode(Z)
        os.kill(decoder._child._process.pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(EngineError, match="does not answer"):
            decoder.decode(Z)
        assert time.monotonic() - began < 10
        assert gone(decoder)


def test_stopped_when_it_is_closed(bundle: Bundle) -> None:
    with IsolatedDecoder(bundle, backend="onnxruntime") as decoder:
        assert decoder._child is not None
        child = decoder._child
        os.kill(child._process.pid, signal.SIGSTOP)
    assert child._process.wait(10) == -signal.SIGKILL


ELSEWHERE = {
    "it never begins": "import time; time.sleep(600)",
    "it begins with less than a length": "import os, time; os.write(1, b'..'); time.sleep(600)",
    "it takes no request": "import os, time; os.close(0); os.close(1); time.sleep(600)",
}


@pytest.mark.parametrize("program", ELSEWHERE.values(), ids=ELSEWHERE)
def test_it_lives_and_says_nothing(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(decoder_process, "_START", program)
    monkeypatch.setattr(decoder_process, "EXIT_TIMEOUT", 0.3)
    with pytest.raises(EngineError, match="does not answer any more"):
        IsolatedDecoder(bundle, backend="onnxruntime", opening_timeout=0.5)


def test_it_ends_after_an_image_while_the_next_is_begun(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(monkeypatch, answers=ANSWER.size + IMAGE + ANSWER.size)
    with IsolatedDecoder(bundle, backend="onnxruntime") as decoder:
        assert decoder.decode_on(Z, lambda: Z + 1).shape == (1, 28, 28, 3)
        with pytest.raises(EngineError, match=r"failed \(exit code 3\)"):
            decoder.decode(Z + 1)
        assert gone(decoder)


def cut(monkeypatch: pytest.MonkeyPatch, *, opening: int | None = None, answers: int = 0) -> None:
    program = CUT.replace("OPENING", str(opening)).replace("ANSWERS", str(answers))
    monkeypatch.setattr(decoder_process, "_START", program)


@pytest.mark.parametrize("kept", [0, 1, LENGTH.size - 1, LENGTH.size, LENGTH.size + 9])
def test_its_first_answer_ends(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    cut(monkeypatch, opening=kept)
    with pytest.raises(EngineError, match=r"failed \(exit code 3\)") as failure:
        IsolatedDecoder(bundle, backend="onnxruntime")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    "kept", [0, 1, ANSWER.size - 1, ANSWER.size, ANSWER.size + 1, ANSWER.size + IMAGE - 1]
)
def test_an_image_ends(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    cut(monkeypatch, answers=kept)
    with IsolatedDecoder(bundle, backend="onnxruntime") as decoder:
        with pytest.raises(EngineError, match=r"failed \(exit code 3\)") as failure:
            decoder.decode(Z)
        assert "\n" not in str(failure.value)
        assert gone(decoder)
