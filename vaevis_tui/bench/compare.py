"""Decoders side by side: they take turns, so that whatever else the machine does slows all of them alike."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vaevis_tui.bench.timing import Spread, spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Latents = NDArray[np.float32]


@dataclass(frozen=True)
class Contender:
    """One way to decode.

    Attributes:
        name: For the table.
        decode: From a latent vector, float32 (1, d), to a picture in memory.
        dispatches: Kernel launches a picture, where they are known.
    """

    name: str
    decode: Callable[[Latents], object]
    dispatches: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one contender did.

    Attributes:
        name: Whose.
        dispatches: Kernel launches a picture, where they are known.
        wall: Time to a picture in memory.
        processor: Processor time of a picture, of all threads together; what a busy machine distorts least.
        gflops: Twice the network's multiply-adds, as its file has them, over the median wall time, in 10⁹/s.
    """

    name: str
    dispatches: int | None
    wall: Spread
    processor: Spread
    gflops: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Contenders on one network; the first is what the others are compared with.

    Attributes:
        network: Its name.
        adapter: What wgpu ran on.
        multiply_adds: Of the network, as its file has them; 0 where they are not known.
        standings: In the contenders' order.
    """

    network: str
    adapter: str
    multiply_adds: int
    standings: list[Standing]


def compare(
    network: str,
    adapter: str,
    contenders: Sequence[Contender],
    points: Latents,
    multiply_adds: int,
    seconds: float,
) -> Comparison:
    """Let contenders decode in turns for about `seconds`, at least three rounds after one that warms up.

    Args:
        network: Its name.
        adapter: What wgpu runs on, for the heading.
        contenders: Who takes part.
        points: Latent vectors, float32 (k, d), taken one after another.
        multiply_adds: Of the network, as its file has them.
        seconds: For all of them together.
    """
    for contender in contenders:
        contender.decode(points[:1])
    wall: list[list[float]] = [[] for _ in contenders]
    processor: list[list[float]] = [[] for _ in contenders]
    end = time.perf_counter() + seconds
    turn = 0
    while turn < 3 or time.perf_counter() < end:
        z = points[turn % len(points)][None]
        for index, contender in enumerate(contenders):
            began, used = time.perf_counter(), time.process_time()
            contender.decode(z)
            wall[index].append(1000 * (time.perf_counter() - began))
            processor[index].append(1000 * (time.process_time() - used))
        turn += 1
    standings = [
        Standing(
            contender.name,
            contender.dispatches,
            (times := spread(wall[index])),
            spread(processor[index]),
            2 * multiply_adds / times.median / 1e6,
        )
        for index, contender in enumerate(contenders)
    ]
    return Comparison(network, adapter, multiply_adds, standings)


def compare_backends(model: str, seconds: float, tune: bool = True) -> Comparison:
    """The backends that this machine has, on a model; where wgpu's kernels may be tuned that is done before.

    Raises:
        UserError: there is no such model, or `seconds` is out of range.
    """
    from vaevis_tui.api import load
    from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx
    from vaevis_tui.errors import UserError
    from vaevis_tui.models.bundle import open_bundle

    if not 0.1 <= seconds <= 600:
        raise UserError(f"--seconds {seconds:g} is out of range; 0.1 to 600 is right")
    bundle = open_bundle(model)
    try:
        multiply_adds = import_onnx(bundle.read_decoder().model).multiply_adds
    except UnsupportedGraph:
        multiply_adds = 0
    with ExitStack() as stack:
        contenders: list[Contender] = []
        adapter, points = "no adapter", None
        for backend in ("wgpu", "onnxruntime"):
            try:
                opened = stack.enter_context(load(model, backend=backend, tuning="first" if tune else "off"))
            except UserError:
                continue
            if opened.info.backend != backend:
                continue
            points = opened.sample(0, 64)
            adapter = opened.info.adapter if backend == "wgpu" else adapter
            contenders.append(Contender(backend, opened.decode))
        if points is None:
            raise UserError("there is no backend to compare")
        return compare(model, adapter, contenders, points, multiply_adds, seconds)


def print_comparison(comparison: Comparison, *, as_json: bool) -> None:
    """Print a table for people, or one JSON object for programs."""
    if as_json:
        print(json.dumps(comparison_as_dict(comparison), indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    columns = ("decoder", "launches", "ms", "99 %", "processor ms", "GFLOP/s", "x time", "x processor")
    table = Table(*columns, box=None, pad_edge=False)
    for row, (wall, processor) in zip(comparison.standings, ratios(comparison), strict=True):
        table.add_row(
            row.name,
            "" if row.dispatches is None else str(row.dispatches),
            *(f"{value:.2f}" for value in (row.wall.median, row.wall.p99, row.processor.median)),
            f"{row.gflops:.1f}",
            *(f"{value:.2f}" for value in (wall, processor)),
        )
    rounds = comparison.standings[0].wall.calls
    size = f"{comparison.multiply_adds / 1e6:,.1f} M multiply-adds"
    print(f"{comparison.network}, {size}; wgpu on {comparison.adapter}")
    print(
        f"one picture at a time, read back, in turns, {rounds} rounds; medians; ratios are to the first line"
    )
    Console().print(table)


def ratios(comparison: Comparison) -> list[tuple[float, float]]:
    """How many times the first contender's wall and processor time each takes, by the medians."""
    first = comparison.standings[0]
    return [
        (row.wall.median / first.wall.median, row.processor.median / max(first.processor.median, 1e-9))
        for row in comparison.standings
    ]


def comparison_as_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison and its ratios, ready for JSON; times in milliseconds."""
    fields = asdict(comparison)
    for row, (wall, processor) in zip(fields["standings"], ratios(comparison), strict=True):
        row |= {"wall_ratio": wall, "processor_ratio": processor}
    return fields
