"""Decoders whose latent has another shape or type, and those that take more than a latent."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.onnx_model.zoo.animals import (
    DIM,
    HEIGHT,
    WIDTH,
    Animal,
    Floats,
    Writer,
    animal,
    patterns,
    sigmoid,
    truth,
)
from vaevis_tui.onnx_model.adapter.options import AdapterOptions


@animal("a vector without a batch")
def _() -> Animal:
    return Animal(Writer(shape=(DIM,), batch=1).model(), note="it takes z in the shape 6")


def viewed(*shape: int | str | None) -> Writer:
    w = Writer(shape=shape, begin=False)
    w.add("Reshape", w.ints(-1, DIM))
    w.body()
    return w


@animal("(n, d, 1, 1)")
def _() -> Animal:
    return Animal(viewed("n", DIM, 1, 1).model(), note="it takes z in the shape 1x6x1x1")


@animal("(n, 1, d)")
def _() -> Animal:
    return Animal(viewed("n", 1, DIM).model(), note="it takes z in the shape 1x1x6")


@animal("(1, d)")
def _() -> Animal:
    return Animal(Writer(shape=(1, DIM), batch=1).model())


@animal("a length left open")
def _() -> Animal:
    return Animal(Writer(shape=("n", "d")).model())


@animal("no shape at all")
def _() -> Animal:
    model = Writer().model()
    model.graph.input[0].type.tensor_type.ClearField("shape")
    return Animal(model)


@animal("everything left open, four axes")
def _() -> Animal:
    w = Writer(shape=("n", "c", "h", "w"), begin=False)
    w.add("ConvTranspose", w.constant(np.eye(DIM, dtype=np.float32).reshape(DIM, DIM, 1, 1)))
    w.add("Reshape", w.ints(-1, DIM))
    w.body()
    return Animal(w.model(), note="it takes z in the shape 1x6x1x1")


@animal("half precision throughout")
def _() -> Animal:
    w = Writer(dtype=TensorProto.FLOAT16)
    return Animal(w.model())


@animal("double precision throughout")
def _() -> Animal:
    return Animal(Writer(dtype=TensorProto.DOUBLE).model())


@animal("a batch of 64")
def _() -> Animal:
    return Animal(Writer(shape=(64, DIM), batch=64).model(), note="exported for 64 latent vectors at once")


@animal("a batch of 64 with a learned constant for each")
def _() -> Animal:
    w = Writer(shape=(64, DIM), batch=64, final=None)
    w.add("Add", w.constant(np.full((64, 3, 1, 1), 0.5, np.float32))).add("Sigmoid")

    def image(z: Floats) -> Floats:
        return sigmoid(np.einsum("nd,dchw->nchw", z, patterns(3)) + 0.5)

    return Animal(w.model(), image, "decodes that many for each", wgpu=False)


@animal("a batch of 128, four axes, flat")
def _() -> Animal:
    w = Writer(1, shape=(128, DIM, 1, 1), begin=False, height=16)
    w.add("Reshape", w.ints(128, DIM))
    w.body(128)
    w.add("Reshape", w.ints(128, 256))
    return Animal(w.model(), lambda z: truth(z, 1, height=16), "exported for 128")


CLASSES = 4


def bias(label: int) -> float:
    return 0.7 * label - 1


def conditional(kind: str, dims: tuple[int | str, ...], dtype: int = TensorProto.FLOAT) -> Writer:
    """A decoder whose logits are moved by a class, given as a number or one-hot."""
    w = Writer(final=None)
    w.inputs.append(helper.make_tensor_value_info(kind, dtype, list(dims)))
    table = np.array([[bias(label)] for label in range(CLASSES)], np.float32)
    if dtype == TensorProto.FLOAT:
        moved = w.node("MatMul", kind, w.constant(table))
    else:
        moved = w.node("Gather", w.constant(table), kind, axis=0)
    moved = w.node("Reshape", moved, w.ints(-1, 1, 1, 1))
    w.last = w.node("Add", w.last, moved)
    return w.add("Sigmoid")


def of_class(label: int, z: Floats) -> Floats:
    return sigmoid(np.einsum("nd,dchw->nchw", z, patterns(3)).astype(np.float32) + np.float32(bias(label)))


@animal("a label")
def _() -> Animal:
    w = conditional("label", ("n",), TensorProto.INT64)
    return Animal(w.model(), lambda z: of_class(0, z), "besides z it takes label=0 of 4")


@animal("a label that is set")
def _() -> Animal:
    w = conditional("label", ("n",), TensorProto.INT64)
    options = AdapterOptions(settings=(("label", "3"),))
    return Animal(w.model(), lambda z: of_class(3, z), "label=3 of 4", options)


@animal("a label for one")
def _() -> Animal:
    w = conditional("y", (1,), TensorProto.INT32)
    options = AdapterOptions(settings=(("y", "2"),))
    return Animal(w.model(), lambda z: of_class(2, z), "y=2 of 4", options)


@animal("a label that is made one-hot inside")
def _() -> Animal:
    w = Writer(final=None)
    w.inputs.append(helper.make_tensor_value_info("y", TensorProto.INT64, ["n"]))
    hot = w.node("OneHot", "y", w.constant(np.array(CLASSES)), w.constant(np.array([0, 1])), axis=-1)
    table = np.array([[bias(label)] for label in range(CLASSES)], np.float32)
    moved = w.node("MatMul", w.node("Cast", hot, to=TensorProto.FLOAT), w.constant(table))
    w.last = w.node("Add", w.last, w.node("Reshape", moved, w.ints(-1, 1, 1, 1)))
    options = AdapterOptions(settings=(("y", "3"),))
    return Animal(w.add("Sigmoid").model(), lambda z: of_class(3, z), "takes y=3", options)


@animal("one-hot")
def _() -> Animal:
    w = conditional("class_onehot", ("n", CLASSES))
    options = AdapterOptions(settings=(("class_onehot", "1"),))
    return Animal(w.model(), lambda z: of_class(1, z), "class_onehot=1 of 4", options)


@animal("one-hot of a length left open")
def _() -> Animal:
    w = conditional("cond", ("n", "k"))
    return Animal(w.model(), lambda z: of_class(0, z), "cond=0 of 4")


@animal("one-hot beside z")
def _() -> Animal:
    """As most conditional VAEs have it: z and the class in one vector."""
    w = Writer(begin=False)
    w.inputs.append(helper.make_tensor_value_info("labels", TensorProto.FLOAT, ["n", CLASSES]))
    w.last = w.node("Concat", "z", "labels", axis=1)
    rows = np.concatenate([np.eye(DIM), np.zeros((CLASSES, DIM))]).astype(np.float32)
    rows[DIM + 1, 0] = 1.5
    w.add("MatMul", w.constant(rows))
    w.body()
    options = AdapterOptions(settings=(("labels", "1"),))

    def image(z: Floats) -> Floats:
        return truth(z + np.array([1.5, *[0] * (DIM - 1)], np.float32))

    return Animal(w.model(), image, "labels=1 of 4", options)


@animal("one-hot of four axes")
def _() -> Animal:
    w = conditional("labels", ("n", CLASSES, 1, 1))
    gemm = next(node for node in w.nodes if "labels" in node.input)
    flat = helper.make_node("Flatten", ["labels"], ["labels.flat"])
    gemm.input[0] = "labels.flat"
    w.nodes.insert(0, flat)
    options = AdapterOptions(settings=(("labels", "2"),))
    return Animal(w.model(), lambda z: of_class(2, z), "labels=2 of 4", options)


def scaled_by(name: str, *dims: int | str) -> Writer:
    """A decoder whose latent is multiplied by a number, as by StyleGAN's truncation."""
    w = Writer(begin=False)
    w.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(dims)))
    w.add("Mul", name)
    w.body()
    return w


@animal("truncation")
def _() -> Animal:
    return Animal(scaled_by("psi").model(), note="psi=1")


@animal("truncation that is set")
def _() -> Animal:
    options = AdapterOptions(settings=(("truncation_psi", "0.5"),))
    return Animal(
        scaled_by("truncation_psi", "n", 1).model(), lambda z: truth(z / 2), "truncation_psi=0.5", options
    )


@animal("noise as an input")
def _() -> Animal:
    w = Writer(final=None)
    w.inputs.append(helper.make_tensor_value_info("noise", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH]))
    w.add("Add", w.node("Mul", "noise", w.floats(0.1))).add("Sigmoid")
    noise = np.random.default_rng(3).standard_normal((1, 1, HEIGHT, WIDTH)).astype(np.float32)
    options = AdapterOptions(settings=(("noise", "3"),))

    def image(z: Floats) -> Floats:
        return sigmoid(np.einsum("nd,dchw->nchw", z, patterns(3)) + 0.1 * noise)

    return Animal(w.model(), image, "noise=3", options)


@animal("noise that is all there is")
def _() -> Animal:
    return Animal(Writer(name="noise").model())


def beside(first: str, second: str) -> Writer:
    w = Writer(shape=("n", 4), name=first, begin=False)
    w.inputs.append(helper.make_tensor_value_info(second, TensorProto.FLOAT, ["n", 2]))
    w.last = w.node("Concat", first, second, axis=1)
    w.body()
    return w


@animal("two latents")
def _() -> Animal:
    return Animal(
        beside("z1", "z2").model(), note="z holds its latents one after the other: 'z1' 1x4, 'z2' 1x2"
    )


@animal("attributes beside z")
def _() -> Animal:
    return Animal(beside("z", "attributes").model(), note="z holds its latents one after the other")


@animal("a code beside the noise that is the latent")
def _() -> Animal:
    """As of InfoGAN."""
    return Animal(beside("noise", "code").model(), note="'noise' 1x4, 'code' 1x2")


@animal("an input that nothing reads")
def _() -> Animal:
    w = Writer()
    w.inputs.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["n", 77]))
    return Animal(w.model())


@animal("a switch")
def _() -> Animal:
    w = Writer()
    w.inputs.append(helper.make_tensor_value_info("flip", TensorProto.BOOL, []))
    w.last = w.node("Where", "flip", w.node("Sub", w.floats(1.0), w.last), w.last)
    return Animal(w.model(), note="flip=false")


def spatial(channels: int, side: int, flat: bool = False) -> Writer:
    """A decoder of an image of latents: a mix of all channels, sixteen times as large."""
    shape: tuple[int | str, ...] = ("n", channels * side * side) if flat else ("n", channels, side, side)
    w = Writer(shape=shape, begin=False)
    if flat:
        w.add("Reshape", w.ints(-1, channels, side, side))
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((3, channels, 1, 1)).astype(np.float32) / np.sqrt(channels).astype(np.float32)
    w.add("Conv", w.constant(mix)).add("Sigmoid")
    w.add(
        "Resize",
        "",
        w.floats(1, 1, 4, 4),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return w


def by_directions(rows: Floats, channels: int, side: int, z: Floats) -> Floats:
    latent = (z @ rows).reshape(len(z), channels, side, side)
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((3, channels)).astype(np.float32) / np.sqrt(channels).astype(np.float32)
    return sigmoid(np.einsum("oc,nchw->nohw", mix, latent)).repeat(4, 2).repeat(4, 3)


@animal("a spatial latent of 32x16x16")
def _() -> Animal:
    from vaevis_tui.onnx_model.adapter.latent_input.directions import smooth_patterns

    rows = smooth_patterns((32, 16, 16))
    return Animal(
        spatial(32, 16).model(),
        lambda z: by_directions(rows, 32, 16, z),
        "z mixes 256 smooth patterns into its latent, which is 1x32x16x16",
        dim=256,
    )


@animal("a spatial latent of four channels, sizes left open")
def _() -> Animal:
    from vaevis_tui.onnx_model.adapter.latent_input.directions import smooth_patterns

    model: onnx.ModelProto = spatial(4, 8).model()
    for axis in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = f"side{axis}"
    rows = smooth_patterns((4, 16, 16))
    return Animal(
        model,
        lambda z: by_directions(rows, 4, 16, z),
        "z mixes 64 smooth patterns into its latent, which is 1x4x16x16",
        dim=64,
    )


@animal("a spatial latent, flattened to 8192")
def _() -> Animal:
    from vaevis_tui.onnx_model.adapter.latent_input.directions import random_directions

    rows = random_directions(8192)
    return Animal(
        spatial(32, 16, flat=True).model(),
        lambda z: by_directions(rows, 32, 16, z),
        "z mixes 256 random directions into its latent, which is 1x8192",
        dim=256,
    )


@animal("uniform z")
def _() -> Animal:
    return Animal(
        Writer().model(),
        lambda z: truth(np.clip(z, -1, 1)),
        "z is taken as uniform",
        AdapterOptions(prior="uniform"),
    )


@animal("z on the unit sphere")
def _() -> Animal:
    return Animal(
        Writer().model(),
        lambda z: truth(z / np.linalg.norm(z, axis=1, keepdims=True)),
        "z is taken as sphere",
        AdapterOptions(prior="sphere"),
    )


@animal("z of scale 10")
def _() -> Animal:
    return Animal(Writer().model(), truth, "z is taken as 10", AdapterOptions(prior="10"))
