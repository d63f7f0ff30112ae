"""Encoders as people export them: how they want images and where their mean is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from tests.onnx_model.zoo.animals import DIM, HEIGHT, WIDTH, Floats, Writer, patterns

SIZE = 3 * HEIGHT * WIDTH


def back() -> Floats:
    """From logits, flat, to z: the inverse of the good decoder before its sigmoid."""
    return np.linalg.pinv(patterns(3).reshape(DIM, -1).astype(np.float64)).astype(np.float32)


def encoder(
    *,
    shape: tuple[int | str, ...] = ("n", 3, HEIGHT, WIDTH),
    scale: float = 1.0,
    offset: float = 0.0,
    dtype: int = TensorProto.FLOAT,
) -> Writer:
    """Undoes a range, then the sigmoid, then the patterns; ends at the mean."""
    w = Writer(shape=shape, name="image", dtype=dtype, begin=False)
    if dtype != TensorProto.FLOAT:
        w.add("Cast", to=TensorProto.FLOAT)
    w.add("Sub", w.floats(offset)).add("Div", w.floats(scale))
    return w


def mean(w: Writer, batch: int = -1) -> Writer:
    w.add("Clip", w.floats(1e-3), w.floats(1 - 1e-3))
    logits = w.node("Sub", w.node("Log", w.last), w.node("Log", w.node("Sub", w.floats(1.0), w.last)))
    w.last = w.node("Reshape", logits, w.ints(batch, SIZE))
    return w.add("MatMul", w.constant(back()))


def logvar(w: Writer) -> str:
    return w.node("Sub", w.node("Mul", w.last, w.floats(0.0)), w.floats(4.0))


def plain() -> Writer:
    return mean(encoder())


def two_outputs() -> Writer:
    w = mean(encoder())
    other = logvar(w)
    return w.output(name=w.last).output(name=other)


def logvar_first() -> Writer:
    w = mean(encoder())
    other = logvar(w)
    return w.output(name=other).output(name=w.last)


def both_in_one() -> Writer:
    w = mean(encoder())
    w.last = w.node("Concat", w.last, logvar(w), axis=1)
    return w


def both_in_one_logvar_first() -> Writer:
    w = mean(encoder())
    w.last = w.node("Concat", logvar(w), w.last, axis=1)
    return w


def channels_last() -> Writer:
    w = encoder(shape=("n", HEIGHT, WIDTH, 3))
    return mean(w.add("Transpose", perm=[0, 3, 1, 2]))


def flat() -> Writer:
    w = encoder(shape=("n", SIZE))
    return mean(w.add("Reshape", w.ints(-1, 3, HEIGHT, WIDTH)))


def flat_channels_last() -> Writer:
    w = encoder(shape=("n", SIZE))
    w.add("Reshape", w.ints(-1, HEIGHT, WIDTH, 3)).add("Transpose", perm=[0, 3, 1, 2])
    return mean(w)


def with_noise() -> Writer:
    from onnx import helper

    w = mean(encoder())
    w.inputs.append(helper.make_tensor_value_info("eps", TensorProto.FLOAT, ["n", DIM]))
    w.last = w.node("Add", w.last, w.node("Mul", "eps", w.floats(0.5)))
    return w


ENCODERS: dict[str, tuple[Callable[[], Writer], str]] = {
    "plain": (plain, ""),
    "mean and logvar": (two_outputs, ""),
    "logvar first": (logvar_first, ""),
    "both in one output": (both_in_one, "has the mean in the first half"),
    "both in one output, logvar first": (both_in_one_logvar_first, "has the mean in the second half"),
    "-1..1": (lambda: mean(encoder(scale=2.0, offset=-1.0)), "takes values -1 to 1"),
    "0..255": (lambda: mean(encoder(scale=255.0)), "takes values 0 to 255"),
    "a batch of 16": (lambda: mean(encoder(shape=(16, 3, HEIGHT, WIDTH)), 16), ""),
    "a batch of one": (lambda: mean(encoder(shape=(1, 3, HEIGHT, WIDTH)), 1), ""),
    "channels last": (channels_last, ""),
    "flat": (flat, ""),
    "flat, channels last": (flat_channels_last, ""),
    "everything left open": (lambda: mean(encoder(shape=("n", "c", "h", "w"))), ""),
    "noise beside the image": (with_noise, ""),
    "half precision": (lambda: mean(encoder(dtype=TensorProto.FLOAT16)).output(TensorProto.FLOAT), ""),
}
