"""The chain of kernels that browser demos decode with: what fusion and blocking are measured against.

One kernel an operator, one output a thread, a compute pass an operator, float32 in storage buffers as ONNX
lays it out (channels, rows, columns), a buffer for every tensor, bounds looked at once a tap. It is
written as its kind is written, neither slowed down nor sped up; its pictures are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import Graph, ir
from vaevis_tui.engine.graph.expression import Call, Expression, Literal, Operand

WORKGROUP = 64
"""Threads a workgroup."""

_HEAD = "@group(0) @binding({0}) var<storage, {1}> {2}: array<{3}>;"


class NaiveChain:
    """A decoder of one latent vector at a time; owns its buffers, not the device."""

    def __init__(self, device: Any, graph: Graph) -> None:
        """Compile a kernel an operator.

        Args:
            device: An open ``wgpu.GPUDevice``.
            graph: A decoder as imported, without a rewrite.

        Raises:
            ValueError: It holds an operator that no network of the benchmark has.
        """
        import wgpu

        self._device, self._graph = device, graph
        self._usage, self._resources = wgpu.BufferUsage, []  # type: tuple[Any, list[Any]]
        self._tensors: dict[str, Any] = {graph.input: self._buffer(graph.input_shape)}
        self._tensors |= {name: self._constant(array) for name, array in graph.constants.items()}
        self._steps: list[tuple[Any, Any, int]] = []
        for operator in graph.operators:
            self._add(operator)
        channels, height, width = graph.output_shape[1:]
        self._size = height, width
        self._picture = self._buffer((height, width), "COPY_SRC")
        self._step(
            _pack(channels, height * width), [self._tensors[graph.output], self._picture], height * width
        )
        self._staging = device.create_buffer(
            size=4 * height * width, usage=self._usage.MAP_READ | self._usage.COPY_DST
        )
        self._resources.append(self._staging)

    @property
    def dispatches(self) -> int:
        """Kernel launches a picture."""
        return len(self._steps)

    def decode(self, z: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Decode a latent vector, float32 (1, d), to a picture, uint8 (1, h, w, 3)."""
        self._device.queue.write_buffer(self._tensors[self._graph.input], 0, np.ascontiguousarray(z))
        encoder = self._device.create_command_encoder()
        for pipeline, group, workgroups in self._steps:
            compute = encoder.begin_compute_pass()
            compute.set_pipeline(pipeline)
            compute.set_bind_group(0, group)
            compute.dispatch_workgroups(workgroups)
            compute.end()
        encoder.copy_buffer_to_buffer(self._picture, 0, self._staging, 0, self._staging.size)
        self._device.queue.submit([encoder.finish()])
        self._staging.map_sync("READ")
        pixels = np.frombuffer(self._staging.read_mapped(), np.uint8).reshape(1, *self._size, 4)
        picture = np.ascontiguousarray(pixels[..., :3])
        self._staging.unmap()
        return picture

    def close(self) -> None:
        """Give the memory back."""
        for buffer in self._resources:
            buffer.destroy()

    def _add(self, operator: ir.Operator) -> None:
        if isinstance(operator, ir.Permute) and operator.is_reshape:
            self._tensors[operator.output] = self._tensors[operator.inputs[0]]
            return
        if type(operator) not in _KERNELS:
            raise ValueError(f"no naive kernel for {operator.kind}")
        weights = []
        if isinstance(operator, ir.Linear | ir.Convolution):
            weights = [self._constant(operator.weight), self._constant(operator.bias)]
        sources = [self._graph.shape_of(name) for name in operator.reads]
        output = self._tensors[operator.output] = self._buffer(operator.shape)
        bound = [*(self._tensors[name] for name in operator.reads), *weights, output]
        self._step(_KERNELS[type(operator)](operator, *sources), bound, prod(operator.shape))

    def _step(self, source: str, bound: list[Any], threads: int) -> None:
        module = self._device.create_shader_module(code=source)
        pipeline = self._device.create_compute_pipeline(
            layout="auto", compute={"module": module, "entry_point": "main"}
        )
        entries = [
            {"binding": index, "resource": {"buffer": buffer, "offset": 0, "size": buffer.size}}
            for index, buffer in enumerate(bound)
        ]
        group = self._device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=entries)
        self._steps.append((pipeline, group, -(-threads // WORKGROUP)))

    def _buffer(self, shape: tuple[int, ...], usage: str = "COPY_DST") -> Any:
        usages = self._usage.STORAGE | getattr(self._usage, usage)
        self._resources.append(self._device.create_buffer(size=4 * prod(shape), usage=usages))
        return self._resources[-1]

    def _constant(self, array: NDArray[np.float32]) -> Any:
        buffer = self._buffer(array.shape)
        self._device.queue.write_buffer(buffer, 0, np.ascontiguousarray(array))
        return buffer


def _kernel(reads: list[str], threads: int, body: str, result: str = "f32") -> str:
    """A kernel of so many threads; ``body`` sets ``output[i]`` for thread ``i``."""
    lines = [_HEAD.format(index, "read", name, "f32") for index, name in enumerate(reads)]
    lines.append(_HEAD.format(len(reads), "read_write", "output", result))
    return (
        "\n".join(lines)
        + f"""
@compute @workgroup_size({WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
    let i = id.x;
    if (i >= {threads}u) {{ return; }}
    {body}
}}
"""
    )


def _linear(operator: ir.Linear, source: tuple[int, ...]) -> str:
    outputs, inputs = operator.weight.shape
    body = f"""
    var sum = bias[i];
    for (var k = 0u; k < {inputs}u; k++) {{ sum += weight[i * {inputs}u + k] * source[k]; }}
    output[i] = sum;"""
    return _kernel(["source", "weight", "bias"], outputs, body)


def _convolution(operator: ir.Convolution, source: tuple[int, ...]) -> str:
    if operator.groups != 1 or operator.strides != (1, 1) or operator.dilations != (1, 1):
        raise ValueError("the naive convolution has no stride, dilation or groups")
    _, inputs, height, width = source
    kernel_height, kernel_width = operator.weight.shape[2:]
    _, _, rows, columns = operator.shape
    body = f"""
    let x = i32(i % {columns}u);
    let y = i32(i / {columns}u % {rows}u);
    let channel = i / {rows * columns}u;
    var sum = bias[channel];
    for (var ky = 0; ky < {kernel_height}; ky++) {{
        let sy = y + ky - {operator.pads[0]};
        if (sy < 0 || sy >= {height}) {{ continue; }}
        for (var kx = 0; kx < {kernel_width}; kx++) {{
            let sx = x + kx - {operator.pads[1]};
            if (sx < 0 || sx >= {width}) {{ continue; }}
            var tap = (channel * {inputs * kernel_height}u + u32(ky)) * {kernel_width}u + u32(kx);
            var pixel = u32(sy * {width} + sx);
            for (var c = 0u; c < {inputs}u; c++) {{
                sum += weight[tap] * source[pixel];
                tap += {kernel_height * kernel_width}u;
                pixel += {height * width}u;
            }}
        }}
    }}
    output[i] = sum;"""
    return _kernel(["source", "weight", "bias"], prod(operator.shape), body)


def _resize(operator: ir.Resize, source: tuple[int, ...]) -> str:
    _, _, height, width = source
    _, _, rows, columns = operator.shape
    place = f"""
    let x = i % {columns}u;
    let y = i / {columns}u % {rows}u;
    let plane = i / {rows * columns}u * {height * width}u;"""
    if (operator.mode, operator.coordinates, operator.rounding) == ("nearest", "asymmetric", "floor"):
        across, down = columns // width, rows // height
        body = f"{place}\n    output[i] = source[plane + (y / {down}u) * {width}u + x / {across}u];"
    elif (operator.mode, operator.coordinates) == ("linear", "half_pixel"):
        body = f"""{place}
    let sy = clamp((f32(y) + 0.5) / {operator.scales[0]:f} - 0.5, 0.0, {height - 1:f});
    let sx = clamp((f32(x) + 0.5) / {operator.scales[1]:f} - 0.5, 0.0, {width - 1:f});
    let top = u32(sy);
    let left = u32(sx);
    let bottom = min(top + 1u, {height - 1}u);
    let right = min(left + 1u, {width - 1}u);
    let upper = plane + top * {width}u;
    let lower = plane + bottom * {width}u;
    let above = mix(source[upper + left], source[upper + right], fract(sx));
    let below = mix(source[lower + left], source[lower + right], fract(sx));
    output[i] = mix(above, below, fract(sy));"""
    else:
        raise ValueError(
            f"no naive {operator.mode} resize with {operator.coordinates} and {operator.rounding}"
        )
    return _kernel(["source"], prod(operator.shape), body)


def _depth_to_space(operator: ir.DepthToSpace, source: tuple[int, ...]) -> str:
    _, channels, rows, columns = operator.shape
    block = operator.block
    phase = f"(y % {block}u) * {block}u + x % {block}u"
    channel = f"c * {block**2}u + {phase}" if operator.mode == "CRD" else f"({phase}) * {channels}u + c"
    body = f"""
    let x = i % {columns}u;
    let y = i / {columns}u % {rows}u;
    let c = i / {rows * columns}u;
    let row = ({channel}) * {rows // block}u + y / {block}u;
    output[i] = source[row * {columns // block}u + x / {block}u];"""
    return _kernel(["source"], prod(operator.shape), body)


_FUNCTIONS: Mapping[str, str] = {
    "add": "({0} + {1})",
    "mul": "({0} * {1})",
    "relu": "max({0}, 0.0)",
    "leaky_relu": "select({0}, {1} * {0}, {0} < 0.0)",
    "sigmoid": "1.0 / (1.0 + exp(-({0})))",
}


def _pointwise(operator: ir.Pointwise, *sources: tuple[int, ...]) -> str:
    def place(source: tuple[int, ...]) -> str:
        if prod(source) == prod(operator.shape):
            return "i"
        if source == (*operator.shape[:2], 1, 1):
            return f"i / {prod(operator.shape[2:])}u"
        raise ValueError(f"the naive pointwise kernel does not broadcast {source} to {operator.shape}")

    def text(node: Expression) -> str:
        match node:
            case Operand(index):
                return f"operand{index}[{place(sources[index])}]"
            case Literal(value):
                return f"{value!r}"
            case Call(function, arguments) if function in _FUNCTIONS:
                return _FUNCTIONS[function].format(*map(text, arguments))
        raise ValueError(f"no naive kernel for {node}")

    names = [f"operand{index}" for index in range(len(operator.operands))]
    return _kernel(names, prod(operator.shape), f"output[i] = {text(operator.epilogue)};")


def _pack(channels: int, pixels: int) -> str:
    levels = " | ".join(
        f"(u32(round(clamp(source[{channel % channels * pixels}u + i], 0.0, 1.0) * 255.0)) << {8 * channel}u)"
        for channel in range(3)
    )
    return _kernel(["source"], pixels, f"output[i] = {levels} | 0xff000000u;", "u32")


_KERNELS: Mapping[type[ir.Operator], Callable[..., str]] = {
    ir.Linear: _linear,
    ir.Convolution: _convolution,
    ir.Resize: _resize,
    ir.DepthToSpace: _depth_to_space,
    ir.Pointwise: _pointwise,
}
