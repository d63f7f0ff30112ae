"""The backends of this machine side by side, on any model, with the share of its peak that wgpu reaches.

    python -m tests.benchmarks.compare [MODEL] [--seconds 3] [--no-tune] [--json]

They take turns, so that whatever else the machine does slows all of them alike.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vaevis_tui.bench.timing import Spread, spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tests.benchmarks.peak import Peak
    from vaevis_tui.engine.wgpu import WgpuDecoder

    Latents = NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """One way to decode.

    Attributes:
        name: For the table.
        decode: From a latent vector, float32 (1, d), to an image in memory.
        dispatches: Kernel launches an image, where they are known.
        device_seconds: The same by the device's own clock, without the way there and back, where it has one.
        work: What an image asks of the device at least, where that is known.
    """

    name: str
    decode: Callable[[Latents], object]
    dispatches: int | None = None
    device_seconds: Callable[[Latents], float | None] | None = None
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What an image asks of an adapter, and what that can do at most.

    Attributes:
        flops: Floating-point operations, two of them a multiply-add, as the kernels do them.
        bytes: Weights and tensors, each read or written once a kernel.
        peak: The adapter's limits.
    """

    flops: int
    bytes: int
    peak: Peak

    def shares(self, seconds: float) -> tuple[float, float]:
        """Shares of the peak arithmetic and of the peak bandwidth that an image in this time reaches."""
        return self.flops / seconds / self.peak.flops, self.bytes / seconds / self.peak.bandwidth


@dataclass(frozen=True, slots=True)
class Result:
    """How one candidate did.

    Attributes:
        name: Whose.
        dispatches: Kernel launches an image, where they are known.
        wall: Time to an image in memory.
        processor: Processor time of an image, of all threads together; what a busy machine distorts least.
        gflops: Twice the network's multiply-adds, as its file has them, over the median wall time, in 10⁹/s.
        device: Median milliseconds of the kernels by the device's own clock, where it has one.
        arithmetic: Share of the adapter's peak arithmetic that is reached: by processor time where the
            adapter is the processor, else by the device's clock or, where it has none, by wall time.
        bandwidth: Share of its peak bandwidth, likewise.
    """

    name: str
    dispatches: int | None
    wall: Spread
    processor: Spread
    gflops: float
    device: float | None = None
    arithmetic: float | None = None
    bandwidth: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Contenders on one network; the first is what the others are compared with.

    Attributes:
        network: Its name.
        adapter: What wgpu ran on.
        multiply_adds: Of the network, as its file has them; 0 where they are not known.
        results: In the candidates' order.
    """

    network: str
    adapter: str
    multiply_adds: int
    results: list[Result]


def compare(
    network: str,
    adapter: str,
    candidates: Sequence[Candidate],
    points: Latents,
    multiply_adds: int,
    seconds: float,
) -> Comparison:
    """Let candidates decode in turns for about `seconds`, at least three rounds after one that warms up.

    Args:
        network: Its name.
        adapter: What wgpu runs on, for the heading.
        candidates: Who takes part.
        points: Latent vectors, float32 (k, d), taken one after another.
        multiply_adds: Of the network, as its file has them.
        seconds: For all of them together.
    """
    for candidate in candidates:
        candidate.decode(points[:1])
    wall: list[list[float]] = [[] for _ in candidates]
    processor: list[list[float]] = [[] for _ in candidates]
    end = time.perf_counter() + seconds
    turn = 0
    while turn < 3 or time.perf_counter() < end:
        z = points[turn % len(points)][None]
        for index, candidate in enumerate(candidates):
            began, used = time.perf_counter(), time.process_time()
            candidate.decode(z)
            wall[index].append(1000 * (time.perf_counter() - began))
            processor[index].append(1000 * (time.process_time() - used))
        turn += 1
    results = [
        _standing(candidate, spread(wall[index]), spread(processor[index]), points, multiply_adds)
        for index, candidate in enumerate(candidates)
    ]
    return Comparison(network, adapter, multiply_adds, results)


DEVICE_ROUNDS = 9
"""Images that are timed by the device's own clock."""


def _standing(
    candidate: Candidate, wall: Spread, processor: Spread, points: Latents, multiply_adds: int
) -> Result:
    clocked: list[float] = []
    if candidate.device_seconds is not None:
        for turn in range(DEVICE_ROUNDS):
            seconds = candidate.device_seconds(points[turn % len(points)][None])
            clocked += [] if seconds is None else [1000 * seconds]
    device = statistics.median(clocked) if clocked else None
    arithmetic = bandwidth = None
    if candidate.work is not None:
        by_processor = candidate.work.peak.of_processor_time
        took = processor.median if by_processor else device or wall.median
        arithmetic, bandwidth = candidate.work.shares(took / 1000)
    gflops = 2 * multiply_adds / wall.median / 1e6
    return Result(
        candidate.name, candidate.dispatches, wall, processor, gflops, device, arithmetic, bandwidth
    )


def wgpu_candidate(name: str, decoder: WgpuDecoder) -> Candidate:
    """A decoder of ours, with what its adapter can do at most, which is measured here.

    Raises:
        EngineError: The adapter gives no second device.
    """
    from tests.benchmarks.peak import measure_peak

    plan = decoder.plan
    sizes = dict(plan.sizes) | {name: array.nbytes for name, array in plan.constants.items()}
    moved = sum(sizes[name] for dispatch in plan.dispatches for name in dispatch.bindings)
    work = Work(2 * plan.graph.multiply_adds, moved, measure_peak(decoder.info.adapter))
    return Candidate(name, decoder.decode, len(plan.dispatches), decoder.device_seconds, work)


def compare_backends(model: str, seconds: float, tune: bool = True) -> Comparison:
    """The backends that this machine has, on a model; where wgpu's kernels may be tuned that is done before.

    Raises:
        UserError: there is no such model, or `seconds` is out of range.
    """
    from vaevis_tui.api import load
    from vaevis_tui.engine.decoder import EngineError
    from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx
    from vaevis_tui.engine.wgpu import WgpuDecoder, open_tuned
    from vaevis_tui.errors import UserError
    from vaevis_tui.models.bundle import open_bundle

    if not 0.1 <= seconds <= 600:
        raise UserError(f"--seconds {seconds:g} is out of range; 0.1 to 600 is right")
    bundle = open_bundle(model)
    try:
        multiply_adds = import_onnx(bundle.read_decoder()).multiply_adds
    except UnsupportedGraph:
        multiply_adds = 0
    with ExitStack() as stack:
        candidates: list[Candidate] = []
        adapter = "no adapter"
        with contextlib.suppress(
            EngineError, ImportError, OSError
        ):  # where there is none, the others take turns
            decoder = stack.enter_context(open_tuned(bundle.read_decoder(), "upfront" if tune else "off"))
            assert isinstance(decoder, WgpuDecoder)
            candidates.append(wgpu_candidate("wgpu", decoder))
            adapter = decoder.info.adapter
        with contextlib.suppress(UserError):
            opened = stack.enter_context(load(model, backend="onnxruntime"))
            candidates.append(Candidate("onnxruntime", opened.decode))
        if not candidates:
            raise UserError("there is no backend to compare")
        points = bundle.space.sample(0, 64)
        return compare(model, adapter, candidates, points, multiply_adds, seconds)


def print_comparison(comparison: Comparison, *, as_json: bool) -> None:
    """Print a table for people, or one JSON object for programs."""
    if as_json:
        print(json.dumps(comparison_as_dict(comparison), indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    columns = ("decoder", "launches", "ms", "99 %", "device", "CPU", "GFLOP/s", "x", "x CPU")
    table = Table(*columns, box=None, pad_edge=False)
    for row, (wall, processor) in zip(comparison.results, ratios(comparison), strict=True):
        table.add_row(
            row.name,
            "" if row.dispatches is None else str(row.dispatches),
            _short(row.wall.median),
            _short(row.wall.p99),
            "" if row.device is None else _short(row.device),
            _short(row.processor.median),
            _short(row.gflops),
            _short(wall),
            _short(processor),
        )
    rounds = comparison.results[0].wall.calls
    size = f"{comparison.multiply_adds / 1e6:,.1f} M multiply-adds"
    print(f"{comparison.network}, {size}; wgpu on {comparison.adapter}")
    print(f"one image at a time, read back, in turns, {rounds} rounds; medians in ms: wall clock,")
    print("the device's own clock, processor time of all threads; ratios are to the first line")
    Console().print(table)
    for row in comparison.results:
        if row.arithmetic is not None and row.bandwidth is not None:
            print(
                f"{row.name} reaches {100 * row.arithmetic:.0f} % of this adapter's peak arithmetic and "
                f"{100 * row.bandwidth:.0f} % of its peak bandwidth"
            )


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def ratios(comparison: Comparison) -> list[tuple[float, float]]:
    """How many times the first candidate's wall and processor time each takes, by the medians."""
    first = comparison.results[0]
    return [
        (row.wall.median / first.wall.median, row.processor.median / max(first.processor.median, 1e-9))
        for row in comparison.results
    ]


def comparison_as_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison and its ratios, ready for JSON; times in milliseconds."""
    fields = asdict(comparison)
    for row, (wall, processor) in zip(fields["results"], ratios(comparison), strict=True):
        row |= {"wall_ratio": wall, "processor_ratio": processor}
    return fields


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.compare")
    parser.add_argument(
        "model", nargs="?", default="mnist", help="a shipped model, a bundle or an .onnx file"
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--no-tune", dest="tune", action="store_false")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    print_comparison(compare_backends(options.model, options.seconds, options.tune), as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
