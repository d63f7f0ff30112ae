"""How an encoder takes its image: axes, channels, size, type, batch; and what is put before it for that."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.adapter.latent_input.inputs import Input, bind_settings, inputs_of, read_settings
from vaevis_tui.onnx_model.adapter.latent_input.latent import baked_batch, open_batch
from vaevis_tui.onnx_model.edit import FLOAT, Steps, add_constant, new_name
from vaevis_tui.onnx_model.node import Shape, UnsupportedError
from vaevis_tui.onnx_model.shape_inference import trace_all
from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True, slots=True)
class View:
    """How an input takes an image.

    Attributes:
        shape: Of the input for one image.
        channels: That it wants.
        size: Height and width that it wants.
        last: Whether channels come last.
    """

    shape: Shape
    channels: int
    size: tuple[int, int]
    last: bool


def image_input(model: onnx.ModelProto, decoder: CheckedModel) -> tuple[Input, list[View]]:
    """The input that is the image and how it may be seen; all other inputs become zeros and constants.

    Raises:
        UnsupportedError: No input can be an image of the decoder's size.
    """
    inputs = inputs_of(model.graph)
    size = decoder.channels, decoder.image_height, decoder.image_width
    shown = "x".join(map(str, size))
    floats = [item for item in inputs if item.data_type in (FLOAT, 10, 2)]
    image = max(floats, key=lambda item: (len(item.dims or ()), item.size), default=None)
    if image is None:
        raise UnsupportedError(f"{len(inputs)} inputs, none of them an image; {shown} is expected")
    views = list(views_of(image, size))
    if not views:
        raise UnsupportedError(
            f"input {quoted(image.name)} has shape {image.shown}; an image {shown} is expected"
        )
    others = [(item, "noise" if item.data_type == FLOAT else "label") for item in inputs if item != image]
    shapes = {item.name: tuple(n or 1 for n in item.dims or ()) for item, _ in others}
    settings = read_settings(model.graph, others, shapes, ())
    bound = [(item, setting) for (item, _), setting in zip(others, settings, strict=True)]
    bind_settings(model, bound, shapes, None)
    for tensor in model.graph.initializer:
        if tensor.name in shapes and tensor.data_type == FLOAT:  # noise around the mean: none
            tensor.raw_data = bytes(4 * math.prod(tensor.dims))
    return image, views


def views_of(image: Input, size: tuple[int, int, int]) -> Iterator[View]:
    """Ways to see an input as an image, the likeliest first."""
    channels, height, width = size
    dims = image.dims if image.dims is not None else (None, None, None, None)
    if len(dims) == 4:
        batch = dims[0] or 1
        if dims[1] in (None, 1, 3, 4) and not (dims[1] is None and dims[3] in (1, 3)):
            made, h, w = dims[1] or channels, dims[2] or height, dims[3] or width
            yield View((batch, made, h, w), made, (h, w), last=False)
        elif dims[3] in (1, 3, 4):
            made, h, w = dims[3] or channels, dims[1] or height, dims[2] or width
            yield View((batch, h, w, made), made, (h, w), last=True)
    elif len(dims) == 3:
        h, w = dims[1] or height, dims[2] or width
        made = dims[0] if dims[0] == channels != 1 else 1
        yield View((dims[0] or 1, h, w), made, (h, w), last=False)
    elif len(dims) == 2:
        for made in dict.fromkeys((channels, 1, 3)):
            if dims[1] in (None, made * height * width):
                shape = (dims[0] or 1, made * height * width)
                yield View(shape, made, (height, width), last=False)
                if made > 1:
                    yield View(shape, made, (height, width), last=True)
                return


def take_batch(model: onnx.ModelProto, image: Input, shape: Shape) -> int:
    """Free a graph of a batch that is written into it; returns the batch where that fails, else 1."""
    batch = shape[0]
    if batch == 1 or len(shape) == 3:
        return 1
    walk = trace_all(model, {image.name: (image.data_type, shape)})
    old = [node.input[1] if node.op_type == "Reshape" else "" for node in model.graph.node]
    open_batch(model, baked_batch(model, walk, batch))
    try:
        one = trace_all(model, {image.name: (image.data_type, (1, *shape[1:]))})
        if all(one.shape(value.name)[:1] == (1,) for value in model.graph.output):
            return 1
    except UnsupportedError:
        pass
    for node, name in zip(model.graph.node, old, strict=True):
        if name:
            node.input[1] = name
    return batch


def image_prefix(
    graph: onnx.GraphProto, image: Input, view: View, size: tuple[int, int, int], batch: int, source: str
) -> tuple[list[onnx.NodeProto], str, str]:
    """Operators from images (1, channels, h, w) in 0..1 to an input; also the names of scale and offset."""
    steps = Steps(graph)
    scale, offset = new_name(graph, "scale"), new_name(graph, "offset")
    channels, height, width = size
    last = source
    if view.channels in (3, 4) and channels == 1:
        last = steps.add("Concat", *[last] * 3, hint="image.concat", axis=1)
    elif view.channels == 1 and channels == 3:
        mean = add_constant(graph, "image.mean", np.full((1, 3, 1, 1), 1 / 3))
        last = steps.add("Conv", last, mean, hint="image.conv")
    if view.channels == 4:
        opaque = add_constant(graph, "image.opaque", np.ones((1, 1, height, width)))
        last = steps.add("Concat", last, opaque, hint="image.concat", axis=1)
    if view.size != (height, width):
        target = steps.integers("image.size", [1, view.channels, *view.size])
        last = steps.add("Resize", last, "", "", target, hint="image.resize", mode="linear")
    last = steps.add("Add", steps.add("Mul", last, scale, hint="image.mul"), offset, hint="image.add")
    if view.last:
        last = steps.add("Transpose", last, hint="image.transpose", perm=[0, 2, 3, 1])
    shape = (1, *view.shape[1:]) if len(view.shape) != 3 or view.channels == 1 else view.shape
    last = steps.reshape(last, shape, "image.viewed")
    if batch > 1:
        times = steps.integers("image.times", [batch, *[1] * (len(shape) - 1)])
        last = steps.add("Tile", last, times, hint="image.tile")
    if image.data_type != FLOAT:
        last = steps.add("Cast", last, hint="image.cast", to=image.data_type)
    steps.add("Identity", last, hint="image.identity")
    steps.name_last(image.name)
    return steps.nodes, scale, offset
