"""Decoders whose outputs have their axes elsewhere, or more than one output."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from tests.onnx_model.zoo.animals import HEIGHT, WIDTH, Animal, Writer, animal, truth
from vaevis_tui.onnx_model.adapter.options import AdapterOptions


def reshaped(channels: int, *shape: Any, **options: Any) -> Writer:
    w = Writer(channels, **options)
    return w.add("Reshape", w.ints(*shape))


@animal("NHWC")
def _() -> Animal:
    return Animal(Writer().add("Transpose", perm=[0, 2, 3, 1]).model(), note="its channels come last")


@animal("NHWC, grey")
def _() -> Animal:
    return Animal(
        Writer(1).add("Transpose", perm=[0, 2, 3, 1]).model(),
        lambda z: truth(z, 1),
        "its channels come last",
    )


@animal("NHW")
def _() -> Animal:
    w = reshaped(1, -1, HEIGHT, WIDTH)
    return Animal(w.model(), lambda z: truth(z, 1), "its images have no channels")


@animal("HW")
def _() -> Animal:
    w = reshaped(1, HEIGHT, WIDTH, shape=(1, 6), batch=1)
    return Animal(w.model(), lambda z: truth(z, 1), "one image without channels")


@animal("CHW")
def _() -> Animal:
    w = reshaped(3, 3, HEIGHT, WIDTH, shape=(1, 6), batch=1)
    return Animal(w.model(), note="one image without an axis for more")


@animal("HWC")
def _() -> Animal:
    w = Writer(shape=(1, 6), batch=1).add("Transpose", perm=[0, 2, 3, 1])
    w.add("Squeeze", w.ints(0))
    return Animal(w.model(), note="channels come last, without an axis", wgpu=False)


@animal("an axis too many")
def _() -> Animal:
    return Animal(reshaped(1, 1, -1, 1, HEIGHT, WIDTH, shape=(1, 6)).model(), lambda z: truth(z, 1))


@animal("flat, grey, square")
def _() -> Animal:
    w = Writer(1, height=16).add("Flatten")
    return Animal(w.model(), lambda z: truth(z, 1, height=16), "flat output is read as 16x16")


@animal("flat, colour, square")
def _() -> Animal:
    w = Writer(3, height=16).add("Flatten")
    return Animal(w.model(), lambda z: truth(z, 3, height=16), "flat output is read as 16x16x3")


@animal("flat, colour, channels last")
def _() -> Animal:
    w = Writer(3, height=16).add("Transpose", perm=[0, 2, 3, 1]).add("Flatten")
    return Animal(w.model(), lambda z: truth(z, 3, height=16), "read as 16x16x3, channels last")


@animal("flat, grey, 20x16")
def _() -> Animal:
    return Animal(Writer(1).add("Flatten").model(), lambda z: truth(z, 1), "flat output is read as 20x16")


@animal("flat, by a flag")
def _() -> Animal:
    w = Writer(1, height=40, width=8).add("Flatten")
    return Animal(
        w.model(),
        lambda z: truth(z, 1, height=40, width=8),
        options=AdapterOptions(layout="40x8"),
    )


@animal("flat and not a row")
def _() -> Animal:
    w = reshaped(1, -1, shape=(1, 6), batch=1, height=16)
    return Animal(w.model(), lambda z: truth(z, 1, height=16), "read as 16x16")


@animal("RGBA")
def _() -> Animal:
    return Animal(Writer(4).model(), lambda z: truth(z, 4)[:, :3], "transparency, is left out")


@animal("two channels")
def _() -> Animal:
    return Animal(Writer(2).model(), lambda z: truth(z, 2)[:, :1], "first of its two channels")


@animal("BGR by a flag")
def _() -> Animal:
    return Animal(Writer().model(), lambda z: truth(z)[:, ::-1], "taken as BGR", AdapterOptions(bgr=True))


def several(*, large_first: bool) -> Writer:
    w = Writer()
    small = w.node("AveragePool", w.last, kernel_shape=[2, 2], strides=[2, 2])
    mean = w.node("ReduceMean", w.last, w.ints(2, 3), keepdims=0)
    names = [w.last, small, mean] if large_first else [mean, small, w.last]
    for name in names:
        w.output(TensorProto.FLOAT, name)
    return w


@animal("several outputs, the image first")
def _() -> Animal:
    return Animal(several(large_first=True).model(), note="is taken for the image, not")


@animal("several outputs, the image last")
def _() -> Animal:
    return Animal(several(large_first=False).model(), note="--output NAME takes another")


@animal("another output by a flag")
def _() -> Animal:
    w = several(large_first=True)
    small = w.outputs[1].name

    def image(z: np.ndarray) -> np.ndarray:
        x = truth(z)
        return np.asarray(x.reshape(len(z), 3, HEIGHT // 2, 2, WIDTH // 2, 2).mean((3, 5)))

    return Animal(w.model(), image, options=AdapterOptions(output=small))


@animal("an output in double precision")
def _() -> Animal:
    w = Writer().add("Cast", to=TensorProto.DOUBLE).output(TensorProto.DOUBLE)
    return Animal(w.model())


@animal("several outputs, the image told by its name")
def _() -> Animal:
    w = Writer(final=None)
    w.output(name=w.last)
    w.nodes[-1].output[0] = w.outputs[-1].name = w.last = "features"
    w.add("Sigmoid")
    w.nodes[-1].output[0] = w.last = "reconstruction"
    return Animal(w.output(name=w.last).model(), note="output 'reconstruction' is taken for the image")
