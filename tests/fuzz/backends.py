"""Changed decoders on both backends: wgpu makes the image that onnxruntime makes, or refuses the graph.

    python -m tests.fuzz.backends [--count 1000] [--seed 0] [--keep FOLDER]

Every graph follows from the seed and its number. The exit code is 1 if an image differed by more than one
level of 255, or wgpu ended in anything but an `EngineError`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx

from tests.fuzz.files import own_folders
from tests.fuzz.graphs import STEPS, changed, seed_model
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.wgpu import WgpuDecoder
from vaevis_tui.errors import EngineError, UserError
from vaevis_tui.models.bundle import open_bundle

LEVELS = 1
"""Of 255, by which two orders of adding may round apart."""


def graph(seed: int, number: int) -> bytes:
    """A decoder of `STEPS` with some changes."""
    rng = random.Random(f"backends {seed} {number}")
    return changed(seed_model(rng.choice(list(STEPS))), rng)


def compare(data: bytes, folder: Path) -> tuple[bool, str | None]:
    """Whether both backends decode a graph, and what is wrong where they do not agree."""
    path = folder / "a.onnx"
    path.write_bytes(data)
    try:
        bundle = open_bundle(path)
        z = np.random.default_rng(1).standard_normal((1, bundle.latent_dim)).astype(np.float32)
        with OnnxRuntimeDecoder(bundle) as decoder:
            expected = decoder.decode(z)
    except (UserError, EngineError, UnicodeError):
        return False, None
    try:
        with WgpuDecoder(bundle.read_decoder()) as gpu:
            images = gpu.decode(z)
    except EngineError:
        return False, None
    except Exception as error:
        return False, f"{type(error).__name__}: {str(error)[:150]}"
    apart = np.abs(images.astype(int) - expected)
    if apart.max() <= LEVELS:
        return True, None
    kinds = " ".join(node.op_type for node in onnx.ModelProto.FromString(data).graph.node)
    return True, f"{apart.max()} levels, {100 * np.mean(apart > LEVELS):.0f} % of the values: {kinds}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzz"), help="where failures go"
    )
    options = parser.parse_args(arguments)
    both = failed = 0
    began = time.perf_counter()
    with own_folders() as folder:
        for number in range(options.count):
            data = graph(options.seed, number)
            decoded, fault = compare(data, folder)
            both += decoded
            if fault is not None:
                failed += 1
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"backends-{options.seed}-{number}.onnx").write_bytes(data)
                print(f"  {number}: {fault}", flush=True)
    took = time.perf_counter() - began
    print(f"backends: {options.count:,} tried, {both:,} on both, {failed:,} failed, {took:.0f} seconds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
