"""Decoders that end in values of another range."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, numpy_helper

from tests.onnx_model.zoo.animals import HEIGHT, WIDTH, Animal, Floats, Writer, animal, logits, truth
from vaevis_tui.onnx_model.adapter.options import AdapterOptions

MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)


def tanh(z: Floats) -> Floats:
    return np.asarray(np.tanh(logits(z)) / 2 + 0.5, np.float32)


@animal("sigmoid")
def _() -> Animal:
    return Animal(Writer().model())


@animal("tanh")
def _() -> Animal:
    return Animal(Writer(final="Tanh").model(), tanh, "-1 to 1 are shown as black to white (it ends in Tanh)")


@animal("times 255")
def _() -> Animal:
    w = Writer()
    return Animal(w.add("Mul", w.floats(255.0)).model(), note="0 to 255")


@animal("times 2 minus 1")
def _() -> Animal:
    w = Writer()
    return Animal(w.add("Mul", w.floats(2.0)).add("Sub", w.floats(1.0)).model(), note="-1 to 1")


@animal("normalised by a half")
def _() -> Animal:
    w = Writer()
    return Animal(w.add("Sub", w.floats(0.5)).add("Div", w.floats(0.5)).model(), note="-1 to 1")


@animal("clamped to -1..1 behind a sigmoid")
def _() -> Animal:
    w = Writer()
    return Animal(w.add("Clip", w.floats(-1.0), w.floats(1.0)).model())


@animal("linear and clamped to -1..1")
def _() -> Animal:
    w = Writer(final=None)
    w.add("Mul", w.floats(0.4)).add("Clip", w.floats(-1.0), w.floats(1.0))
    return Animal(w.model(), lambda z: np.clip(logits(z) * 0.4, -1, 1) / 2 + 0.5, "it ends in Clip")


@animal("clamped to 0..1")
def _() -> Animal:
    w = Writer(final=None)
    w.add("Mul", w.floats(0.2)).add("Add", w.floats(0.5)).add("Clip", w.floats(0.0), w.floats(1.0))
    return Animal(w.model(), lambda z: np.clip(logits(z) * 0.2 + 0.5, 0, 1))


@animal("hard tanh by Max and Min")
def _() -> Animal:
    w = Writer(final=None)
    w.add("Mul", w.floats(0.4)).add("Max", w.floats(-1.0)).add("Min", w.floats(1.0))
    return Animal(w.model(), lambda z: np.clip(logits(z) * 0.4, -1, 1) / 2 + 0.5, "-1 to 1")


@animal("ImageNet normalisation in the graph")
def _() -> Animal:
    w = Writer()
    w.add("Sub", w.constant(MEAN)).add("Div", w.constant(STD))
    return Animal(w.model(), note="-2.118, -2.036, -1.804 to 2.249, 2.429, 2.64")


@animal("ImageNet normalisation, channels last")
def _() -> Animal:
    w = Writer()
    w.add("Sub", w.constant(MEAN)).add("Div", w.constant(STD)).add("Transpose", perm=[0, 2, 3, 1])
    return Animal(w.model(), note="its channels come last; its values -2.118, -2.036, -1.804 to")


@animal("sin")
def _() -> Animal:
    return Animal(Writer(final="Sin").model(), lambda z: np.sin(logits(z)) / 2 + 0.5, "it ends in Sin")


@animal("softsign")
def _() -> Animal:
    def image(z: Floats) -> Floats:
        x = logits(z)
        return np.asarray(x / (1 + np.abs(x)) / 2 + 0.5, np.float32)

    return Animal(Writer(final="Softsign").model(), image, "it ends in Softsign")


@animal("tanh, then a crop")
def _() -> Animal:
    w = Writer(final="Tanh")
    w.add("Slice", w.ints(2, 1), w.ints(18, 15), w.ints(2, 3))
    return Animal(w.model(), lambda z: tanh(z)[:, :, 2:18, 1:15], "it ends in Tanh")


@animal("tanh, then padding")
def _() -> Animal:
    w = Writer(final="Tanh")
    w.add("Pad", w.ints(0, 0, 1, 2, 0, 0, 1, 2), w.floats(-1.0))
    return Animal(w.model(), lambda z: np.pad(tanh(z), ((0, 0), (0, 0), (1, 1), (2, 2))), "it ends in Tanh")


@animal("tanh, then a resize")
def _() -> Animal:
    w = Writer(final="Tanh")
    w.add(
        "Resize",
        "",
        w.floats(1, 1, 2, 2),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return Animal(w.model(), lambda z: tanh(z).repeat(2, 2).repeat(2, 3), "it ends in Tanh")


@animal("tanh, then a pixel shuffle")
def _() -> Animal:
    w = Writer(12, final="Tanh")
    w.add("DepthToSpace", blocksize=2, mode="CRD")

    def image(z: Floats) -> Floats:
        x = np.tanh(logits(z, 12)) / 2 + 0.5
        n, _, h, width = x.shape
        return np.asarray(
            x.reshape(n, 3, 2, 2, h, width).transpose(0, 1, 4, 2, 5, 3).reshape(n, 3, 2 * h, 2 * width)
        )

    return Animal(w.model(), image, "it ends in Tanh")


@animal("tanh, then repeated as channels")
def _() -> Animal:
    w = Writer(1, final="Tanh")
    w.last = w.node("Concat", w.last, w.last, w.last, axis=1)
    return Animal(w.model(), lambda z: (np.tanh(logits(z, 1)) / 2 + 0.5).repeat(3, 1), "it ends in Tanh")


@animal("tanh, scaled")
def _() -> Animal:
    w = Writer(final="Tanh")
    return Animal(w.add("Mul", w.floats(0.5)).model(), tanh, "-0.5 to 0.5")


@animal("tanh mapped to 0..1")
def _() -> Animal:
    w = Writer(final="Tanh")
    return Animal(w.add("Mul", w.floats(0.5)).add("Add", w.floats(0.5)).model(), tanh)


@animal("negative")
def _() -> Animal:
    w = Writer()
    w.last = w.node("Sub", w.floats(1.0), w.last)
    return Animal(w.model(), lambda z: 1 - truth(z))


@animal("a sigmoid written out")
def _() -> Animal:
    w = Writer(final=None)
    w.add("Neg").add("Exp").add("Add", w.floats(1.0)).add("Reciprocal").add("Mul", w.floats(255.0))
    return Animal(w.model(), note="0 to 255")


@animal("logits")
def _() -> Animal:
    return Animal(Writer(1, final=None).model(), lambda z: truth(z, 1), "a sigmoid is put behind its values")


@animal("linear, of 0..1")
def _() -> Animal:
    w = Writer(final=None)
    w.add("Mul", w.floats(0.04)).add("Add", w.floats(0.45)).add("Identity")
    w.add("Conv", w.constant(np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)))
    return Animal(w.model(), lambda z: np.clip(logits(z) * 0.04 + 0.45, 0, 1), "clipped to 0..1")


@animal("linear, of -1..1")
def _() -> Animal:
    w = Writer(final=None)
    w.add("Mul", w.floats(0.09)).add("Conv", w.constant(np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)))
    return Animal(w.model(), lambda z: np.clip(logits(z) * 0.09 / 2 + 0.5, 0, 1), "-1 to 1")


@animal("linear, of 0..255")
def _() -> Animal:
    w = Writer()
    w.add("Conv", w.constant(255 * np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)))
    return Animal(w.model(), note="0 to 255")


@animal("linear, normalised by the means of ImageNet")
def _() -> Animal:
    w = Writer()
    scale = np.eye(3, dtype=np.float32) / STD.reshape(3, 1)
    w.add("Conv", w.constant(scale.reshape(3, 3, 1, 1)), w.constant((-MEAN / STD).reshape(3)))
    return Animal(w.model(), note="as normalised by the means of ImageNet")


@animal("a convolution, times 2 minus 1, as AutoencoderTiny has it")
def _() -> Animal:
    w = Writer()
    w.add("Conv", w.constant(np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)))
    w.add("Mul", w.floats(2.0)).add("Sub", w.floats(1.0))
    return Animal(w.model(), note="its last operators scale 0..1 or -1..1 to that")


@animal("tanh of what is never dark")
def _() -> Animal:
    w = Writer()
    w.add("Mul", w.floats(1.5)).add("Tanh")
    return Animal(w.model(), lambda z: np.tanh(1.5 * truth(z)), "none of 16 images is below 0")


@animal("range by a flag")
def _() -> Animal:
    w = Writer()
    w.add("Mul", w.floats(8.0)).add("Sub", w.floats(3.0)).add("Abs")
    return Animal(
        w.model(),
        lambda z: np.abs(8 * truth(z) - 3) / 5,
        "0 to 5 are shown as black to white (as it was said)",
        AdapterOptions(range="0..5"),
    )


@animal("logits by a flag")
def _() -> Animal:
    w = Writer(final=None)
    return Animal(w.model(), truth, "a sigmoid is put behind", AdapterOptions(range="logits"))


@animal("whole numbers of eight bits")
def _() -> Animal:
    w = Writer()
    w.add("Mul", w.floats(255.0)).add("Cast", to=TensorProto.UINT8).output(TensorProto.UINT8)
    return Animal(w.model(), lambda z: np.floor(truth(z) * 255) / 255, "0 to 255")


@animal("whole numbers from -127 to 127")
def _() -> Animal:
    w = Writer(final="Tanh")
    w.add("Mul", w.floats(127.0)).add("Cast", to=TensorProto.INT8).add("Transpose", perm=[0, 2, 3, 1])
    values = lambda z: np.trunc(np.tanh(logits(z)) * 127) / 254 + 0.5  # noqa: E731
    return Animal(w.output(TensorProto.INT8).model(), values, "-127 to 127")


@animal("the most likely of sixteen levels")
def _() -> Animal:
    w = Writer(16, final=None)
    w.add("ArgMax", axis=1, keepdims=1).output(TensorProto.INT64)
    image = lambda z: logits(z, 16).argmax(1)[:, None] / 15  # noqa: E731
    return Animal(w.model(), image, "0 to 15 are shown as black to white (it ends in ArgMax", wgpu=False)


def levels(z: Floats) -> Floats:
    weights = np.exp(logits(z, 12).reshape(len(z), 3, 4, HEIGHT, WIDTH))
    middle = np.array([0, 1 / 3, 2 / 3, 1], np.float32).reshape(4, 1, 1)
    return np.asarray((weights * middle).sum(2) / weights.sum(2))


@animal("the mean of levels by how likely they are")
def _() -> Animal:
    w = Writer(12, final=None)
    w.add("Reshape", w.ints(-1, 3, 4, HEIGHT, WIDTH)).add("Softmax", axis=2)
    w.add("Mul", w.constant(np.array([0, 1 / 3, 2 / 3, 1], np.float32).reshape(1, 1, 4, 1, 1)))
    w.add("ReduceSum", w.ints(2), keepdims=0)
    return Animal(w.model(), levels, "clipped to 0..1 (it ends in ReduceSum")


@animal("about zero, without an activation")
def _() -> Animal:
    w = Writer(final=None)
    rows = numpy_helper.to_array(w.weights[0])
    w.weights[0].CopyFrom(numpy_helper.from_array(rows * np.float32(0.035), w.weights[0].name))
    return Animal(w.model(), lambda z: logits(z) * 0.035 + 0.5, "-0.5 to 0.5 are shown as black to white")


@animal("half precision at the end")
def _() -> Animal:
    w = Writer()
    return Animal(w.add("Cast", to=TensorProto.FLOAT16).output(TensorProto.FLOAT16).model())
