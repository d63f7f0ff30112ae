"""Decoders that take the size of their image."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from tests.onnx_model.zoo.animals import HEIGHT, WIDTH, Animal, Floats, Writer, animal, truth
from vaevis_tui.onnx_model.adapter.options import AdapterOptions


def resized(data_type: int, *dims: int) -> Writer:
    """A decoder that takes height and width of its images, of which it repeats pixels."""
    w = Writer()
    w.inputs.append(helper.make_tensor_value_info("size", data_type, list(dims)))
    given = "size"
    if data_type != TensorProto.INT64:
        given = w.node("Cast", given, to=TensorProto.INT64)
    if not dims:
        given = w.node("Unsqueeze", given, w.ints(0))
    kept = w.node("Slice", w.node("Shape", w.last), w.ints(0), w.ints(2))
    full = w.node("Concat", kept, *[given] * (2 if dims != (2,) else 1), axis=0)
    mode = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    w.add("Resize", "", "", full, **mode)
    return w


def repeated(z: Floats, height: int, width: int) -> Floats:
    image = truth(z)
    rows, columns = np.arange(height) * HEIGHT // height, np.arange(width) * WIDTH // width
    return image[:, :, rows][:, :, :, columns]


@animal("height and width as an input")
def _() -> Animal:
    note = "besides z it takes size=64,64"
    return Animal(resized(TensorProto.INT64, 2).model(), lambda z: repeated(z, 64, 64), note)


@animal("height and width that are set")
def _() -> Animal:
    options = AdapterOptions(settings=(("size", "40,16"),))
    return Animal(resized(TensorProto.INT64, 2).model(), lambda z: repeated(z, 40, 16), "size=40,16", options)


@animal("one side as a whole number of 32 bits")
def _() -> Animal:
    options = AdapterOptions(settings=(("size", "80"),))
    return Animal(resized(TensorProto.INT32).model(), lambda z: repeated(z, 80, 80), "size=80", options)


@animal("all four sizes as an input")
def _() -> Animal:
    w = Writer()
    w.inputs.append(helper.make_tensor_value_info("size", TensorProto.INT64, [4]))
    mode = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    w.add("Resize", "", "", "size", **mode)
    return Animal(w.model(), lambda z: repeated(z, 64, 64), "size=1,3,64,64")
