"""By the README alone: from a decoder in PyTorch to an image that moves in a terminal, timed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.harness.ptyharness import PtySession
from vaevis_tui.resources import weights_dir

README = weights_dir().parent / "README.md"

LIMIT = 120.0
"""Seconds that a person has, from a decoder in Python to a moving image."""

DECODER = """
import torch
from torch import nn

decoder = nn.Sequential(
    nn.Linear(128, 128 * 8 * 8),
    nn.ReLU(),
    nn.Unflatten(1, (128, 8, 8)),
    nn.ConvTranspose2d(128, 64, 4, 2, 1),
    nn.BatchNorm2d(64),
    nn.ReLU(),
    nn.ConvTranspose2d(64, 3, 4, 2, 1),
    nn.Sigmoid(),
).eval()
"""


def middle(session: PtySession) -> bytes:
    """Some of the image's pixels; nothing while there are none."""
    try:
        pixels = session.pixels(8, 10, 4, 8)
    except ValueError:
        return b""
    return pixels.tobytes() if pixels.std() > 1 else b""


@pytest.mark.slow
def test_a_decoder_of_pytorch_moves_within_two_minutes(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="pip install .[train]")
    pytest.importorskip("onnxscript", reason="pip install .[train]")
    text = README.read_text(encoding="utf-8")
    (export,) = re.findall(r"```python\n(torch\.onnx\.export.*?)```", text, re.S)
    assert "`vaevis-tui --model decoder.onnx`" in text
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", DECODER + export], cwd=tmp_path, check=True, capture_output=True)
    exported = time.monotonic()
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--model", tmp_path / "decoder.onnx"]
    with PtySession(command) as session:
        session.wait_for(lambda: middle(session), "an image")
        shown = time.monotonic()
        images: list[bytes] = []

        def moves() -> bool:
            images.append(middle(session))
            return len(set(images)) > 3

        session.press("w")
        session.wait_for(moves, "four images")
        moving = time.monotonic()
        session.press("q")
        assert session.wait_exit() == 0
    print(
        f"export {exported - began:.1f} s, first image {shown - exported:.1f} s, "
        f"moving {moving - shown:.1f} s: {moving - began:.1f} s in all"
    )
    assert moving - began < LIMIT
