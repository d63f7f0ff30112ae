"""Decoders whose graphs are out of order, old, in training mode, or made of unusual operators."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.onnx_model.zoo.animals import (
    DIM,
    HEIGHT,
    WIDTH,
    Animal,
    Floats,
    Writer,
    animal,
    logits,
    patterns,
    sigmoid,
    truth,
)


@animal("operators out of order")
def _() -> Animal:
    model = Writer().model()
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes[::-1])
    return Animal(model, note="out of order and are sorted")


@animal("weights that nothing reads")
def _() -> Animal:
    w = Writer()
    w.constant(np.zeros((1000, 1000), np.float32))
    w.node("Relu", w.last)
    return Animal(w.model())


@animal("exported in training mode")
def _() -> Animal:
    w = Writer(final=None)
    one, zero = np.ones(3, np.float32), np.zeros(3, np.float32)
    names = [w.constant(v) for v in (one, zero, zero, one)]
    w.nodes.append(
        helper.make_node(
            "BatchNormalization", [w.last, *names], ["normal", "mean", "var"], training_mode=1, epsilon=0.0
        )
    )
    w.last = w.node("Dropout", "normal", w.floats(0.5), w.constant(np.array(True)))
    return Animal(w.add("Sigmoid").model(), note="exported in training mode")


@animal("opset 7")
def _() -> Animal:
    return Animal(Writer(opset=7).model())


@animal("opset 8, resized")
def _() -> Animal:
    w = Writer(opset=8).add("Upsample", mode="nearest", scales=[1.0, 1.0, 2.0, 2.0])
    return Animal(w.model(), lambda z: truth(z).repeat(2, 2).repeat(2, 3))


@animal("resized by 1.4, where 15 times that is 21 in single precision alone")
def _() -> Animal:
    w = Writer(height=15, width=15)
    scales = w.constant(np.array([1, 1, 1.4, 1.4], np.float32))
    w.add(
        "Resize",
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    at = (np.arange(21, dtype=np.float32) / np.float32(1.4)).astype(int)
    return Animal(w.model(), lambda z: truth(z, height=15, width=15)[:, :, at][:, :, :, at])


@animal("And and Or")
def _() -> Animal:
    w = Writer()
    low, high = w.node("Less", w.last, w.floats(0.3)), w.node("Greater", w.last, w.floats(0.7))
    inside = w.node("Not", w.node("Or", low, high))
    every = w.node("And", inside, w.node("Or", low, inside))
    w.last = w.node("Where", every, w.last, w.floats(0.5))

    def image(z: Floats) -> Floats:
        x = truth(z)
        return np.where((x >= 0.3) & (x <= 0.7), x, np.float32(0.5))

    return Animal(w.model(), image, "clipped to 0..1 (it ends in Where")


@animal("opset 24")
def _() -> Animal:
    return Animal(Writer(opset=24).model())


@animal("a function of its own")
def _() -> Animal:
    w = Writer(final=None)
    w.domains.append("local")
    w.nodes.append(helper.make_node("Logistic", [w.last], ["image"], domain="local"))
    w.last = "image"
    model = w.model()
    body = [helper.make_node("Sigmoid", ["x"], ["y"])]
    model.functions.append(
        helper.make_function("local", "Logistic", ["x"], ["y"], body, [helper.make_opsetid("", 18)])
    )
    return Animal(model)


@animal("random noise inside")
def _() -> Animal:
    w = Writer(final=None)
    noise = w.node("RandomNormalLike", w.last)
    w.last = w.node("Add", w.last, w.node("Mul", noise, w.floats(0.2)))
    fixed = np.random.default_rng(0).standard_normal((1, 3, HEIGHT, WIDTH)).astype(np.float32)

    def image(z: Floats) -> Floats:
        return sigmoid(np.einsum("nd,dchw->nchw", z, patterns(3)) + np.float32(0.2) * fixed)

    return Animal(w.add("Sigmoid").model(), image, "random noise is drawn once")


@animal("Einsum")
def _() -> Animal:
    w = Writer(begin=False)
    w.last = w.node("Einsum", "z", w.constant(patterns(3)), equation="nd,dchw->nchw")
    return Animal(w.add("Sigmoid").model())


@animal("a convolution whose weights are computed")
def _() -> Animal:
    """As StyleGAN2 has it: scaled by a style, divided by their norm."""
    w = Writer(shape=(1, DIM), batch=1, final=None)
    mixing = np.array([[1.0, -0.5, 0.25], [0.5, 1.0, 0.0], [-0.25, 0.5, 1.0]], np.float32)
    image, style = w.last, w.node("Slice", "z", w.ints(0), w.ints(3), w.ints(1))
    style = w.node("Reshape", w.node("Add", w.node("Tanh", style), w.floats(1.5)), w.ints(1, 1, 3, 1, 1))
    weight = w.node("Mul", w.constant(mixing.reshape(1, 3, 3, 1, 1)), style)
    total = w.node("ReduceSum", w.node("Mul", weight, weight), w.ints(2, 3, 4), keepdims=1)
    weight = w.node("Div", weight, w.node("Sqrt", total))
    w.last = w.node("Conv", image, w.node("Reshape", weight, w.ints(3, 3, 1, 1)), group=1)

    def shown(z: Floats) -> Floats:
        weights = mixing * (np.tanh(z[:, None, :3]) + 1.5)
        weights /= np.sqrt((weights**2).sum(2, keepdims=True))
        return sigmoid(np.einsum("noi,nihw->nohw", weights, logits(z)))

    return Animal(w.add("Sigmoid").model(), shown)


@animal("GridSample")
def _() -> Animal:
    w = Writer(opset=20, shape=(1, DIM), batch=1)
    y, x = np.meshgrid(np.linspace(-1, 1, HEIGHT), np.linspace(-1, 1, WIDTH), indexing="ij")
    grid = np.stack([x, y], -1)[None].astype(np.float32)
    w.add("GridSample", w.constant(grid), align_corners=1, mode="linear")
    return Animal(w.model(), note="clipped to 0..1")


@animal("TopK, ScatterND, GatherND and CumSum")
def _() -> Animal:
    w = Writer(begin=False)
    values = w.node("TopK", "z", w.ints(DIM), outputs=2)
    del values
    w.last = w.node("CumSum", "z", w.constant(np.array(1)))
    indices = np.array([[[i] for i in range(DIM)]], np.int64)
    back = w.node("Transpose", w.last, perm=[1, 0])
    picked = w.node("GatherND", back, w.constant(indices[0]))
    zeros = w.node("Mul", back, w.floats(0.0))
    w.last = w.node("Transpose", w.node("ScatterND", zeros, w.constant(indices[0]), picked), perm=[1, 0])
    w.body()
    return Animal(w.model(), lambda z: truth(np.cumsum(z, 1)))


@animal("GRU")
def _() -> Animal:
    w = Writer(begin=False, shape=(1, DIM))
    w.add("Unsqueeze", w.ints(0))
    zeros = np.zeros((1, 3 * DIM, DIM), np.float32)
    zeros[0, 2 * DIM :] = np.eye(DIM)
    still = np.zeros((1, 6 * DIM), np.float32)
    still[0, :DIM] = -50  # the update gate stays shut: the state is tanh(z)
    w.nodes.append(
        helper.make_node(
            "GRU",
            [w.last, *map(w.constant, (zeros, np.zeros_like(zeros), still))],
            ["sequence", "state"],
            hidden_size=DIM,
        )
    )
    w.last = w.node("Squeeze", "state", w.ints(0))
    w.body()
    return Animal(w.model(), lambda z: truth(np.tanh(z)), wgpu=False)


@animal("quantised, with QuantizeLinear and DequantizeLinear")
def _() -> Animal:
    w = Writer()
    step, zero = w.floats(1 / 255), w.constant(np.array(0, np.uint8))
    w.last = w.node("DequantizeLinear", w.node("QuantizeLinear", w.last, step, zero), step, zero)
    return Animal(w.model())


@animal("quantised as it runs")
def _() -> Animal:
    w = Writer()
    parts = w.node("DynamicQuantizeLinear", w.last, outputs=3)
    w.last = w.node("DequantizeLinear", parts, f"{parts}.1", f"{parts}.2")
    return Animal(w.model(), note="clipped to 0..1")


@animal("an operator of Microsoft's")
def _() -> Animal:
    w = Writer(final=None)
    w.domains.append("com.microsoft")
    w.nodes.append(helper.make_node("QuickGelu", [w.last], ["gelu"], domain="com.microsoft", alpha=1.702))
    w.last = "gelu"

    def image(z: Floats) -> Floats:
        x = np.einsum("nd,dchw->nchw", z, patterns(3)).astype(np.float32)
        return sigmoid(x * sigmoid(np.float32(1.702) * x))

    return Animal(w.add("Sigmoid").model(), image, wgpu=False)


def branch(name: str, factor: float, outer: str) -> onnx.GraphProto:
    weight = numpy_helper.from_array(np.array(factor, np.float32), f"{name}.factor")
    return helper.make_graph(
        [helper.make_node("Mul", [outer, f"{name}.factor"], [f"{name}.out"])],
        name,
        [],
        [helper.make_tensor_value_info(f"{name}.out", TensorProto.FLOAT, None)],
        [weight],
    )


@animal("a branch by z")
def _() -> Animal:
    w = Writer(begin=False, shape=(1, DIM))
    total = w.node("ReduceSum", "z", keepdims=0)
    positive = w.node("Greater", total, w.floats(0.0))
    w.last = w.node(
        "If", positive, then_branch=branch("then", 1.0, "z"), else_branch=branch("else", -1.0, "z")
    )
    w.body()
    return Animal(w.model(), lambda z: truth(np.where(z.sum(1, keepdims=True) > 0, z, -z)), wgpu=False)


def autoencoder(*, sampled: bool) -> Writer:
    w = Writer(shape=("n", 3, HEIGHT, WIDTH), name="image", begin=False)
    rng = np.random.default_rng(1)
    w.add("Flatten")
    weight = rng.standard_normal((3 * HEIGHT * WIDTH, 2 * DIM)).astype(np.float32) / 40
    hidden = w.node("MatMul", w.last, w.constant(weight))
    mean = w.node("Slice", hidden, w.ints(0), w.ints(DIM), w.ints(1))
    logvar = w.node("Slice", hidden, w.ints(DIM), w.ints(2 * DIM), w.ints(1))
    w.last = mean
    if sampled:
        std = w.node("Exp", w.node("Mul", logvar, w.floats(0.5)))
        w.last = w.node("Add", mean, w.node("Mul", std, w.node("RandomNormalLike", std)))
    w.body()
    w.output()
    if sampled:
        w.output(name=mean)
        w.output(name=logvar)
    return w


@animal("a whole autoencoder")
def _() -> Animal:
    return Animal(autoencoder(sampled=False).model(), note="its decoder half is taken, from")


@animal("a whole VAE that samples")
def _() -> Animal:
    return Animal(autoencoder(sampled=True).model(), note="its decoder half is taken, from")
