"""Decoders in the ways of exporters, optimisers and quantisers other than PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
from onnx import TensorProto, helper

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
from tests.onnx_model.zoo.graphs import branch


@animal("TensorFlow's: images between Transposes, padding by a word")
def _() -> Animal:
    w = Writer(final=None).add("Transpose", perm=[0, 2, 3, 1]).add("Transpose", perm=[0, 3, 1, 2])
    kernel = np.einsum("io,hw->iohw", np.eye(3), np.ones((2, 2))).astype(np.float32)
    w.add("ConvTranspose", w.constant(kernel), strides=[2, 2], auto_pad="SAME_UPPER", kernel_shape=[2, 2])
    w.add("Transpose", perm=[0, 2, 3, 1]).add("Add", w.floats(0.1, 0.2, 0.3)).add("Sigmoid")

    def image(z: Floats) -> Floats:
        shift = np.array([0.1, 0.2, 0.3], np.float32).reshape(3, 1, 1)
        return sigmoid(logits(z).repeat(2, 2).repeat(2, 3) + shift)

    return Animal(w.model(), image, "its channels come last")


@animal("Keras': z as (n, 1, 1, d)")
def _() -> Animal:
    w = Writer(shape=("n", 1, 1, 16), begin=False)
    w.add("Reshape", w.ints(-1, 16)).add("Slice", w.ints(0), w.ints(DIM), w.ints(1))
    w.body()
    return Animal(w.model(), lambda z: truth(z[:, :DIM]), "it takes z in the shape 1x1x1x16", dim=16)


@animal("lists of tensors")
def _() -> Animal:
    w = Writer(shape=(1, DIM), batch=1)
    parts = w.node("SplitToSequence", w.last, w.ints(1, 1, 1), axis=1)
    planes = [w.node("SequenceAt", parts, w.constant(np.array(i))) for i in (2, 1, 0)]
    w.last = w.node("ConcatFromSequence", w.node("SequenceConstruct", *planes), axis=1)
    return Animal(w.model(), lambda z: truth(z)[:, ::-1], "clipped to 0..1", wgpu=False)


@animal("a branch by a constant")
def _() -> Animal:
    w = Writer(begin=False, shape=(1, DIM))
    never = w.constant(np.array(False))
    w.last = w.node("If", never, then_branch=branch("then", 3.0, "z"), else_branch=branch("else", -1.0, "z"))
    w.body()
    return Animal(w.model(), lambda z: truth(-z), wgpu=False)


@animal("a loop of so many times")
def _() -> Animal:
    w = Writer(begin=False, shape=(1, DIM))
    doubled = w.floats(2.0)
    flag = helper.make_tensor_value_info("flag", TensorProto.BOOL, [])
    state = helper.make_tensor_value_info("state", TensorProto.FLOAT, [1, DIM])
    body = helper.make_graph(
        [
            helper.make_node("Mul", ["state", doubled], ["next"]),
            helper.make_node("Identity", ["flag"], ["go"]),
        ],
        "body",
        [helper.make_tensor_value_info("times", TensorProto.INT64, []), flag, state],
        [
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [1, DIM]),
        ],
    )
    w.last = w.node("Loop", w.constant(np.array(2)), w.constant(np.array(True)), "z", body=body)
    w.body()
    return Animal(w.model(), lambda z: truth(4 * z), wgpu=False)


@animal("an activation that onnxruntime put into the convolution")
def _() -> Animal:
    w = Writer(final=None)
    w.domains.append("com.microsoft")
    kernel = w.constant(0.1 * np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1))
    w.nodes.append(
        helper.make_node(
            "FusedConv",
            [w.last, kernel],
            ["fused"],
            domain="com.microsoft",
            activation="Tanh",
            kernel_shape=[1, 1],
        )
    )
    w.last = "fused"
    return Animal(w.model(), lambda z: np.tanh(0.1 * logits(z)) / 2 + 0.5, "it ends in Tanh", wgpu=False)


def steps(x: Floats, scale: float, zero: int, low: int, high: int) -> Floats:
    return np.asarray(np.clip(np.rint(x / np.float32(scale)) + zero, low, high), np.float32)


@animal("quantised at the end, eight bits")
def _() -> Animal:
    w = Writer()
    w.add("QuantizeLinear", w.floats(1 / 255), w.constant(np.uint8(0))).output(TensorProto.UINT8)
    return Animal(w.model(), lambda z: steps(truth(z), 1 / 255, 0, 0, 255) / 255, "0 to 255")


@animal("quantised at the end, with a sign, channels last")
def _() -> Animal:
    w = Writer(final="Tanh")
    w.add("QuantizeLinear", w.floats(1 / 127), w.constant(np.int8(0))).add("Transpose", perm=[0, 2, 3, 1])
    values = lambda z: steps(np.tanh(logits(z)), 1 / 127, 0, -128, 127) / 254 + 0.5  # noqa: E731
    return Animal(w.output(TensorProto.INT8).model(), values, "-127 to 127")


@animal("quantised and taken back at the end")
def _() -> Animal:
    w = Writer(final="Tanh")
    scale, zero = w.floats(2 / 255), w.constant(np.uint8(128))
    w.add("QuantizeLinear", scale, zero).add("DequantizeLinear", scale, zero)

    def image(z: Floats) -> Floats:
        return (steps(np.tanh(logits(z)), 2 / 255, 128, 0, 255) - 128) * np.float32(2 / 255) / 2 + 0.5

    return Animal(w.model(), image, "it ends in Tanh")


def narrow(kind: int, *, block: int = 0) -> tuple[Writer, Floats]:
    """A decoder whose matrix is stored in few bits, and that matrix, (DIM, 3, h, w)."""
    rows = patterns(3).reshape(DIM, -1)
    w = Writer(opset=21, begin=False)
    if kind == TensorProto.INT4:
        groups = rows.reshape(-1, block or DIM, rows.shape[1])
        scale = np.abs(groups).max(1) / 7
        each = scale.repeat(block or DIM, 0)
        stored = np.rint(rows / each)
        w.weights.append(helper.make_tensor("w", kind, rows.shape, stored.astype(np.int64).ravel().tolist()))
        dequantised = {"axis": 0, "block_size": block} if block else {"axis": 1}
        w.last = w.node("DequantizeLinear", "w", w.constant(scale if block else scale[0]), **dequantised)
        values = stored * each
    else:
        small = (rows / 2).astype(ml_dtypes.float8_e4m3fn)
        tensor = TensorProto(name="w", data_type=kind, dims=rows.shape, raw_data=small.tobytes())
        w.weights.append(tensor)
        w.last = w.node("DequantizeLinear", "w", w.floats(2.0))
        values = 2 * small.astype(np.float32)
    w.last = w.node("MatMul", "z", w.last)
    w.add("Reshape", w.ints(-1, 3, HEIGHT, WIDTH)).add("Sigmoid")
    return w, np.asarray(values, np.float32).reshape(DIM, 3, HEIGHT, WIDTH)


@animal("weights of four bits, a scale a column")
def _() -> Animal:
    w, rows = narrow(TensorProto.INT4)
    return Animal(w.model(), lambda z: sigmoid(np.einsum("nd,dchw->nchw", z, rows)))


@animal("weights of four bits, a scale a block")
def _() -> Animal:
    w, rows = narrow(TensorProto.INT4, block=2)
    return Animal(w.model(), lambda z: sigmoid(np.einsum("nd,dchw->nchw", z, rows)))


@animal("weights as floats of eight bits")
def _() -> Animal:
    w, rows = narrow(TensorProto.FLOAT8E4M3FN)
    return Animal(w.model(), lambda z: sigmoid(np.einsum("nd,dchw->nchw", z, rows)))


@animal("weights as floats of eight bits that are cast")
def _() -> Animal:
    rows = patterns(3).reshape(DIM, -1).astype(ml_dtypes.float8_e5m2)
    w = Writer(opset=19, begin=False)
    w.weights.append(
        TensorProto(name="w", data_type=TensorProto.FLOAT8E5M2, dims=rows.shape, raw_data=rows.tobytes())
    )
    w.last = w.node("MatMul", "z", w.node("Cast", "w", to=TensorProto.FLOAT))
    w.add("Reshape", w.ints(-1, 3, HEIGHT, WIDTH)).add("Sigmoid")
    values = rows.astype(np.float32).reshape(DIM, 3, HEIGHT, WIDTH)
    return Animal(w.model(), lambda z: sigmoid(np.einsum("nd,dchw->nchw", z, values)))


@animal("colours by a palette")
def _() -> Animal:
    palette = np.random.default_rng(3).random((8, 3)).astype(np.float32)
    w = Writer(8, final=None).add("ArgMax", axis=1, keepdims=0)
    w.last = w.node("Gather", w.constant(palette), w.last, axis=0)
    image = lambda z: palette[logits(z, 8).argmax(1)].transpose(0, 3, 1, 2)  # noqa: E731
    return Animal(w.model(), image, "clipped to 0..1 (it ends in Gather", wgpu=False)


@animal("cut at 0 and 6")
def _() -> Animal:
    w = Writer(final=None)
    w.add("Mul", w.floats(0.5)).add("Clip", w.floats(0.0), w.floats(6.0))

    def cut(z: Floats) -> Floats:
        return np.asarray(np.clip(np.float32(0.5) * logits(z), 0, 6))

    drawn = np.random.default_rng(0).standard_normal((16, DIM)).astype(np.float32)
    white = np.quantile(cut(drawn).astype(np.float64), 0.995)
    return Animal(w.model(), lambda z: cut(z) / white, "are shown as black to white (it ends in Clip")


@animal("means and deviations, six channels")
def _() -> Animal:
    return Animal(Writer(6).model(), lambda z: truth(z, 6)[:, :3], "the first three of its six channels")


def planes(*axes: int) -> Writer:
    w = Writer()
    for place, name in enumerate(("out_red", "out_green", "out_blue")):
        start = w.node("Slice", w.last, w.ints(place), w.ints(place + 1), w.ints(1))
        if axes:
            start = w.node("Squeeze", start, w.ints(*axes))
        w.nodes[-1].output[0] = name
        w.output(name=name)
    return w


@animal("an output a colour")
def _() -> Animal:
    return Animal(planes().model(), note="are taken for red, green and blue")


@animal("an output a colour, without channels")
def _() -> Animal:
    return Animal(planes(1).model(), note="'out_red', 'out_green', 'out_blue' are taken for red, green")


@animal("another space of colours by its name")
def _() -> Animal:
    w = Writer()
    w.nodes[-1].output[0] = w.last = "img_ycbcr"
    return Animal(w.model(), note="is named 'img_ycbcr', but its channels are shown as red, green and blue")


@animal("blue first by its name")
def _() -> Animal:
    w = Writer()
    w.nodes[-1].output[0] = w.last = "output_BGR"
    return Animal(w.model(), note="red is taken to come first; --bgr says otherwise")
