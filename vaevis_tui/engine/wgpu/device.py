"""Adapters and devices: finding them quickly, opening one with all it offers, and telling its failures."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vaevis_tui.engine.decoder import EngineError, in_plain_words
from vaevis_tui.engine.wgpu.fast_import import import_wgpu
from vaevis_tui.engine.wgpu.kernels import Limits
from vaevis_tui.stderr_guard import native_stderr_silenced


@dataclass(frozen=True, slots=True)
class AdapterSummary:
    """An adapter, for people and for choosing.

    Attributes:
        name: As its driver names it, e.g. ``"llvmpipe (LLVM 15.0.6, 256 bits)"``.
        type: ``"DiscreteGPU"``, ``"IntegratedGPU"``, ``"CPU"`` or ``"unknown"``.
        backend: ``"Vulkan"``, ``"Metal"`` or ``"D3D12"``.
        driver: Driver name and version.
    """

    name: str
    type: str
    backend: str
    driver: str

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.name, self.type, self.backend, self.driver)))

    @property
    def is_hardware(self) -> bool:
        """Whether it is a GPU and not the processor in its place."""
        return self.type in ("DiscreteGPU", "IntegratedGPU")


def adapters() -> list[AdapterSummary]:
    """The adapters of this machine, hardware first.

    Raises:
        EngineError: wgpu or its native library cannot be loaded.
    """
    return [summary for summary, _ in _enumerate()]


def find_adapter(requested: str | None = None) -> tuple[AdapterSummary, Any]:
    """The adapter to decode on.

    Args:
        requested: Part of its name, any case, to take that one; else the first, hardware before software.

    Returns:
        Its summary and the ``wgpu.GPUAdapter``.

    Raises:
        EngineError: There is none, or none with such a name.
    """
    found = _enumerate()
    if not found:
        raise EngineError(
            "no adapter found: there is no Vulkan, Metal or D3D12 driver (Debian: mesa-vulkan-drivers)"
        )
    for summary, adapter in found:
        if requested is None or requested.casefold() in summary.name.casefold():
            return summary, adapter
    names = ", ".join(summary.name for summary, _ in found)
    raise EngineError(f"no adapter is named like {requested!r}; there are: {names}")


def open_device(adapter: Any, lower: Mapping[str, int] | None = None) -> tuple[Any, Limits]:
    """A device with the adapter's own limits; whoever opens it destroys it.

    WebGPU's default limits bind no more than 128 MiB at once and 8 buffers a kernel, whatever the adapter can
    do.

    Args:
        adapter: The ``wgpu.GPUAdapter``.
        lower: Limits, as WebGPU names them, to have no more of than this: what smaller adapters offer.

    Raises:
        EngineError: The adapter gives none.
    """
    lanes = _lanes_in_step(adapter)
    with engine_errors("a device could not be opened"), native_stderr_silenced():
        device = adapter.request_device_sync(
            label="vaevis-tui",
            required_limits={**adapter.limits, **(lower or {})},
            required_features=[
                *({"timestamp-query"} & adapter.features),  # for benchmarks
                *(["subgroup"] if lanes else []),
            ],
        )
    limits = device.limits
    return device, Limits(
        storage_buffers=limits["max-storage-buffers-per-shader-stage"],
        textures=limits["max-sampled-textures-per-shader-stage"],
        texture_rows=limits["max-texture-dimension-2d"],
        binding_bytes=limits["max-storage-buffer-binding-size"],
        buffer_bytes=limits["max-buffer-size"],
        workgroups=limits["max-compute-workgroups-per-dimension"],
        alignment=max(limits["min-storage-buffer-offset-alignment"], 16),
        subgroup=lanes,
    )


def _lanes_in_step(adapter: Any) -> int:
    """Lanes of llvmpipe's subgroups, which its name tells: a lane is 32 of ``(LLVM 15.0.6, 256 bits)``.

    0 for every other adapter: wgpu does not tell how wide subgroups are, and no other needs to know.
    """
    width = re.search(r"llvmpipe .* (\d+) bits", str(adapter.info["device"]))
    return int(width[1]) // 32 if width and "subgroup" in adapter.features else 0


@contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Turn whatever wgpu raises into an `EngineError` that begins with ``what``."""
    try:
        yield
    except EngineError:
        raise
    except Exception as error:  # wgpu raises its own GPUError, RuntimeError and, for a bad limit, ValueError
        detail = in_plain_words(" ".join(str(error).split())) or type(error).__name__
        raise EngineError(f"{what}: {detail[:300]}") from error


def _enumerate() -> list[tuple[AdapterSummary, Any]]:
    with engine_errors("wgpu cannot be used"):
        wgpu = import_wgpu()
        _quieten_log()
    with engine_errors("wgpu cannot list its adapters"), native_stderr_silenced():
        _leave_out_opengl()
        found = [(_summary(adapter), adapter) for adapter in wgpu.gpu.enumerate_adapters_sync()]
    order = {"DiscreteGPU": 0, "IntegratedGPU": 1, "unknown": 2, "CPU": 3}
    usable = [pair for pair in found if pair[0].backend != "OpenGL"]
    return sorted(usable, key=lambda pair: order.get(pair[0].type, 2))


def _summary(adapter: Any) -> AdapterSummary:
    info = adapter.info
    name = info["device"] or info["description"] or "unnamed adapter"
    return AdapterSummary(name, info["adapter_type"], info["backend_type"], info["description"])


def _quieten_log() -> None:
    """Keep what wgpu logs off stderr, where Python prints it without a handler; errors come as exceptions."""
    logger = logging.getLogger("wgpu")
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())


def _leave_out_opengl() -> None:
    """Look for Vulkan alone on Linux: probing OpenGL opens display connections and takes longer."""
    if not sys.platform.startswith("linux"):
        return
    from wgpu.backends.wgpu_native.extras import set_instance_extras

    try:
        set_instance_extras(backends=["Vulkan"])
    except RuntimeError:
        return  # the process has an instance already; OpenGL's adapters are left out of the list instead
