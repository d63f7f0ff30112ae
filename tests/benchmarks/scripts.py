"""What scripts wait for: ``python -m tests.benchmarks.scripts [batches] [video]``, both by default."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import onnxruntime

import vaevis_tui
from vaevis_tui.resources import weights_dir

CHUNKS = (1, 4, 16, 64)
"""Batch sizes that bare onnxruntime is given; the best of them counts."""

VIDEO_FRAMES, VIDEO_SIDE = 1000, 512


def ways(model: vaevis_tui.api.Model, images: int) -> dict[str, Callable[[], object]]:
    """Decoding so many images with our API, and with onnxruntime's defaults, which gives floats only."""
    session = onnxruntime.InferenceSession(
        str(weights_dir() / model.name / "decoder.onnx"), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    z = model.sample(0, images)

    def bare(chunk: int) -> None:
        for start in range(0, images, chunk):
            session.run(None, {name: z[start : start + chunk]})

    return {"ours": partial(model.decode, z)} | {f"bare {chunk}": partial(bare, chunk) for chunk in CHUNKS}


def race(name: str, images: int, rounds: int) -> tuple[dict[str, float], float]:
    """Decode in turns: milliseconds an image of each way, the best of some rounds, and our share.

    The share is our time by that of the best bare way in the same round, the median of all rounds: other work
    on the machine moves it less than either time.
    """
    with vaevis_tui.load(name, backend="onnxruntime") as model:
        tried = ways(model, images)
        rows = []
        for _ in range(rounds):
            row = {}
            for way, run in tried.items():
                _rest()
                began = time.perf_counter()
                run()
                row[way] = 1e3 * (time.perf_counter() - began) / images
            rows.append(row)
    best = {way: min(row[way] for row in rows) for way in tried}
    bare = min((way for way in tried if way != "ours"), key=best.__getitem__)
    return best, statistics.median(row["ours"] / row[bare] for row in rows)


def processor_share(name: str, images: int, rounds: int) -> float:
    """Our processor time by that of onnxruntime in one thread, which divides nothing and waits for nobody.

    With all cores busy it is what our threads, copies and bytes add; other work hardly moves it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = str(weights_dir() / name / "decoder.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    with vaevis_tui.load(name, backend="onnxruntime") as model:
        z, latent = model.sample(0, images), session.get_inputs()[0].name
        shares = []
        for _ in range(rounds):
            began = time.process_time()
            model.decode(z)
            ours = time.process_time() - began
            for start in range(0, images, 16):
                session.run(None, {latent: z[start : start + 16]})
            shares.append(ours / (time.process_time() - began - ours))
    return statistics.median(shares)


def _rest() -> None:
    """Wait until this process does nothing: after a run, onnxruntime's threads spin for 35 ms by default.

    They would take a core from whatever is measured next, for as long as 256 images of mnist need.
    """
    while True:
        worked = time.process_time()
        time.sleep(0.02)
        if time.process_time() - worked < 0.001:
            return


def video() -> tuple[float, float, int]:
    """Writing a thousand frames of dog as MP4: seconds, processor's seconds, and the file's bytes."""
    with tempfile.TemporaryDirectory() as folder, vaevis_tui.load("dog", backend="onnxruntime") as model:
        began, worked = time.perf_counter(), time.process_time()
        path = model.walk(1, VIDEO_FRAMES).save(Path(folder) / "walk.mp4", side=VIDEO_SIDE)
        return time.perf_counter() - began, time.process_time() - worked, path.stat().st_size


def print_batches() -> None:
    """A table of what an image of a batch costs."""
    for name, images in (("mnist", 256), ("dog", 64)):
        best, share = race(name, images, 21)
        print(f"{name}, {images} images at once, ms an image:")
        for way, milliseconds in best.items():
            print(f"  {way:8} {milliseconds:7.3f}")
        print(f"  ours / best bare, median of the rounds: {share:.2f}")
        print(f"  processor time, ours / bare in one thread: {processor_share(name, images, 21):.2f}")


def print_video() -> None:
    """What a video costs."""
    seconds, worked, size = video()
    print(
        f"{VIDEO_FRAMES} frames of dog at {VIDEO_SIDE}x{VIDEO_SIDE} to MP4: {seconds:.1f} s, "
        f"{worked:.1f} s of processor time, {size:,} bytes"
    )


def main(names: list[str]) -> None:
    """Print those that are named, or both."""
    for name, show in (("batches", print_batches), ("video", print_video)):
        if not names or name in names:
            show()


if __name__ == "__main__":
    main(sys.argv[1:])
