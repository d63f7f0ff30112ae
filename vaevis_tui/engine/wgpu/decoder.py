"""`WgpuDecoder`: the Decoder protocol on WGSL compute shaders."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import (
    Closing,
    DecoderInfo,
    DecodeTimes,
    EngineError,
    Images,
    Latents,
    checked_latents,
)
from vaevis_tui.engine.graph import Graph, import_onnx, rewrite
from vaevis_tui.engine.wgpu.device import engine_errors, find_adapter, open_device
from vaevis_tui.engine.wgpu.layout import from_blocked
from vaevis_tui.engine.wgpu.legalize import legalize
from vaevis_tui.engine.wgpu.plan import make_plan
from vaevis_tui.engine.wgpu.program import Program
from vaevis_tui.engine.wgpu.tuning.benchmark import BUDGET, tune, unmeasured
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices
from vaevis_tui.onnx_model.adapter.checked import CheckedModel


class WgpuDecoder(Closing):
    """A decoder on a GPU, or on a processor that stands in for one.

    It owns its device; use it as a context manager or call `close`.

    Attributes:
        plan: What the device does a frame; `plan_text` is a table of it.

    Args:
        model: What `import_onnx` takes, or a `Graph`.
        adapter: Part of the name of the adapter to take; else the first, hardware before software.
        precision: How weights are stored: ``"float32"``, ``"float16"``, or ``"auto"``: float16 where that
            loses nothing. Sums are float32 in every case.
        fuse: Rewrite the graph; without, each ONNX operator is a kernel of its own.
        floats: Keep the output as floats, for `decode_floats`; images then cannot be decoded.
        textures: Keep tensors and weights in textures; without, as suits the adapter.
        tuned: Take the kernels that were measured on this adapter before, where they were.
        lower: Limits, as WebGPU names them, to have no more of than this; see `open_device`.
        reason: Why this backend was taken, for `DecoderInfo`.

    Raises:
        UnsupportedGraph: The graph holds something the engine cannot compute (an `EngineError`).
        EngineError: There is no adapter, or it refuses the device, the memory or a shader.
    """

    def __init__(
        self,
        model: Any,
        *,
        adapter: str | None = None,
        precision: str = "auto",
        fuse: bool = True,
        floats: bool = False,
        textures: bool | None = None,
        tuned: bool = False,
        lower: Mapping[str, int] | None = None,
        reason: str = "",
    ) -> None:
        graph = model if isinstance(model, Graph) else import_onnx(model)
        self._controls = model.controls if isinstance(model, CheckedModel) else ()
        graph = rewrite(graph) if fuse else graph
        summary, native = find_adapter(adapter)
        self.hardware = summary.is_hardware
        self.choices = Choices.of_adapter(summary) if tuned else Choices()
        self._device, limits = open_device(native, lower)
        self._program: Program | None = None
        in_textures = not summary.is_hardware if textures is None else textures
        try:
            self.plan = make_plan(
                legalize(graph, limits, in_textures),
                limits=limits,
                software=not summary.is_hardware,
                precision=precision,
                packed=not floats,
                textures=in_textures,
                choices=self.choices,
            )
            self._program = Program(self._device, limits, self.plan)
        except BaseException:
            self.close()
            raise
        shape = (1, 1, 1, *graph.output_shape)[-3:]
        self.info = DecoderInfo(
            backend="wgpu",
            adapter=summary.name,
            precision="float16" if self.plan.half else "float32",
            latent_dim=graph.input_shape[1] - sum(each.size for each in self._controls),
            image_height=shape[1],
            image_width=shape[2],
            channels=shape[0],
            reason=reason,
        )
        self.times = DecodeTimes()

    @property
    def untuned(self) -> bool:
        """Whether there are kernels to choose between that were never measured on this adapter."""
        return any(unmeasured(self.plan, self.choices))

    def tune(
        self,
        rest: Callable[[], bool] = lambda: True,
        budget: float = BUDGET,
        clock: Callable[[], float] = time.perf_counter,
    ) -> bool:
        """Measure the kernels that were not measured yet, and cache the results; see `benchmark.tune`.

        This decoder keeps the kernels that it has.

        Returns:
            Whether a decoder opened now would be faster.

        Raises:
            EngineError: The device failed.
        """
        with engine_errors("the device failed while kernels were measured"):
            return tune(self._device, self.plan, self.choices, rest=rest, budget=budget, clock=clock)

    def decode(self, z: Latents) -> Images:
        """Decode latent vectors, float32 (n, d), to images, uint8 (n, h, w, 3).

        Raises:
            ValueError: z has another shape than (n, d), or holds NaN or infinities.
            EngineError: The device failed; the decoder must be closed and another opened.
        """
        words = self._run(z)
        height, width = self.info.image_size
        pixels = words.view(np.uint8).reshape(len(words), height, width, 4)
        return np.ascontiguousarray(pixels[..., :3])

    def decode_floats(self, z: Latents) -> NDArray[np.float32]:
        """The graph's output as it is, float32 (n, ...), of a decoder opened with ``floats=True``.

        Raises:
            ValueError: z has another shape than (n, d), or holds NaN or infinities.
            EngineError: The device failed.
        """
        return from_blocked(self._run(z), self.plan.output_layout, self.plan.graph.output_shape)

    def _run(self, z: Latents) -> NDArray[Any]:
        z = checked_latents(z, self.info.latent_dim, self._controls)
        if self._program is None:
            raise EngineError("the decoder is closed")
        words = self._program.run(z)
        self.times = self._program.times
        return words

    def device_seconds(self, z: Latents) -> float | None:
        """Time of an image's kernels by the device's own clock; None where it has none.

        Args:
            z: float32 (1, d).

        Raises:
            EngineError: The device failed, or the decoder is closed.
        """
        if self._program is None:
            raise EngineError("the decoder is closed")
        return self._program.device_seconds(np.asarray(z, np.float32))

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        if self._program is not None:
            self._program.close()
            self._program = None
        if self._device is not None:
            device, self._device = self._device, None
            device.destroy()
