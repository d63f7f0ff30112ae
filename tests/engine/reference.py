"""References for the engine: ONNX graphs made on the spot, onnxruntime's answer, NumPy's answer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]


class Builder:
    """Writes a decoder node by node; every weight is drawn from one generator.

    Args:
        latent: Length d of the latent vector.
        seed: Of the weights.
        opset: ONNX opset version.
        half: Store weights as float16 with a Cast before each use, as bundles do.
    """

    def __init__(self, latent: int, seed: int = 0, opset: int = 17, half: bool = False) -> None:
        self.rng = np.random.default_rng(seed)
        self.latent, self.opset, self.half = latent, opset, half
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.last = "z"
        self._count = 0

    def constant(self, array: Any) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, *shape: int, fan_in: int | None = None) -> str:
        spread = 1 / np.sqrt(fan_in or 1)
        array = (self.rng.standard_normal(shape) * spread).astype(np.float32)
        if not self.half:
            return self.constant(array)
        return self.node("Cast", self.constant(array.astype(np.float16)), to=TensorProto.FLOAT)

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        self._count += 1
        output = f"t{self._count}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [output], name=f"n{self._count}", **attributes)
        )
        return output

    def nodes_of(self, kind: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """A node of several outputs."""
        first = self.node(kind, *inputs, **attributes)
        self.nodes[-1].output.extend(f"{first}.{i}" for i in range(1, outputs))
        return list(self.nodes[-1].output)

    def add(self, kind: str, *constants: str, **attributes: Any) -> str:
        """A node on the tensor made last."""
        self.last = self.node(kind, self.last, *constants, **attributes)
        return self.last

    def view(self, channels: int, height: int, width: int) -> str:
        """The latent vector itself as an image: what follows reads it without a matrix before."""
        assert self.latent == channels * height * width
        return self.reshape(channels, height, width)

    def linear(self, inputs: int, outputs: int, kind: str = "Gemm") -> str:
        if kind == "Gemm":
            weight = self.weight(outputs, inputs, fan_in=inputs)
            return self.add("Gemm", weight, self.weight(outputs), transB=1)
        self.add("MatMul", self.weight(inputs, outputs, fan_in=inputs))
        return self.add("Add", self.weight(outputs))

    def reshape(self, *shape: int) -> str:
        return self.add("Reshape", self.constant(np.array((-1, *shape), np.int64)))

    def image(self, channels: int, height: int, width: int) -> str:
        """The latent vector through a matrix to an image, so that what follows has an image to read."""
        self.linear(self.latent, channels * height * width)
        return self.reshape(channels, height, width)

    def conv(self, inputs: int, outputs: int, kernel: int | tuple[int, int] = 3, **attributes: Any) -> str:
        size = (kernel, kernel) if isinstance(kernel, int) else kernel
        attributes.setdefault("pads", [size[0] // 2, size[1] // 2] * 2)
        groups = attributes.get("group", 1)
        weight = self.weight(outputs, inputs // groups, *size, fan_in=inputs * size[0] * size[1] // groups)
        return self.add("Conv", weight, self.weight(outputs), **attributes)

    def conv_transposed(self, inputs: int, outputs: int, kernel: int, **attributes: Any) -> str:
        groups = attributes.get("group", 1)
        weight = self.weight(inputs, outputs // groups, kernel, kernel, fan_in=inputs * kernel)
        return self.add("ConvTranspose", weight, self.weight(outputs), **attributes)

    def upsample(self, scale: float = 2.0, mode: str = "nearest", **attributes: Any) -> str:
        if mode == "nearest":
            attributes.setdefault("coordinate_transformation_mode", "asymmetric")
            attributes.setdefault("nearest_mode", "floor")
        scales = self.constant(np.array([1, 1, scale, scale], np.float32))
        return self.add("Resize", "", scales, mode=mode, **attributes)

    def batch_normalization(self, channels: int) -> str:
        variance = self.constant(self.rng.uniform(0.5, 2, channels).astype(np.float32))
        return self.add(
            "BatchNormalization",
            self.weight(channels),
            self.weight(channels),
            self.weight(channels),
            variance,
        )

    def model(self) -> onnx.ModelProto:
        """The model, checked, with the tensor made last as its output."""
        latent = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", self.latent])
        output = helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "decoder", [latent], [output], self.initializers)
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        return onnx.shape_inference.infer_shapes(model)

    def latents(self, n: int = 1) -> Array:
        return self.rng.standard_normal((n, self.latent)).astype(np.float32)


def onnxruntime_output(model: onnx.ModelProto, z: Array) -> Array:
    """What onnxruntime's CPU kernels make of it, without its own graph rewrites."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {"z": z})[0])


def as_images(output: Array) -> NDArray[np.uint8]:
    """The contract's rounding: uint8 (n, h, w, 3) of the graph's output (n, 1|3, h, w)."""
    levels = np.round(np.clip(output, 0, 1) * 255).astype(np.uint8)
    return np.broadcast_to(levels, (len(levels), 3, *levels.shape[2:])).transpose(0, 2, 3, 1)


def dog_like(width: int = 512, latent: int = 128, half: bool = True, seed: int = 0) -> Builder:
    """Residual convolutions, nearest 2x before convolutions, pixel shuffle, flat field, sigmoid; 128x128."""
    b = Builder(latent, seed, half=half)
    b.linear(latent, 512 * width // 512)
    b.add("Relu")
    b.linear(width, width * 16)
    b.reshape(width, 4, 4)
    channels = width
    for level in range(4):
        residual = b.last
        b.conv(channels, channels)
        b.add("LeakyRelu", alpha=0.2)
        b.conv(channels, channels)
        b.last = b.node("Add", b.last, residual)
        b.add("LeakyRelu", alpha=0.2)
        b.upsample()
        smaller = max(channels // 2, 8)
        b.conv(channels, smaller)
        b.batch_normalization(smaller)
        b.add("Relu")
        channels = smaller
        if level == 3:
            break
    b.conv(channels, 12)
    b.add("DepthToSpace", blocksize=2, mode="CRD")
    b.add("Add", b.weight(3, 128, 128, fan_in=100))
    b.add("Sigmoid")
    return b


def dcgan_like(width: int = 64, latent: int = 100, seed: int = 0) -> Builder:
    """A DCGAN generator: transposed convolutions from a point, BatchNormalization, tanh; 32x32 pixels."""
    b = Builder(latent, seed)
    b.reshape(latent, 1, 1)
    b.conv_transposed(latent, width * 4, 4)
    for inputs, outputs in ((width * 4, width * 2), (width * 2, width)):
        b.batch_normalization(inputs)
        b.add("Relu")
        b.conv_transposed(inputs, outputs, 4, strides=[2, 2], pads=[1, 1, 1, 1])
    b.add("Relu")
    b.conv_transposed(width, 3, 4, strides=[2, 2], pads=[1, 1, 1, 1])
    b.add("Tanh")
    b.add("Mul", b.constant(np.float32(0.5)))
    b.add("Add", b.constant(np.float32(0.5)))
    return b


def vaevis_like(width: int = 512, latent: int = 256, seed: int = 0) -> Builder:
    """VAE-Vis's decoder: bilinear 2x before each of five convolutions, residual blocks, sigmoid."""
    b = Builder(latent, seed)
    b.linear(latent, width * 16)
    b.reshape(width, 4, 4)
    channels = [width, width, width // 2, width // 4, width // 8, width // 16]
    for level, (inputs, outputs) in enumerate(pairwise(channels)):
        b.upsample(mode="linear", coordinate_transformation_mode="half_pixel")
        b.conv(inputs, outputs)
        b.add("Relu")
        if level < 4:
            residual = b.last
            b.conv(outputs, outputs)
            b.add("LeakyRelu", alpha=0.2)
            b.conv(outputs, outputs)
            b.last = b.node("Add", b.last, residual)
            b.add("LeakyRelu", alpha=0.2)
    b.conv(channels[-1], 3)
    b.add("Sigmoid")
    return b


def mnist_like(latent: int = 24, seed: int = 0) -> Builder:
    """Small and grey, 28x28: a matrix to 7x7, twice nearest 2x and a convolution."""
    b = Builder(latent, seed, half=True)
    b.linear(latent, 256)
    b.add("Relu")
    b.linear(256, 64 * 49)
    b.add("Relu")
    b.reshape(64, 7, 7)
    b.upsample()
    b.conv(64, 64)
    b.add("Relu")
    b.upsample()
    b.conv(64, 32)
    b.add("Relu")
    b.conv(32, 1)
    b.add("Sigmoid")
    return b
