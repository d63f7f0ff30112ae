"""Decoders and encoders of unknown origin: read and checked once, before anything large is allocated.

What passes is *normalised*, so that every backend sees the same kind of graph: one input (n, d), one output
(n, 1 or 3, h, w) with black at 0 and white at 1, weights inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaevis_tui.onnx_model.edit import add_constant, declare, make_node, strip
from vaevis_tui.onnx_model.limits import MAX_IMAGE_SIDE, MAX_LATENT_DIM
from vaevis_tui.onnx_model.node import Shape, UnsupportedError
from vaevis_tui.onnx_model.operators import SUMS
from vaevis_tui.onnx_model.read import naming, read_model
from vaevis_tui.onnx_model.trace import Trace, trace
from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx

_LAYOUT_OPERATORS = ("Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""What may stand between the last activation and the output without changing values."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedModel:
    """A decoder that was found sound.

    Attributes:
        model: The normalised graph with its weights.
        trace: Its nodes, shapes and constants for one latent vector.
        output: Name of the image in it.
        latent_dim: Length d of a latent vector.
        image_height: Pixels.
        image_width: Pixels.
        channels: 1 or 3.
        batched: Whether n latent vectors may be decoded at once; else one at a time.
        parameters: Number of weights, small constants included.
        multiply_adds: Of one picture.
        notes: What was taken for granted, for people, e.g. that -1 is taken as black.
    """

    model: onnx.ModelProto
    trace: Trace
    output: str
    latent_dim: int
    image_height: int
    image_width: int
    channels: int
    batched: bool
    parameters: int
    multiply_adds: int
    notes: tuple[str, ...] = ()


def load_decoder(path: Path, value_range: tuple[float, float] | None = None) -> CheckedModel:
    """Read, check and normalise a decoder.

    Args:
        path: The .onnx file.
        value_range: Output values of black and white. None: -1 and 1 if the graph ends in Tanh, else 0 and 1.

    Raises:
        UserError: the file cannot be read or is not such a decoder; the text names the operator or the field,
            and what is supported.
    """
    with naming(path):
        return _normalise(read_model(path), value_range)


def load_encoder(path: Path, image_shape: Shape, dim: int) -> onnx.ModelProto:
    """Read and check an encoder.

    Args:
        path: The .onnx file.
        image_shape: Channels, height and width of its pictures.
        dim: Length of its means.

    Returns:
        Its graph with its weights: one input (n, *image_shape), and the means (n, dim) as its first output.

    Raises:
        UserError: the file cannot be read or is not such an encoder.
    """
    with naming(path):
        model = read_model(path)
        image = _only_input(model.graph, f"one picture (n, {', '.join(map(str, image_shape))})")
        if not model.graph.output:
            raise UnsupportedError(f"no output; the mean, 1x{dim} for one picture, is expected")
        _check_float(model.graph.output[0], "output")
        found = trace(model, image.name, (1, *image_shape)).shape(model.graph.output[0].name)
        if found != (1, dim):
            raise UnsupportedError(
                f"its first output has shape {'x'.join(map(str, found)) or 'scalar'} for one picture; "
                f"the mean, 1x{dim}, is expected"
            )
        return model


def _normalise(model: onnx.ModelProto, value_range: tuple[float, float] | None) -> CheckedModel:
    latent = _only_input(model.graph, "one latent input (n, d)")
    image = _image_output(model.graph)
    dim, batched = _latent_size(latent)
    one = trace(model, latent.name, (1, dim))
    height, width, channels, channels_last = _image_size(image.name, one.shape(image.name))
    batched = batched and _batches(model, latent.name, dim, image.name, one.shape(image.name))
    parameters = sum(math.prod(tensor.dims) for tensor in model.graph.initializer)
    ending = _ending(model.graph)
    if value_range is None:
        value_range = (-1.0, 1.0) if ending == "Tanh" else (0.0, 1.0)
    strip(model)
    name = image.name
    if channels_last:
        name = _append(model, one, "Transpose", [name], perm=[0, 3, 1, 2])
    if value_range != (0.0, 1.0):
        name = _rescale(model, one, name, value_range)
    declare(model.graph, latent.name, (dim,), name, (channels, height, width), batched=batched)
    return CheckedModel(
        model=model,
        trace=one,
        output=name,
        latent_dim=dim,
        image_height=height,
        image_width=width,
        channels=channels,
        batched=batched,
        parameters=parameters,
        multiply_adds=one.multiply_adds,
        notes=_notes(ending, value_range),
    )


def _only_input(graph: onnx.GraphProto, supported: str) -> onnx.ValueInfoProto:
    weights = {tensor.name for tensor in graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(quoted(value.name) for value in inputs[:8])
        raise UnsupportedError(f"{len(inputs)} inputs ({names}); {supported} is supported")
    _check_float(inputs[0], "input")
    return inputs[0]


def _image_output(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    if len(graph.output) != 1:
        names = ", ".join(quoted(value.name) for value in graph.output[:8])
        raise UnsupportedError(f"{len(graph.output)} outputs ({names}); one image output is supported")
    image: onnx.ValueInfoProto = graph.output[0]
    _check_float(image, "output")
    return image


def _check_float(value: onnx.ValueInfoProto, what: str) -> None:
    import onnx

    kind = value.type.tensor_type.elem_type
    if kind != onnx.TensorProto.FLOAT:
        known = onnx.TensorProto.DataType
        shown = (
            known.Name(kind) if value.type.HasField("tensor_type") and kind in known.values() else "no tensor"
        )
        raise UnsupportedError(
            f"{what} {quoted(value.name)} is of type {shown}; FLOAT (float32) is supported"
        )


def _latent_size(latent: onnx.ValueInfoProto) -> tuple[int, bool]:
    """Length d of the latent vector, and whether the first dimension is left open."""
    dims = latent.type.tensor_type.shape.dim
    shown = "x".join(str(d.dim_value) if d.HasField("dim_value") else d.dim_param or "?" for d in dims[:9])
    what = f"input {quoted(latent.name)} has shape {quoted(shown)}"
    if len(dims) != 2:
        raise UnsupportedError(f"{what}; one latent vector a row, (n, d), is supported")
    batch, size = dims
    if not (size.HasField("dim_value") and 1 <= size.dim_value <= MAX_LATENT_DIM):
        raise UnsupportedError(
            f"{what}; a latent size given as a number from 1 to {MAX_LATENT_DIM} is supported"
        )
    if batch.HasField("dim_value") and batch.dim_value != 1:
        raise UnsupportedError(f"{what}; a first dimension that is 1 or left open is supported")
    return size.dim_value, not batch.HasField("dim_value")


def _image_size(name: str, shape: Shape) -> tuple[int, int, int, bool]:
    """Height, width, channels, and whether the channels come last."""
    if len(shape) == 4 and shape[0] == 1:
        for channels, height, width, last in ((*shape[1:], False), (shape[3], shape[1], shape[2], True)):
            if channels in (1, 3) and 1 <= height <= MAX_IMAGE_SIDE and 1 <= width <= MAX_IMAGE_SIDE:
                return height, width, channels, last
    hint = ""
    if len(shape) == 4 and shape[0] > 1:
        hint = f"; it seems to be exported for {shape[0]} latent vectors at once, one is right"
    raise UnsupportedError(
        f"output {quoted(name)} has shape {'x'.join(map(str, shape)) or 'scalar'} for one latent vector; "
        f"an image (1, 1 or 3, height, width) with sides up to {MAX_IMAGE_SIDE} is supported{hint}"
    )


def _batches(model: onnx.ModelProto, latent: str, dim: int, image: str, shape: Shape) -> bool:
    """Whether two latent vectors give two images; a graph may promise it and have 1 written inside."""
    try:
        return trace(model, latent, (2, dim)).shape(image) == (2, *shape[1:])
    except UnsupportedError:
        return False


def _ending(graph: onnx.GraphProto) -> str:
    """The operator that gives the output its values."""
    writers = {name: node for node in graph.node for name in node.output}
    node = writers.get(graph.output[0].name)
    while node is not None and node.op_type in _LAYOUT_OPERATORS:
        node = writers.get(node.input[0])
    return "" if node is None else node.op_type


def _notes(ending: str, value_range: tuple[float, float]) -> tuple[str, ...]:
    if value_range != (0.0, 1.0):
        low, high = value_range
        return (f"its values {low:g} to {high:g} are shown as black to white",)
    if ending in SUMS:
        return (f"it ends in {ending}, not in Sigmoid or Tanh: values are clipped to 0..1",)
    return ()


def _append(model: onnx.ModelProto, walk: Trace, operator: str, inputs: list[str], **attributes: Any) -> str:
    """Add an operator at the end and return the name of its output."""
    node = make_node(model.graph, operator, inputs, **attributes)
    model.graph.node.append(node)
    walk.step(node)
    return str(node.output[0])


def _rescale(model: onnx.ModelProto, walk: Trace, name: str, value_range: tuple[float, float]) -> str:
    """Map black to 0 and white to 1."""
    low, high = value_range
    for operator, number in (("Mul", 1 / (high - low)), ("Add", -low / (high - low))):
        constant = add_constant(model.graph, f"{operator.lower()}.constant", [number])
        walk.give(model.graph.initializer[-1])
        name = _append(model, walk, operator, [name, constant])
    return name
