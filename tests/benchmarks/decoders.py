"""This engine beside the naive chain, onnxruntime and PyTorch, on three networks, in one run.

    python -m tests.benchmarks.decoders [--networks vaevis dog mnist] [--seconds 20] [--adapter NAME] [--json]

They decode one picture at a time in turns, readback included; see `tests.benchmarks.compare` for the columns.
Networks are VAE-Vis's decoder with random weights, ``dog`` and ``mnist``. This engine takes kernels that it
measures before, ``--no-tune`` those that it expects to be the fastest. Before anything is timed, all must
make the same picture. PyTorch takes part if it is installed, on the processor and, where there is one, on the
GPU; onnxruntime on CUDA where its wheel has that provider. Neither was ever run on a GPU.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.compare import (
    Candidate,
    compare,
    comparison_as_dict,
    print_comparison,
    wgpu_candidate,
)
from tests.benchmarks.naive import NaiveChain
from tests.engine.reference import as_images, vaevis_like
from vaevis_tui import resources
from vaevis_tui.engine.graph import import_onnx
from vaevis_tui.engine.wgpu import WgpuDecoder, open_tuned
from vaevis_tui.engine.wgpu.device import find_adapter, open_device


def _shipped(name: str) -> Any:
    """The decoder of a shipped model."""
    import onnx

    return onnx.load(str(resources.weights_dir() / name / "decoder.onnx"))


NETWORKS: dict[str, Callable[[], Any]] = {
    "vaevis": lambda: vaevis_like().model(),
    "dog": lambda: _shipped("dog"),
    "mnist": lambda: _shipped("mnist"),
}


@contextmanager
def candidates(model: Any, adapter: str | None, tune: bool = False) -> Iterator[list[Candidate]]:
    """Everyone who can take part here, this engine first."""
    graph = import_onnx(model)
    with ExitStack() as stack:
        ours = stack.enter_context(open_tuned(model, "upfront" if tune else "off", adapter=adapter))
        assert isinstance(ours, WgpuDecoder)
        found = [wgpu_candidate("this engine", ours)]
        device, _ = open_device(find_adapter(adapter)[1])
        stack.callback(device.destroy)
        naive = stack.enter_context(closing(NaiveChain(device, graph)))
        found.append(Candidate("naive chain", naive.decode, naive.dispatches))
        found += _onnxruntime(model)
        if importlib.util.find_spec("torch"):
            import torch

            from tests.benchmarks.torch_eager import TorchEager

            for name in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
                found.append(Candidate(f"torch eager {name}", TorchEager(graph, name).decode))
        yield found


def _onnxruntime(model: Any) -> Iterator[Candidate]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    wanted = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda"}
    for provider in onnxruntime.get_available_providers():
        if provider not in wanted:
            continue
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=[provider])
        latents = session.get_inputs()[0].name

        def decode(
            z: NDArray[np.float32], session: Any = session, latents: str = latents
        ) -> NDArray[np.uint8]:
            return as_images(np.asarray(session.run(None, {latents: z})[0]))

        yield Candidate(f"onnxruntime {wanted[provider]}", decode)


def check(found: list[Candidate], z: NDArray[np.float32]) -> None:
    """Every candidate makes the first one's picture, to two levels of 255.

    Raises:
        AssertionError: One does not.
    """
    expected = np.asarray(found[0].decode(z)).astype(int)
    for candidate in found[1:]:
        furthest = int(np.abs(np.asarray(candidate.decode(z)).astype(int) - expected).max())
        assert furthest <= 2, f"{candidate.name} is {furthest} levels away from {found[0].name}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--seconds", type=float, default=20.0, help="for each network (default: 20)")
    parser.add_argument("--adapter", help="part of the name of the adapter to take")
    parser.add_argument("--no-tune", dest="tune", action="store_false", help="do not measure kernels before")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    results = []
    for name in options.networks:
        model = NETWORKS[name]()
        graph = import_onnx(model)
        points = np.random.default_rng(0).standard_normal((16, graph.input_shape[1])).astype(np.float32)
        with candidates(model, options.adapter, options.tune) as found:
            check(found, points[:1])
            where = find_adapter(options.adapter)[0].name
            result = compare(name, where, found, points, graph.multiply_adds, options.seconds)
        results.append(comparison_as_dict(result))
        if not options.json:
            print_comparison(result, as_json=False)
    if options.json:
        print(json.dumps(results, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
