"""Decoders give back what they take."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tests.engine.reference import (
    Builder,
    dcgan_like,
    mnist_like,
)
from vaevis_tui.engine.wgpu import WgpuDecoder


def native_objects() -> int:
    """Buffers, textures, pipelines and the like that wgpu-native keeps."""
    from wgpu.backends.wgpu_native._helpers import generate_report

    gc.collect()
    return sum(kind["kept"] for kind in generate_report()["hub"].values())


def test_batches_make_nothing_anew_and_give_their_memory_back() -> None:
    b = dcgan_like(width=4)
    before = native_objects()
    with WgpuDecoder(b.model()) as decoder:
        decoder.decode(b.latents(1))
        one = native_objects()
        decoder.decode(b.latents(40))
        batch = native_objects()
        for n in (2, 40, 1, 7, 100):
            decoder.decode(b.latents(n))
        assert native_objects() == batch > one
    del decoder
    assert native_objects() == before


LEAK_SCRIPT = """
import gc, os, sys, threading
import numpy as np
from vaevis_tui.engine.wgpu import WgpuDecoder
from wgpu.backends.wgpu_native._helpers import generate_report

def cycle():
    with WgpuDecoder(sys.argv[1]) as decoder:
        decoder.decode(np.zeros((1, decoder.info.latent_dim), np.float32))

def megabytes():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

for _ in range(8):
    cycle()
before = megabytes()
for _ in range(8):
    cycle()
print(megabytes() - before, threading.active_count())
print(sum(kind["kept"] for kind in generate_report()["hub"].values()))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
def test_opening_and_closing_leaks_nothing(tmp_path: Path) -> None:
    onnx.save(mnist_like().model(), tmp_path / "decoder.onnx")
    ran = subprocess.run(
        [sys.executable, "-c", LEAK_SCRIPT, str(tmp_path / "decoder.onnx")],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    grown, threads, native_objects = ran.stdout.split()
    assert float(grown) < 16  # eight decoders' weights and textures are 48 MB; the allocator keeps 10
    assert (int(threads), int(native_objects)) == (1, 0)


def test_a_hundred_frames_leak_nothing() -> None:
    b = Builder(4)
    b.image(3, 5, 6)
    b.add("Sigmoid")
    with WgpuDecoder(b.model()) as decoder:
        z = b.latents(1)
        decoder.decode(z)
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(100):
            decoder.decode(z)
        gc.collect()
        assert len(gc.get_objects()) - before < 50
