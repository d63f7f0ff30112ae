"""What an adapter can do at most, by two small measurements: multiply-adds, and bytes moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from vaevis_tui.engine.wgpu.device import engine_errors, find_adapter, open_device
from vaevis_tui.engine.wgpu.resources import Resources, whole
from vaevis_tui.engine.wgpu.template import render

CHAINS = 8
"""Sums of a thread that do not wait for each other: as many vec4s as any processor keeps in flight."""

ITERATIONS = 256
"""Multiply-adds of each chain."""

MOVED = 64 << 20
"""Bytes of a copy: more than any cache that is not the memory itself, and few enough for any adapter."""

LONG_ENOUGH = 0.05
"""Seconds that a measurement takes, beside which handing it in is nothing."""

ROUNDS = 3
"""Measurements, of which the fastest counts."""


@dataclass(frozen=True, slots=True)
class Peak:
    """An adapter's limits as measured.

    Attributes:
        flops: Floating-point operations a second, two of them a multiply-add.
        bandwidth: Bytes a second between its processors and its memory, reads and writes together.
        of_processor_time: Whether the seconds are processor time, as on an adapter that is the processor:
            the wall clock would tell what else it does.
    """

    flops: float
    bandwidth: float
    of_processor_time: bool = False


def measure_peak(adapter: str | None = None) -> Peak:
    """Measure an adapter on a device of its own, for some tenths of a second.

    Args:
        adapter: Part of its name; else the one that decoders take.

    Raises:
        EngineError: There is no such adapter, or its device fails.
    """
    summary, native = find_adapter(adapter)
    device, _ = open_device(native)
    clock = time.perf_counter if summary.is_hardware else time.process_time
    with engine_errors("the adapter could not be measured"), ExitStack() as stack:
        stack.callback(device.destroy)
        resources = stack.enter_context(closing(Resources(device)))
        return Peak(_flops(resources, clock), _bandwidth(resources, clock), not summary.is_hardware)


def _flops(resources: Resources, clock: Callable[[], float]) -> float:
    source = render("peak.wgsl", {"chains": CHAINS, "iterations": ITERATIONS})
    result = resources.buffer("result", 64 * 16, "STORAGE")
    kinds = ("write buffer",)
    pipeline = resources.pipeline("peak", source, kinds)
    group = resources.group(kinds, [whole(result)])

    def record(encoder: Any, workgroups: int) -> None:
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(pipeline)
        compute.set_bind_group(0, group)
        for start in range(0, workgroups, 32768):
            compute.dispatch_workgroups(min(32768, workgroups - start))
        compute.end()

    return 64 * 4 * 2 * CHAINS * ITERATIONS * _a_second(resources, record, clock)


def _bandwidth(resources: Resources, clock: Callable[[], float]) -> float:
    source = resources.buffer("source", MOVED, "COPY_SRC | COPY_DST")
    target = resources.buffer("target", MOVED, "COPY_SRC | COPY_DST")

    def record(encoder: Any, copies: int) -> None:
        for _ in range(copies):
            encoder.copy_buffer_to_buffer(source, 0, target, 0, MOVED)

    return 2 * MOVED * _a_second(resources, record, clock)


def _a_second(resources: Resources, record: Callable[[Any, int], None], clock: Callable[[], float]) -> float:
    """How often something can be done a second, for as many times as take long enough."""
    device = resources.device
    mark = resources.buffer("mark", 4, "COPY_SRC")
    arrived = resources.buffer("arrived", 4, "MAP_READ | COPY_DST")

    def seconds(times: int) -> float:
        began = clock()
        encoder = device.create_command_encoder()
        record(encoder, times)
        encoder.copy_buffer_to_buffer(mark, 0, arrived, 0, 4)
        device.queue.submit([encoder.finish()])
        arrived.map_async("READ_NOSYNC").sync_wait()
        arrived.unmap()
        return clock() - began

    times = 1
    seconds(times)  # a driver may compile
    while (took := seconds(times)) < LONG_ENOUGH:
        times *= 2
    return times / min(took, *(seconds(times) for _ in range(ROUNDS - 1)))
