"""Where kernels of one operator are run beside each other: on a device, with random inputs."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.engine.graph.ir import Operator
from vaevis_tui.engine.wgpu.kernels import Constant, Context, Kernel, Lowered, plain
from vaevis_tui.engine.wgpu.kernels.base import TEXTURE_WIDTH, operand_layout
from vaevis_tui.engine.wgpu.layout import Layout, is_lossless_float16, layout_of, to_blocked
from vaevis_tui.engine.wgpu.resources import Resources, whole

SLICE = 0.001
"""Seconds that a measurement should take; a kernel is repeated until it does."""

MOST_THREADS = 16
"""Of llvmpipe (LP_MAX_THREADS, Mesa 22.3), however many cores there are."""

REFERENCE_WORK = {True: 1 << 22, False: 1 << 32}
"""Multiply-adds that the plain kernel may spend on the reference, on software adapters and on GPUs: 10 ms."""


class DeviceBench:
    """One operator on a device, with random inputs; owns its memory, not the device."""

    def __init__(self, device: Any, operator: Operator, context: Context) -> None:
        """Make the inputs and what the plain kernel makes of them.

        Args:
            device: An open ``wgpu.GPUDevice``.
            operator: One that `plain` has a kernel for.
            context: Where its tensors are.
        """
        self._device, self._operator, self._context = device, operator, context
        self._clock = time.process_time if context.software else time.perf_counter
        self._resources = Resources(device)
        self._launches: dict[str, _Launch] = {}
        self._mark = self._resources.buffer("mark", 4, "COPY_SRC")
        self._arrived = self._resources.buffer("arrived", 4, "MAP_READ | COPY_DST")
        self._target = layout_of(operator.shape)
        generator = np.random.default_rng(0)
        self._inputs = [self._tensor(name, context.layout(name), generator) for name in operator.inputs]
        self._operands = [
            self._tensor(name, operand_layout(name, operator, context), generator)
            for name in operator.operands
        ]
        self._result = self._make_result()
        self._sample = self._sparse_enough()
        lowered = plain(operator, context, self._sample)
        assert lowered is not None, "only operators with a plain kernel are measured"
        self._reference = self._output(self._prepare("plain", lowered))

    def close(self) -> None:
        """Give the memory back."""
        self._resources.close()

    def text(self, kernel: Kernel) -> str:
        """WGSL of a kernel that was compared."""
        return self._launches[kernel.name].source

    def agrees(self, kernel: Kernel) -> bool:
        """Compile a kernel and compare its output with the plain kernel's; one that is refused disagrees."""
        import wgpu

        try:
            launch = self._prepare(kernel.name, kernel.lower(self._operator, self._context))
        except (wgpu.GPUError, EngineError):
            return False
        self._launches[kernel.name] = launch
        made = self._output(launch)
        if self._context.packed:
            return bool((np.abs(made.view(np.uint8).astype(int) - self._reference.view(np.uint8)) <= 1).all())
        peak = np.abs(self._reference[np.isfinite(self._reference)]).max(initial=0)
        # Sums in another order differ by some 1e-6; weights that lost bits as float16 by 2**-11 of each term.
        exact = not self._context.half or is_lossless_float16(getattr(self._operator, "weight"))  # noqa: B009
        tolerance = (1e-4 if exact else 4e-3) * peak
        return bool(np.isclose(made, self._reference, rtol=0, atol=tolerance, equal_nan=True).all())

    def seconds(self, kernel: Kernel) -> float:
        """Time of one launch, of as many as make a slice.

        On a processor that stands in for a GPU it is processor time, shared out among the threads that work
        on it: whoever else computes there would make the wall clock a lottery.
        """
        launch = self._launches[kernel.name]
        took = self._run(launch, launch.repeats)
        if launch.repeats == 1 and took < SLICE:
            launch.repeats = min(64, math.ceil(SLICE / max(took, 1e-6)))
            took = self._run(launch, launch.repeats)
        share = _largest_share(launch.workgroups) if self._context.software else 1.0
        return max(took / launch.repeats * share, 1e-9)  # a coarse clock may see nothing

    def _run(self, launch: _Launch, times: int) -> float:
        began = self._clock()
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(launch.pipeline)
        compute.set_bind_group(0, launch.group)
        for _ in range(times):
            compute.dispatch_workgroups(*launch.workgroups, 1)
        compute.end()
        encoder.copy_buffer_to_buffer(self._mark, 0, self._arrived, 0, 4)
        self._device.queue.submit([encoder.finish()])
        # wgpu-py 0.32's on_submitted_work_done fails with a TypeError; a mapping waits for the same.
        self._arrived.map_async("READ_NOSYNC").sync_wait()
        self._arrived.unmap()
        return self._clock() - began

    def _sparse_enough(self) -> int:
        """Every how many vec4s the reference is made, so that it takes no longer than it may."""
        sample = max(1, self._operator.multiply_adds // REFERENCE_WORK[self._context.software])
        sample = min(sample, max(1, self._target.vec4s // 64))
        while gcd(sample, self._target.pixels) > 1:  # else it would keep to some columns
            sample += 1
        return sample

    def _tensor(self, name: str, layout: Layout, generator: np.random.Generator) -> tuple[str, Any]:
        """A tensor's kind of binding and what is bound: random numbers where it is no constant."""
        known = self._context.graph.constants.get(name)
        array = generator.standard_normal(layout.elements) if known is None else known
        texture = name in self._context.textures
        kind = "read texture" if texture else "read buffer"
        return kind, self._resources.filled(to_blocked(np.asarray(array, np.float32), layout), texture)

    def _constant(self, constant: Constant) -> tuple[str, Any]:
        if constant.texture:
            return "read texture words", self._resources.words(constant.array)
        return "read buffer", self._resources.filled(constant.array, texture=False)

    def _make_result(self) -> Any:
        """A buffer, or a texture, that can be cleared and read."""
        if self._in_texture:
            usage = "STORAGE_BINDING | COPY_SRC | COPY_DST"
            return self._resources.texture("result", self._target.bytes, "rgba32float", usage)
        size = 4 * self._target.pixels if self._context.packed else self._target.bytes
        return self._resources.buffer("result", size, "STORAGE | COPY_SRC | COPY_DST")

    @property
    def _in_texture(self) -> bool:
        return self._operator.output in self._context.textures

    def _prepare(self, name: str, lowered: Lowered) -> _Launch:
        result = (
            ("write texture", self._result.create_view())
            if self._in_texture
            else ("write buffer", whole(self._result))
        )
        constants = [self._constant(constant) for constant in lowered.constants]
        bound = [*self._inputs, *constants, *self._operands, result]
        kinds = tuple(kind for kind, _ in bound)
        pipeline = self._resources.pipeline(name, lowered.source, kinds)
        group = self._resources.group(kinds, [resource for _, resource in bound])
        return _Launch(lowered.source, pipeline, group, lowered.workgroups)

    def _output(self, launch: _Launch) -> NDArray[Any]:
        """What a kernel makes, at the sampled vec4s; where it makes nothing, what no kernel makes."""
        queue = self._device.queue
        if self._in_texture:
            rows = self._result.height
            empty = np.full(rows * TEXTURE_WIDTH * 4, np.nan, np.float32)
            self._resources.fill(self._result, empty)
            self._run(launch, 1)
            layout = {"bytes_per_row": TEXTURE_WIDTH * 16, "rows_per_image": rows}
            read = queue.read_texture({"texture": self._result}, layout, (TEXTURE_WIDTH, rows, 1))
        else:
            # An alpha of zero in an image, no number elsewhere.
            kind, nothing = (np.uint32, 0) if self._context.packed else (np.float32, np.nan)
            queue.write_buffer(self._result, 0, np.full(self._result.size // 4, nothing, kind))
            self._run(launch, 1)
            read = queue.read_buffer(self._result)
        made = np.frombuffer(read, np.uint32 if self._context.packed else np.float32)
        lanes = 1 if self._context.packed else 4
        return made[: self._target.vec4s * lanes].reshape(-1, lanes)[:: self._sample].copy()


def _largest_share(workgroups: tuple[int, int]) -> float:
    """Of the workgroups, what the busiest thread of llvmpipe takes: it deals them out evenly."""
    count = workgroups[0] * workgroups[1]
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    return -(-count // threads) / count


@dataclass(slots=True)
class _Launch:
    """A kernel that is ready to run."""

    source: str
    pipeline: Any
    group: Any
    workgroups: tuple[int, int]
    repeats: int = 1
