"""A plan on a device: all is made once; a frame writes z, submits one command buffer, reads one copy."""

from __future__ import annotations

import time
from collections import deque
from contextlib import closing
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import DecodeTimes, Latents
from vaevis_tui.engine.wgpu.arena import align, arena_of
from vaevis_tui.engine.wgpu.device import engine_errors
from vaevis_tui.engine.wgpu.kernels import Limits
from vaevis_tui.engine.wgpu.kernels.base import TEXTURE_WIDTH
from vaevis_tui.engine.wgpu.plan import Plan
from vaevis_tui.engine.wgpu.resources import Resources, whole

MAX_ITEMS = 16
"""Examples in one submission: enough to fill a GPU with small layers, few enough to stay responsive."""

MAX_ARENA = 256 << 20
"""Bytes of tensors for one submission; a batch that needs more goes in smaller chunks."""

STAGING_BUFFERS = 2
"""Chunks in flight: one is computed while the one before is read."""


class Program:
    """Pipelines, weights and buffers of one plan; owns its buffers, not the device."""

    def __init__(self, device: Any, limits: Limits, plan: Plan) -> None:
        """Compile and upload.

        Args:
            device: An open ``wgpu.GPUDevice``.
            limits: Its limits.
            plan: What to compute.

        Raises:
            EngineError: The device refuses a shader or has no memory.
        """
        self.plan = plan
        self.times = DecodeTimes()
        self._device = device
        self._limits = limits
        self._resources = Resources(device)
        self._lanes: dict[int, _Lane] = {}
        try:
            with engine_errors("the decoder could not be put on the device"):
                self._pipelines = self._compile(plan)
                self._constants = self._upload()
                self._lane(1)
        except BaseException:
            self.close()
            raise

    def run(self, z: Latents) -> NDArray[Any]:
        """Compute the graph's output for each latent vector.

        Args:
            z: float32 (n, d).

        Returns:
            uint32 (n, h·w) RGBA8 where the plan packs, else float32 (n, vec4s·4) as `layout` has it.

        Raises:
            EngineError: The device failed.
        """
        words = self.plan.sizes[self.plan.graph.output] // 4
        out = np.empty((len(z), words), np.uint32 if self.plan.packed else np.float32)
        lane = self._lane(1 if len(z) <= 1 else self.batch)
        self._submitting = self._waiting = self._copying = 0.0
        in_flight: deque[tuple[int, int, Any, Any]] = deque()
        with engine_errors("the device failed while decoding"):
            for number, start in enumerate(range(0, len(z), lane.items)):
                if len(in_flight) == STAGING_BUFFERS:
                    self._collect(out, *in_flight.popleft())
                chunk = z[start : start + lane.items]
                staging = lane.staging[number % STAGING_BUFFERS]
                in_flight.append((start, len(chunk), staging, self._submit(lane, chunk, staging)))
            while in_flight:
                self._collect(out, *in_flight.popleft())
        self.times = DecodeTimes(self._submitting, self._waiting, self._copying)
        return out

    def device_seconds(self, z: Latents) -> float | None:
        """Time of the kernels of one frame by the device's own clock; None where it has none.

        Args:
            z: float32 (1, d).

        Raises:
            EngineError: The device failed.
        """
        if "timestamp-query" not in self._device.features:
            return None
        from wgpu.backends.wgpu_native import lib

        lane, resources = self._lane(1), Resources(self._device)
        with engine_errors("the device failed while it was timed"), closing(resources):
            queries = self._device.create_query_set(type="timestamp", count=2)
            ticks = resources.buffer("ticks", 16, "QUERY_RESOLVE | COPY_SRC")
            lane.host[:1, : z.shape[1]] = z
            self._device.queue.write_buffer(lane.latents, 0, lane.host[:1])
            encoder = self._device.create_command_encoder()
            places = {"beginning_of_pass_write_index": 0, "end_of_pass_write_index": 1}
            self._encode(encoder, lane, 1, timestamp_writes={"query_set": queries, **places})
            encoder.resolve_query_set(queries, 0, 2, ticks, 0)
            self._device.queue.submit([encoder.finish()])
            began, ended = np.frombuffer(self._device.queue.read_buffer(ticks), np.uint64)
            # wgpu-py hands out ticks; how many nanoseconds one takes is not wrapped.
            period = lib.wgpuQueueGetTimestampPeriod(self._device.queue._internal)
        return float(ended - began) * float(period) * 1e-9

    @cached_property
    def batch(self) -> int:
        """Examples in one submission when there are several."""
        limits, sizes = self._limits, self.plan.sizes
        banks = arena_of(self.plan, 1, limits.alignment).banks
        fitting = [
            MAX_ITEMS,
            MAX_ARENA // max(1, *banks, sum(banks)),
            limits.binding_bytes // max(sizes.values()),
            limits.buffer_bytes // max(*banks, *sizes.values()),
            limits.workgroups,
        ]
        texels = [size for name, size in sizes.items() if name in self.plan.textures]
        if texels:
            fitting.append(limits.texture_rows * TEXTURE_WIDTH * 16 // max(texels))
        return max(1, min(fitting))

    def close(self) -> None:
        """Give the memory back; closing twice is harmless."""
        self._resources.close()
        self._lanes.clear()

    # -- making --------------------------------------------------------------------------------------------

    def _compile(self, plan: Plan) -> list[Any]:
        made: dict[str, Any] = {}
        for dispatch in plan.dispatches:
            if dispatch.source not in made:
                label = f"{dispatch.kernel} {dispatch.operator.output}"
                made[dispatch.source] = self._resources.pipeline(label, dispatch.source, plan.kinds(dispatch))
        return [made[dispatch.source] for dispatch in plan.dispatches]

    def _upload(self) -> dict[str, Any]:
        """Put all constants on the device; returns what to bind for each."""
        bound: dict[str, Any] = {}
        for group in self._weight_buffers():
            total = max((o + self.plan.constants[n].nbytes for n, o in group.items()), default=0)
            if not total:
                continue
            host = np.zeros(align(total, 16), np.uint8)
            for name, offset in group.items():
                array = self.plan.constants[name]
                host[offset : offset + array.nbytes] = array.view(np.uint8)
            buffer = self._resources.buffer("weights", len(host), "STORAGE | COPY_DST")
            self._device.queue.write_buffer(buffer, 0, host)
            for name, offset in group.items():
                bound[name] = {"buffer": buffer, "offset": offset, "size": self.plan.constants[name].nbytes}
        for name in self.plan.constants.keys() & self.plan.textures:
            bound[name] = self._resources.words(self.plan.constants[name])
        return bound

    def _weight_buffers(self) -> list[dict[str, int]]:
        """Offset of each constant in as few buffers as the device's limits allow."""
        groups: list[dict[str, int]] = [{}]
        end = 0
        for name, array in self.plan.constants.items():
            if name in self.plan.textures:
                continue
            offset = align(end, self._limits.alignment)
            if groups[-1] and offset + array.nbytes > self._limits.buffer_bytes:
                groups.append({})
                offset = 0
            groups[-1][name] = offset
            end = offset + array.nbytes
        return groups

    def _lane(self, items: int) -> _Lane:
        if items not in self._lanes:
            with engine_errors(f"no memory for {items} images at once"):
                self._lanes[items] = _Lane(self, items)
        return self._lanes[items]

    # -- a frame -------------------------------------------------------------------------------------------

    def _submit(self, lane: _Lane, z: Latents, staging: Any) -> Any:
        """Write z, submit the chunk and ask for its copy; returns the promise of the copy."""
        started = time.perf_counter()
        lane.host[: len(z), : z.shape[1]] = z
        self._device.queue.write_buffer(lane.latents, 0, lane.host[: len(z)])
        encoder = self._device.create_command_encoder()
        self._encode(encoder, lane, len(z))
        size = self.plan.sizes[self.plan.graph.output] * len(z)
        encoder.copy_buffer_to_buffer(lane.result, 0, staging, 0, size)
        self._device.queue.submit([encoder.finish()])
        # "READ" would first submit an empty command buffer and wait for the whole queue.
        promise = staging.map_async("READ_NOSYNC", 0, size)
        self._submitting += time.perf_counter() - started
        return promise

    def _encode(self, encoder: Any, lane: _Lane, count: int, **options: Any) -> None:
        """All kernels for a number of examples, in one pass."""
        compute = encoder.begin_compute_pass(**options)
        for dispatch, pipeline, group in zip(self.plan.dispatches, self._pipelines, lane.groups, strict=True):
            compute.set_pipeline(pipeline)
            compute.set_bind_group(0, group)
            compute.dispatch_workgroups(*dispatch.workgroups, count)
        compute.end()

    def _collect(self, out: NDArray[Any], start: int, count: int, staging: Any, promise: Any) -> None:
        started = time.perf_counter()
        promise.sync_wait()
        mapped = time.perf_counter()
        view = staging.read_mapped(copy=False)
        out[start : start + count] = np.frombuffer(view, out.dtype).reshape(count, -1)
        view.release()
        staging.unmap()
        self._waiting += mapped - started
        self._copying += time.perf_counter() - mapped


class _Lane:
    """Buffers and bind groups for up to a number of examples at once."""

    def __init__(self, program: Program, items: int) -> None:
        plan, resources = program.plan, program._resources
        arena = arena_of(plan, items, program._limits.alignment)
        output = plan.sizes[plan.graph.output] * items
        self.items = items
        self.host = np.zeros((items, plan.input_layout.vec4s * 4), np.float32)
        self.latents = resources.buffer("latents", self.host.nbytes, "STORAGE | COPY_DST")
        self.result = resources.buffer("result", output, "STORAGE | COPY_SRC")
        self.staging = [
            resources.buffer("staging", align(output, 8), "MAP_READ | COPY_DST")
            for _ in range(STAGING_BUFFERS)
        ]
        textures = bool(plan.textures & arena.placements.keys())
        banks = [resources.tensor(size, textures) for size in arena.banks]
        bound = dict(program._constants)
        bound[plan.graph.input] = whole(self.latents)
        bound[plan.graph.output] = whole(self.result)
        for name, place in arena.placements.items():
            bank = banks[place.bank]
            bound[name] = bank if textures else {"buffer": bank, "offset": place.offset, "size": place.bytes}
        self.groups = [
            resources.group(plan.kinds(dispatch), [bound[name] for name in dispatch.bindings])
            for dispatch in plan.dispatches
        ]
