"""What lies on a device: buffers, textures, pipelines and what binds them; given back all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.wgpu.kernels.base import TEXTURE_WIDTH

_BINDINGS: Mapping[str, Mapping[str, Any]] = {
    "read buffer": {"buffer": {"type": "read-only-storage"}},
    "write buffer": {"buffer": {"type": "storage"}},
    "read texture": {"texture": {"sample_type": "unfilterable-float"}},
    "read texture words": {"texture": {"sample_type": "uint"}},
    "write texture": {"storage_texture": {"access": "write-only", "format": "rgba32float"}},
}

Kinds = tuple[str, ...]
"""What each binding of a kernel is, in order: keys of `_BINDINGS`."""


class Resources:
    """Everything made on a device for one purpose; owns it, not the device."""

    def __init__(self, device: Any) -> None:
        """Begin with nothing.

        Args:
            device: An open ``wgpu.GPUDevice``.
        """
        self.device = device
        self._owned: list[Any] = []
        self._layouts: dict[Kinds, tuple[Any, Any]] = {}

    def close(self) -> None:
        """Give the memory back; closing twice is harmless."""
        for resource in self._owned:
            resource.destroy()
        self._owned.clear()

    def buffer(self, label: str, size: int, usage: str) -> Any:
        """A buffer of some bytes; ``usage`` names ``wgpu.BufferUsage``, e.g. ``"STORAGE | COPY_DST"``."""
        import wgpu

        buffer = self.device.create_buffer(label=label, size=size, usage=_flags(wgpu.BufferUsage, usage))
        self._owned.append(buffer)
        return buffer

    def filled(self, array: NDArray[np.float32], texture: bool) -> Any:
        """A tensor, as it is bound, that holds an array of vec4s."""
        if not texture:
            buffer = self.buffer("tensor", array.nbytes, "STORAGE | COPY_DST")
            self.device.queue.write_buffer(buffer, 0, array)
            return whole(buffer)
        image = self.texture("tensor", array.nbytes, "rgba32float", "TEXTURE_BINDING | COPY_DST")
        self.fill(image, array)
        return image.create_view()

    def tensor(self, size: int, texture: bool) -> Any:
        """Memory for tensors: a buffer, or a view of a texture of rgba32float."""
        if not texture:
            return self.buffer("tensor", size, "STORAGE")
        usage = "TEXTURE_BINDING | STORAGE_BINDING"
        return self.texture("tensor", size, "rgba32float", usage).create_view()

    def words(self, array: NDArray[Any]) -> Any:
        """A texture of rgba32uint that holds an array, four u32 a texel; the view of it that is bound."""
        texture = self.texture("weights", array.nbytes, "rgba32uint", "TEXTURE_BINDING | COPY_DST")
        self.fill(texture, array.view(np.uint32))
        return texture.create_view()

    def fill(self, texture: Any, array: NDArray[Any]) -> None:
        """Write an array from the first texel on, and zeros in what is left of its last row."""
        row = TEXTURE_WIDTH * 4
        whole_rows, rest = divmod(array.size, row)
        if whole_rows:
            self._write_rows(texture, 0, array[: whole_rows * row])
        if rest:
            self._write_rows(texture, whole_rows, np.pad(array[-rest:], (0, row - rest)))

    def _write_rows(self, texture: Any, first: int, rows: NDArray[Any]) -> None:
        count = rows.size // (TEXTURE_WIDTH * 4)
        self.device.queue.write_texture(
            {"texture": texture, "origin": (0, first, 0)},
            rows,
            {"bytes_per_row": TEXTURE_WIDTH * 16, "rows_per_image": count},
            (TEXTURE_WIDTH, count, 1),
        )

    def texture(self, label: str, size: int, texel: str, usage: str) -> Any:
        """A texture for a number of bytes, 16 a texel."""
        import wgpu

        rows = max(1, -(-size // (TEXTURE_WIDTH * 16)))
        texture = self.device.create_texture(
            label=label,
            size=(TEXTURE_WIDTH, rows, 1),
            format=texel,
            usage=_flags(wgpu.TextureUsage, usage),
        )
        self._owned.append(texture)
        return texture

    def pipeline(self, label: str, source: str, kinds: Kinds) -> Any:
        """A compute pipeline of a WGSL text whose entry point is ``main``."""
        module = self.device.create_shader_module(label=label, code=source)
        return self.device.create_compute_pipeline(
            label=label, layout=self._layout(kinds)[1], compute={"module": module, "entry_point": "main"}
        )

    def group(self, kinds: Kinds, bound: Sequence[Any]) -> Any:
        """A bind group; ``bound`` are views of textures, and buffers as dictionaries with offset and size."""
        entries = [{"binding": index, "resource": resource} for index, resource in enumerate(bound)]
        return self.device.create_bind_group(layout=self._layout(kinds)[0], entries=entries)

    def _layout(self, kinds: Kinds) -> tuple[Any, Any]:
        """Bind group layout and pipeline layout for bindings of these kinds."""
        if kinds not in self._layouts:
            from wgpu import ShaderStage

            entries = [
                {"binding": index, "visibility": ShaderStage.COMPUTE, **_BINDINGS[kind]}
                for index, kind in enumerate(kinds)
            ]
            group = self.device.create_bind_group_layout(entries=entries)
            pipeline = self.device.create_pipeline_layout(bind_group_layouts=[group])
            self._layouts[kinds] = group, pipeline
        return self._layouts[kinds]


def whole(buffer: Any) -> dict[str, Any]:
    """A buffer from end to end, as it is bound."""
    return {"buffer": buffer, "offset": 0, "size": buffer.size}


def _flags(kind: Any, names: str) -> int:
    return reduce(or_, (int(getattr(kind, name)) for name in names.split(" | ")))
