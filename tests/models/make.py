"""Small real decoders and whole bundles with random weights, written to disk for tests of every package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 8
"""Of ONNX 1.13, which brought opset 18."""


def decoder_model(
    latent_dim: int = 8,
    *,
    height: int = 28,
    width: int = 28,
    channels: int = 1,
    seed: int = 0,
    features: int = 8,
    batch: str | int = "n",
    final: str = "Sigmoid",
) -> onnx.ModelProto:
    """A decoder like those that are shipped: Gemm, then twice nearest 2x upsample and 3x3 convolution.

    Args:
        latent_dim: Length d of the latent vector.
        height: Image height in pixels, a multiple of four.
        width: Image width in pixels, a multiple of four.
        channels: 1 or 3.
        seed: Of the weights, which are scaled so that the image visibly follows z.
        features: Channels of the hidden layers.
        batch: First dimension of input and output, a name or a number.
        final: Operator that makes the values of the image, ``"Sigmoid"`` or ``"Tanh"``.
    """
    if height % 4 or width % 4:
        raise ValueError(f"height and width must be multiples of four, not {height}x{width}")
    rng = np.random.default_rng(seed)
    base_h, base_w = height // 4, width // 4
    weights: dict[str, NDArray[Any]] = {
        "fc.weight": rng.normal(size=(features * base_h * base_w, latent_dim)) / np.sqrt(latent_dim),
        "fc.bias": rng.normal(size=features * base_h * base_w) * 0.1,
        "conv1.weight": rng.normal(size=(features, features, 3, 3)) * np.sqrt(2 / (9 * features)),
        "conv1.bias": rng.normal(size=features) * 0.1,
        "conv2.weight": rng.normal(size=(channels, features, 3, 3)) * np.sqrt(8 / (9 * features)),
        "conv2.bias": rng.normal(size=channels) * 0.1,
    }
    initializers = [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()]
    initializers.append(
        numpy_helper.from_array(np.array([-1, features, base_h, base_w], np.int64), "grid.shape")
    )
    initializers.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "double"))

    def upsample(source: str, target: str) -> onnx.NodeProto:
        return helper.make_node(
            "Resize",
            [source, "", "double"],
            [target],
            name=target,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def convolution(source: str, layer: str) -> onnx.NodeProto:
        return helper.make_node(
            "Conv",
            [source, f"{layer}.weight", f"{layer}.bias"],
            [layer],
            name=layer,
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
        )

    nodes = [
        helper.make_node("Gemm", ["z", "fc.weight", "fc.bias"], ["fc"], name="fc", transB=1),
        helper.make_node("Relu", ["fc"], ["fc.relu"], name="fc.relu"),
        helper.make_node("Reshape", ["fc.relu", "grid.shape"], ["grid"], name="grid"),
        upsample("grid", "up1"),
        convolution("up1", "conv1"),
        helper.make_node("Relu", ["conv1"], ["conv1.relu"], name="conv1.relu"),
        upsample("conv1.relu", "up2"),
        convolution("up2", "conv2"),
        helper.make_node(final, ["conv2"], ["image"], name="image"),
    ]
    graph = helper.make_graph(
        nodes,
        "decoder",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [batch, latent_dim])],
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, channels, height, width])],
        initializers,
    )
    return helper.make_model(
        graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="tests"
    )


def encoder_model(
    weight: NDArray[np.float32],
    shape: tuple[int, int, int],
    bias: NDArray[np.float32] | None = None,
    batch: str | int = "n",
) -> onnx.ModelProto:
    """An encoder whose means are linear in the pixels, and whose log-variances are their negatives.

    Args:
        weight: (pixels and channels, d).
        shape: Channels, height and width of an image.
        bias: (d,); none is zeros.
        batch: First dimension of input and outputs, a name or a number.
    """
    dim = weight.shape[1]
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weight", "bias"], ["mean"]),
            helper.make_node("Neg", ["mean"], ["logvar"]),
        ],
        "encoder",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, *shape])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, dim]) for name in ("mean", "logvar")],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(np.zeros(dim, np.float32) if bias is None else bias, "bias"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_decoder(path: Path, latent_dim: int = 8, **options: Any) -> Path:
    """Write `decoder_model` to ``path`` and return the path."""
    path.write_bytes(decoder_model(latent_dim, **options).SerializeToString())
    return path


def latents_arrays(
    latent_dim: int = 8, *, seed: int = 0, labels: tuple[str, ...] = ("zero", "one", "two")
) -> dict[str, NDArray[Any]]:
    """What ``latents.npz`` holds: a posterior with unequal variances, some dimensions nearly collapsed."""
    rng = np.random.default_rng(seed)
    std = np.linspace(1.1, 0.7, latent_dim)
    mean = rng.normal(size=latent_dim) * 0.05
    kl = rng.permutation(np.linspace(3.0, 0.01, latent_dim))
    rotation, _ = np.linalg.qr(rng.normal(size=(latent_dim, latent_dim)))
    variances, vectors = np.linalg.eigh((rotation * np.linspace(0.5, 1.2, latent_dim)) @ rotation.T)
    posterior = rng.normal(size=(4096, latent_dim))
    norms = np.linalg.norm(posterior, axis=1)
    means = mean + rng.normal(size=(len(labels), latent_dim)) * std
    examples = mean + rng.normal(size=(2 * len(labels), latent_dim)) * std
    return {
        "mean": mean.astype(np.float32),
        "std": std.astype(np.float32),
        "kl": kl.astype(np.float32),
        "axes": vectors.T[::-1].astype(np.float32),
        "axis_variances": variances[::-1].astype(np.float32),
        "shell": np.quantile(norms, (0.05, 0.5, 0.95)).astype(np.float32),
        "anchor_z": np.concatenate((means, examples)).astype(np.float32),
        "anchor_labels": np.array(labels + labels + labels),
        "anchor_indices": np.array([-1] * len(labels) + list(range(2 * len(labels))), np.int64),
    }


def card_text(name: str, latent_dim: int, height: int, width: int, channels: int, size: int) -> str:
    """A ``model.toml`` that fits the decoder; ``size`` is the bytes of decoder.onnx."""
    return f"""\
format = 1
name = "{name}"
title = "Random weights, {height}x{width}"
summary = "A decoder that was never trained."
version = "1.0"
limits = "It shows noise."

[data]
name = "none"
licence = "CC0-1.0"
attribution = "nobody"
url = "https://example.org/none"

[latent]
size = {latent_dim}

[image]
height = {height}
width = {width}
channels = {channels}

[decoder]
parameters = 1000
multiply_adds = 100000
precision = "float32"
bytes = {size}

[training]
epochs = 0

[figures]
elbo = -100.5
"""


def write_bundle(
    folder: Path,
    latent_dim: int = 8,
    *,
    height: int = 28,
    width: int = 28,
    channels: int = 1,
    seed: int = 0,
    labels: tuple[str, ...] = ("zero", "one", "two"),
    **options: Any,
) -> Path:
    """Write a whole bundle, named as its folder, and return the folder; makes the folder if need be.

    ``height=32, width=32, channels=3`` gives a colour model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    decoder = write_decoder(
        folder / "decoder.onnx",
        latent_dim,
        height=height,
        width=width,
        channels=channels,
        seed=seed,
        **options,
    )
    arrays: dict[str, Any] = dict(latents_arrays(latent_dim, seed=seed, labels=labels))
    np.savez(folder / "latents.npz", **arrays)
    card = card_text(folder.name, latent_dim, height, width, channels, decoder.stat().st_size)
    (folder / "model.toml").write_text(card, encoding="utf-8")
    return folder
