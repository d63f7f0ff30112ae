"""A plan on a device: all is made once; a frame writes z, submits one command buffer, reads one copy."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import DecodeTimes, Latents
from vaevis_tui.engine.wgpu.device import engine_errors
from vaevis_tui.engine.wgpu.kernels import Limits
from vaevis_tui.engine.wgpu.kernels.base import TEXTURE_WIDTH
from vaevis_tui.engine.wgpu.plan import Dispatch, Plan, align

MAX_ITEMS = 16
"""Examples in one submission: enough to fill a GPU with small layers, few enough to stay responsive."""

MAX_ARENA = 256 << 20
"""Bytes of tensors for one submission; a batch that needs more goes in smaller chunks."""

STAGING_BUFFERS = 2
"""Chunks in flight: one is computed while the one before is read."""


_BINDINGS: Mapping[str, Mapping[str, Any]] = {
    "read buffer": {"buffer": {"type": "read-only-storage"}},
    "write buffer": {"buffer": {"type": "storage"}},
    "read texture": {"texture": {"sample_type": "unfilterable-float"}},
    "read texture words": {"texture": {"sample_type": "uint"}},
    "write texture": {"storage_texture": {"access": "write-only", "format": "rgba32float"}},
}


def _flags(kind: Any, names: str) -> int:
    return reduce(or_, (int(getattr(kind, name)) for name in names.split(" | ")))


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
        self._resources: list[Any] = []
        self._layouts: dict[tuple[str, ...], tuple[Any, Any]] = {}
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

    @property
    def batch(self) -> int:
        """Examples in one submission when there are several."""
        per_item = max(1, sum(self.plan.arena(1, self._limits.alignment).banks))
        largest = max(self.plan.sizes.values())
        fitting = min(MAX_ARENA // per_item, self._limits.binding_bytes // largest)
        return max(1, min(MAX_ITEMS, fitting))

    def close(self) -> None:
        """Give the memory back; closing twice is harmless."""
        for resource in self._resources:
            resource.destroy()
        self._resources.clear()
        self._lanes.clear()

    # -- making --------------------------------------------------------------------------------------------

    def _compile(self, plan: Plan) -> list[Any]:
        made: dict[str, Any] = {}
        for dispatch in plan.dispatches:
            if dispatch.source in made:
                continue
            label = f"{dispatch.kernel} {dispatch.operator.output}"
            module = self._device.create_shader_module(label=label, code=dispatch.source)
            layout = self._layout(self._kinds(dispatch))[1]
            made[dispatch.source] = self._device.create_compute_pipeline(
                label=label, layout=layout, compute={"module": module, "entry_point": "main"}
            )
        return [made[dispatch.source] for dispatch in plan.dispatches]

    def _kinds(self, dispatch: Dispatch) -> tuple[str, ...]:
        """What each binding of a kernel is: it reads all of them and writes the last."""
        kinds = []
        for index, name in enumerate(dispatch.bindings):
            action = "write" if index == len(dispatch.bindings) - 1 else "read"
            words = " words" if name in self.plan.constants else ""
            kinds.append(f"{action} texture{words}" if name in self.plan.textures else f"{action} buffer")
        return tuple(kinds)

    def _layout(self, kinds: tuple[str, ...]) -> tuple[Any, Any]:
        """Bind group layout and pipeline layout for bindings of these kinds."""
        if kinds not in self._layouts:
            from wgpu import ShaderStage

            entries = [
                {"binding": index, "visibility": ShaderStage.COMPUTE, **_BINDINGS[kind]}
                for index, kind in enumerate(kinds)
            ]
            group = self._device.create_bind_group_layout(entries=entries)
            pipeline = self._device.create_pipeline_layout(bind_group_layouts=[group])
            self._layouts[kinds] = group, pipeline
        return self._layouts[kinds]

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
            buffer = self._buffer("weights", len(host), "STORAGE | COPY_DST")
            self._device.queue.write_buffer(buffer, 0, host)
            for name, offset in group.items():
                bound[name] = {"buffer": buffer, "offset": offset, "size": self.plan.constants[name].nbytes}
        for name in self.plan.constants.keys() & self.plan.textures:
            bound[name] = self._weight_texture(self.plan.constants[name])
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

    def _weight_texture(self, array: NDArray[Any]) -> Any:
        texture = self._texture("weights", array.nbytes, "rgba32uint", "TEXTURE_BINDING | COPY_DST")
        rows = texture.height
        host = np.zeros(rows * TEXTURE_WIDTH * 4, np.uint32)
        host[: array.size] = array.view(np.uint32)
        self._device.queue.write_texture(
            {"texture": texture},
            host,
            {"bytes_per_row": TEXTURE_WIDTH * 16, "rows_per_image": rows},
            (TEXTURE_WIDTH, rows, 1),
        )
        return texture.create_view()

    def _buffer(self, label: str, size: int, usage: str) -> Any:
        import wgpu

        buffer = self._device.create_buffer(label=label, size=size, usage=_flags(wgpu.BufferUsage, usage))
        self._resources.append(buffer)
        return buffer

    def _texture(self, label: str, size: int, texel: str, usage: str) -> Any:
        """A texture for a number of bytes, 16 a texel."""
        import wgpu

        rows = max(1, -(-size // (TEXTURE_WIDTH * 16)))
        texture = self._device.create_texture(
            label=label,
            size=(TEXTURE_WIDTH, rows, 1),
            format=texel,
            usage=_flags(wgpu.TextureUsage, usage),
        )
        self._resources.append(texture)
        return texture

    def _tensor(self, size: int, texture: bool) -> Any:
        """Memory for one bank of the arena."""
        if not texture:
            return self._buffer("arena", size, "STORAGE")
        usage = "TEXTURE_BINDING | STORAGE_BINDING"
        return self._texture("tensor", size, "rgba32float", usage).create_view()

    def _lane(self, items: int) -> _Lane:
        if items not in self._lanes:
            with engine_errors(f"no memory for {items} pictures at once"):
                self._lanes[items] = _Lane(self, items)
        return self._lanes[items]

    # -- a frame -------------------------------------------------------------------------------------------

    def _submit(self, lane: _Lane, z: Latents, staging: Any) -> Any:
        """Write z, submit the chunk and ask for its copy; returns the promise of the copy."""
        started = time.perf_counter()
        lane.host[: len(z), : z.shape[1]] = z
        self._device.queue.write_buffer(lane.latents, 0, lane.host[: len(z)])
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        for dispatch, pipeline, group in zip(self.plan.dispatches, self._pipelines, lane.groups, strict=True):
            compute.set_pipeline(pipeline)
            compute.set_bind_group(0, group)
            compute.dispatch_workgroups(*dispatch.workgroups, len(z))
        compute.end()
        size = self.plan.sizes[self.plan.graph.output] * len(z)
        encoder.copy_buffer_to_buffer(lane.result, 0, staging, 0, size)
        self._device.queue.submit([encoder.finish()])
        # "READ" would first submit an empty command buffer and wait for the whole queue.
        promise = staging.map_async("READ_NOSYNC", 0, size)
        self._submitting += time.perf_counter() - started
        return promise

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
        plan, alignment = program.plan, program._limits.alignment
        arena = plan.arena(items, alignment)
        output = plan.sizes[plan.graph.output] * items
        self.items = items
        self.host = np.zeros((items, plan.input_layout.vec4s * 4), np.float32)
        self.latents = program._buffer("latents", self.host.nbytes, "STORAGE | COPY_DST")
        self.result = program._buffer("result", output, "STORAGE | COPY_SRC")
        self.staging = [
            program._buffer("staging", align(output, 8), "MAP_READ | COPY_DST")
            for _ in range(STAGING_BUFFERS)
        ]
        textures = bool(plan.textures & arena.placements.keys())
        banks = [program._tensor(size, textures) for size in arena.banks]
        bound = dict(program._constants)
        bound[plan.graph.input] = {"buffer": self.latents, "offset": 0, "size": self.host.nbytes}
        bound[plan.graph.output] = {"buffer": self.result, "offset": 0, "size": output}
        for name, place in arena.placements.items():
            bank = banks[place.bank]
            bound[name] = bank if textures else {"buffer": bank, "offset": place.offset, "size": place.bytes}
        self.groups = [self._group(program, dispatch, bound) for dispatch in plan.dispatches]

    @staticmethod
    def _group(program: Program, dispatch: Dispatch, bound: dict[str, Any]) -> Any:
        entries = [{"binding": i, "resource": bound[name]} for i, name in enumerate(dispatch.bindings)]
        return program._device.create_bind_group(
            layout=program._layout(program._kinds(dispatch))[0], entries=entries
        )
