"""Small decoders, one idea each, that together need every kernel and pointwise function of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tests.engine.operator_check import ACTIVATIONS, image
from tests.engine.reference import Builder, dcgan_like, dog_like, mnist_like, vaevis_like
from tests.web import zoo_numbers as numbers
from tests.web.zoo_numbers import shown

Make = Callable[[], Builder]

EVERY_ACTIVATION = {**ACTIVATIONS, "Sign": {}}


def activations(opset: int = 18) -> Builder:
    """One after another on channels of their own, lest one hides what another did."""
    b = image(4, 3, 4, opset=opset)
    parts = [b.node(kind, b.last, **attributes) for kind, attributes in EVERY_ACTIVATION.items()]
    b.last = b.node("Concat", *parts, axis=1)
    return shown(b, 4 * len(parts), 3, 4)


def functions() -> Builder:
    """Pointwise functions of two tensors, and those that activations do not need."""
    b = image(4, 3, 4, opset=20)
    x = b.last
    y = b.node("Softplus", b.node("Conv", x, b.weight(4, 4, 1, 1)))
    parts = [b.node(kind, x, y) for kind in ("Add", "Sub", "Mul", "Div", "Max", "Min")]
    parts += [b.node(kind, x) for kind in ("Floor", "Ceil", "Round", "Gelu")]
    parts += [b.node(kind, y) for kind in ("Sqrt", "Log", "Reciprocal")]
    parts += [b.node("Gelu", x, approximate="tanh"), b.node("Pow", y, b.constant(np.float32(1.5)))]
    parts += [b.node("Where", b.node(kind, x, y), x, y) for kind in ("Greater", "GreaterOrEqual", "Equal")]
    b.last = b.node("Concat", *parts, axis=1)
    return shown(b, 4 * len(parts), 3, 4)


def grey(channels: int = 1) -> Builder:
    """The last operator a convolution whose image has one channel, or three."""
    b = image(3, 5, 7)
    b.conv(3, channels)
    b.add("Sigmoid")
    return b


def convolutions() -> Builder:
    """A strided, dilated one, one of groups, one for each channel, and one of a single column."""
    b = image(6, 9, 8)
    b.conv(6, 8, (3, 2), strides=[2, 1], dilations=[1, 2], pads=[1, 0, 2, 1])
    b.add("Relu")
    b.conv(8, 8, 3, group=4)
    b.conv(8, 8, 3, group=8)
    b.conv(8, 9, (1, 5), pads=[0, 2, 0, 2])
    return shown(b, 9, 5, 7)


def wide_convolutions() -> Builder:
    """Enough channels and pixels that every tile fits, and that sums are worth splitting among threads."""
    b = image(4, 16, 16)
    b.conv(4, 64)
    b.add("LeakyRelu", alpha=0.2)
    b.conv(64, 128)
    b.upsample()
    b.conv(128, 16)
    b.conv(16, 3)
    b.add("Sigmoid")
    return b


def sevens() -> Builder:
    """Seven pixels across, which tiles of seven are for, enlarged by a kernel of one column."""
    b = image(4, 5, 7)
    b.conv(4, 8)
    b.upsample()
    b.conv(8, 8, (3, 1), pads=[1, 0, 1, 0])
    b.conv(8, 3)
    b.add("Sigmoid")
    return b


def transposed(groups: int = 1, fused: bool = True) -> Builder:
    """Transposed convolutions: one that becomes phases, and one that stays as it is."""
    b = image(4, 4, 4)
    b.conv_transposed(4, 6, 4 if fused else 3, strides=[2, 2], pads=[1, 1, 1, 1], group=groups)
    side = 8 if fused else 7
    return shown(b, 6, side, side)


def resizes(mode: str) -> Builder:
    """By a factor that is no whole number, after a function that no convolution takes in."""
    b = image(3, 4, 5, opset=19)
    b.add("Sin")
    b.upsample(1.5, mode=mode, coordinate_transformation_mode="half_pixel")
    return shown(b, 3, 6, 7)


def shuffles(mode: str) -> Builder:
    """A convolution and a pixel shuffle, into an image."""
    b = image(3, 4, 5)
    b.conv(3, 12)
    b.add("DepthToSpace", blocksize=2, mode=mode)
    b.add("Sigmoid")
    return b


def shuffle_alone() -> Builder:
    """A pixel shuffle that no convolution stands before."""
    b = image(12, 2, 3)
    b.add("Cos")
    b.add("DepthToSpace", blocksize=2, mode="DCR")
    b.add("Sigmoid")
    return b


def transposes() -> Builder:
    """Axes in another order, twice, lest the two cancel."""
    b = image(5, 3, 2)
    b.add("Sin")
    b.add("Transpose", perm=[0, 3, 1, 2])
    b.add("Cos")
    return shown(b, 2, 5, 3)


def picks() -> Builder:
    """Slices and padding: elements elsewhere."""
    b = image(5, 4, 4)
    b.add("Sin")
    starts, ends, axes, steps = (b.constant(np.array(v, np.int64)) for v in ([1, 3], [5, 0], [1, 2], [2, -1]))
    b.add("Slice", starts, ends, axes, steps)
    b.add("Pad", b.constant(np.array([0, 0, 1, 1, 0, 1, 0, 2], np.int64)), b.constant(np.float32(0.25)))
    return shown(b, 3, 4, 7)


def grids(mode: str, padding: str, align: int) -> Builder:
    """Pixels at places that the latent vector says, and of what is known."""
    b = image(3, 4, 5, opset=20)
    x = b.add("Sin")
    b.last = "z"
    b.linear(b.latent, 6 * 5 * 2)
    b.add("Tanh")
    grid = b.reshape(6, 5, 2)
    how = {"mode": mode, "padding_mode": padding, "align_corners": align}
    b.last = b.node("GridSample", x, grid, **how)
    b.add("GridSample", b.weight(1, 6, 5, 2), **how)
    b.add("Sigmoid")
    return b


def pools(kind: str) -> Builder:
    """Windows that reach beyond the edge."""
    b = image(5, 6, 5)
    b.add("Sin")
    b.add(kind, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1])
    return shown(b, 5, 3, 5)


def before_resize() -> Builder:
    """Enlarged by the operator that came before Resize."""
    b = image(3, 4, 5, opset=9)
    b.add("Upsample", b.constant(np.array([1, 1, 2, 2], np.float32)), mode="nearest")
    return shown(b, 3, 8, 10)


def single_matrix() -> Builder:
    """One dispatch from z to the image, with no tensor between that would lie in an arena."""
    b = Builder(8)
    b.linear(8, 3 * 6 * 5)
    b.reshape(3, 6, 5)
    b.add("Sigmoid")
    return b


def zoo() -> Iterator[tuple[str, Builder]]:
    """Every decoder by name."""
    makes: dict[str, Make] = {
        "activations": activations,
        "functions": functions,
        "grey": grey,
        "colour": lambda: grey(3),
        "convolutions": convolutions,
        "wide-convolutions": wide_convolutions,
        "sevens": sevens,
        "transposed-in-phases": transposed,
        "transposed": lambda: transposed(groups=2, fused=False),
        "nearest": lambda: resizes("nearest"),
        "linear": lambda: resizes("linear"),
        "cubic": lambda: resizes("cubic"),
        "shuffle-crd": lambda: shuffles("CRD"),
        "shuffle-dcr": lambda: shuffles("DCR"),
        "shuffle-alone": shuffle_alone,
        "transposes": transposes,
        "picks": picks,
        "grid-linear": lambda: grids("linear", "zeros", 0),
        "grid-nearest": lambda: grids("nearest", "border", 1),
        "mean-pool": lambda: pools("AveragePool"),
        "max-pool": lambda: pools("MaxPool"),
        "mean-gate": lambda: numbers.reductions("GlobalAveragePool"),
        "max-gate": lambda: numbers.reductions("GlobalMaxPool"),
        "attention": numbers.attention,
        "wide-matrices": numbers.wide_matrices,
        "computed-weights": numbers.computed_weights,
        "named-axes": numbers.named_axes,
        "selections": numbers.selections,
        "affine": numbers.affine,
        "normalizations": numbers.normalizations,
        "quantized": numbers.quantized,
        "integers": numbers.integers,
        "truths": numbers.truths,
        "sums-of-axes": numbers.sums_of_axes,
        "before-resize": before_resize,
        "single-matrix": single_matrix,
        "like-dog": lambda: dog_like(width=24),
        "like-dcgan": lambda: dcgan_like(width=8),
        "like-vae-vis": lambda: vaevis_like(width=32),
        "like-mnist": mnist_like,
    }
    for name, make in makes.items():
        yield name, make()
