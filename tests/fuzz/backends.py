"""Changed decoders on both backends: wgpu makes the image that onnxruntime makes, or refuses the graph.

    python -m tests.fuzz.backends [--count 1000] [--seed 0] [--keep FOLDER]

Every graph follows from the seed and its number. The exit code is 1 if an image differed by more than one
level of 255, or wgpu ended in anything but an `EngineError`. Where a tensor on the way holds NaN or infinity,
images may differ: WGSL leaves open what becomes of them. They are counted apart; the program compares the
first image with onnxruntime's, and takes that backend where they differ.
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
import onnxruntime

from tests.fuzz.files import own_folders
from tests.fuzz.graph_seeds import STEPS, seed_model
from tests.fuzz.graphs import changed
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.wgpu import WgpuDecoder
from vaevis_tui.errors import EngineError, UserError
from vaevis_tui.models.bundle import open_bundle

NO_NUMBERS = "NaN or infinity"

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
    if (name := unfit(bundle.read_decoder().model, z)) is not None:
        return True, f"{NO_NUMBERS} in {name!r}"
    kinds = " ".join(node.op_type for node in onnx.ModelProto.FromString(data).graph.node)
    return True, f"{apart.max()} levels, {100 * np.mean(apart > LEVELS):.0f} % of the values: {kinds}"


def unfit(model: onnx.ModelProto, z: np.ndarray) -> str | None:
    """The name of a tensor that holds NaN or infinity while onnxruntime decodes; None where none does."""
    looked_at = onnx.ModelProto()
    looked_at.CopyFrom(model)
    names = [name for node in looked_at.graph.node for name in node.output if name]
    del looked_at.graph.output[:]
    looked_at.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(looked_at.SerializeToString())
    tensors = session.run(None, {session.get_inputs()[0].name: z})
    for name, tensor in zip(map(str, names), tensors, strict=True):
        if isinstance(tensor, np.ndarray) and tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            return name
    return None


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
    both = failed = no_numbers = 0
    began = time.perf_counter()
    with own_folders() as folder:
        for number in range(options.count):
            data = graph(options.seed, number)
            decoded, fault = compare(data, folder)
            both += decoded
            if fault is not None and fault.startswith(NO_NUMBERS):
                no_numbers += 1
            elif fault is not None:
                failed += 1
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"backends-{options.seed}-{number}.onnx").write_bytes(data)
                print(f"  {number}: {fault}", flush=True)
    took = time.perf_counter() - began
    print(
        f"backends: {options.count:,} tried, {both:,} on both, {no_numbers:,} of them differ by NaN or"
        f" infinity, {failed:,} failed, {took:.0f} seconds"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
