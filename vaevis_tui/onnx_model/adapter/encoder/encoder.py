"""An encoder of anybody's made into one that takes images in 0..1 and gives the mean of z.

How it wants its images and which of its numbers are the mean, nobody says; but its decoder tells: of the ways
to use it the one is taken in which decode(encode(x)) is nearest to x, for some images x of the decoder's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.adapter.encoder.decisions import EncoderDecisions
from vaevis_tui.onnx_model.adapter.encoder.image_input import (
    View,
    image_input,
    image_prefix,
    take_batch,
)
from vaevis_tui.onnx_model.adapter.image_output.values import IMAGENET, ValueMap
from vaevis_tui.onnx_model.adapter.latent_input.inputs import Input
from vaevis_tui.onnx_model.adapter.samples import GraphRunner
from vaevis_tui.onnx_model.edit import FLOAT, Steps, add_constant, insert_nodes, make_node, new_name, strip
from vaevis_tui.onnx_model.node import UnsupportedError
from vaevis_tui.onnx_model.shape_inference import trace_all

if TYPE_CHECKING:
    import onnx

DIRECTIONS = "normalised.directions"
"""What the rows of a decoder's directions are called, by `latent.unify`."""

BETTER = 0.75
"""Share of the error of the usual way below which another is taken."""

FOUND = 0.6
"""Share of the error of the mean image below which an encoder finds images again: it has to, for another way
than the usual one to be taken."""

IMAGE = "image"
"""Name of the input of an adapted encoder, unless the graph has one of that name."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedEncoder:
    """An encoder that was found sound.

    Attributes:
        model: The adapted graph: one input (1, channels, h, w) in 0..1; first output mean, (1, d); second,
            where there is one, logvar, (1, d); where z are weights of directions, the whole latent instead.
        has_logvar: Whether the second is logvar.
        decisions: How it is used.
    """

    model: onnx.ModelProto
    has_logvar: bool
    decisions: EncoderDecisions


def adapt_encoder(
    model: onnx.ModelProto,
    decoder: CheckedModel,
    z: NDArray[np.float32],
    path: Path,
    decisions: EncoderDecisions | None = None,
) -> CheckedEncoder:
    """Adapt an encoder to its decoder.

    Args:
        model: A graph of which all but the shapes was checked; it is changed.
        decoder: The decoder.
        z: Latent vectors (k, d) whose images the encoder is tried on.
        path: Where it came from, for messages.
        decisions: What was decided before about the same two files; None: it is tried.

    Raises:
        UnsupportedError: It is no encoder of this decoder.
        UserError: It does not run.
    """
    strip(model)
    image, views = image_input(model, decoder)
    names = [value.name for value in model.graph.output]
    if not names:
        raise UnsupportedError(f"no output; the mean, 1x{decoder.latent_dim} for one image, is expected")
    batch = take_batch(model, image, views[0].shape)
    views = [View((1, *view.shape[1:]), view.channels, view.size, view.last) for view in views]
    if decisions is None:
        decisions = _decide(model, decoder, z, path, image, views, batch, names)
    view = next((view for view in views if view.last == decisions.last), views[0])
    has_logvar = _finish(model, decoder, image, view, batch, decisions)
    source = model.graph.input[0].name
    trace_all(model, {source: (FLOAT, (1, decoder.channels, decoder.image_height, decoder.image_width))})
    return CheckedEncoder(model, has_logvar, decisions)


def _decide(
    model: onnx.ModelProto,
    decoder: CheckedModel,
    z: NDArray[np.float32],
    path: Path,
    image: Input,
    views: Sequence[View],
    batch: int,
    names: Sequence[str],
) -> EncoderDecisions:
    """Try all ways to use an encoder on images of its decoder."""
    decode = GraphRunner(decoder.model, path, decoder.multiply_adds)
    source = decoder.model.graph.input[0].name

    def images_of(latents: NDArray[np.float32]) -> NDArray[np.float64]:
        rows = [decode.run({source: decoder.filled(row[None])})[0] for row in latents]
        images: NDArray[np.float64] = np.clip(np.nan_to_num(np.concatenate(rows)).astype(np.float64), 0, 1)
        return images

    originals = images_of(z)
    usual = float(np.abs(originals - originals.mean(0)).mean() * 255)
    size = decoder.channels, decoder.image_height, decoder.image_width
    best: EncoderDecisions | None = None
    for view in views:
        runner = _runner(model, image, view, size, batch, names, path)
        for values in _ranges(decoder, view.channels):
            outputs = runner(originals.astype(np.float32), values)
            for output, start, logvar, logvar_start in _means(outputs, names, decoder):
                found = _projected(outputs[output][:, start : start + _size(decoder)], decoder)
                if not np.isfinite(found).all():
                    error = math.inf
                else:
                    error = float(np.abs(images_of(found) - originals).mean() * 255)
                tried = EncoderDecisions(
                    values, view.last, output, start, logvar, logvar_start, min(error, 255.0), usual
                )
                if best is None or tried.error < min(BETTER * best.error, FOUND * usual):
                    best = tried
    if best is None:
        shown = ", 1x".join(str(outputs[name].shape[1]) for name in names)
        raise UnsupportedError(
            f"its outputs have 1x{shown} numbers for one image; the mean, 1x{_size(decoder)}, is expected"
        )
    return best


def _ranges(decoder: CheckedModel, channels: int) -> list[ValueMap]:
    """Ranges that an encoder may want, the usual one first."""
    own = decoder.decisions.values or ValueMap()
    found = [ValueMap(), ValueMap((-1.0,), (1.0,)), ValueMap((0.0,), (255.0,))]
    if not own.sigmoid and len(own.low) in (1, channels):
        found.append(ValueMap(own.low, own.high))
    if channels == 3:
        found.append(IMAGENET)
    return list(dict.fromkeys(found))


def _size(decoder: CheckedModel) -> int:
    """Numbers of the latent as the decoder's own graph takes it."""
    return decoder.latent_dim if decoder.directions is None else math.prod(decoder.directions)


def _means(
    outputs: dict[str, NDArray[Any]], names: Sequence[str], decoder: CheckedModel
) -> Iterator[tuple[str, int, str, int]]:
    """What may be the mean: an output and a start in it; and the same of the logarithms of variances."""
    size = _size(decoder)
    whole = [name for name in names if outputs[name].shape[1] == size]
    for name in whole:
        others = [other for other in whole if other != name]
        yield name, 0, others[0] if len(others) == 1 else "", 0
    for name in names:
        if outputs[name].shape[1] == 2 * size:
            yield name, 0, name, size
            yield name, size, name, 0


def _projected(latents: NDArray[Any], decoder: CheckedModel) -> NDArray[np.float32]:
    """A latent of the decoder's own graph as z."""
    if decoder.directions is None:
        return np.asarray(latents, np.float32)
    return np.asarray(latents @ _back(decoder), np.float32)


def _back(decoder: CheckedModel) -> NDArray[np.float32]:
    """From a whole latent to weights of its directions, which are orthogonal: (size, d)."""
    from onnx import numpy_helper

    rows = next(t for t in decoder.model.graph.initializer if t.name.startswith(DIRECTIONS))
    array = numpy_helper.to_array(rows).astype(np.float64)
    return np.asarray(array.T / (array**2).sum(1), np.float32)


def _runner(
    model: onnx.ModelProto,
    image: Input,
    view: View,
    size: tuple[int, int, int],
    batch: int,
    names: Sequence[str],
    path: Path,
) -> Any:
    """A function of images and a range to all outputs, flat, of each image."""
    from onnx import helper

    graph_model = type(model)()
    graph_model.CopyFrom(model)
    graph = graph_model.graph
    nodes, scale, offset = image_prefix(graph, image, view, size, batch, IMAGE + ".tried")
    insert_nodes(graph, nodes)
    del graph.input[:]
    for name, shape in ((IMAGE + ".tried", (1, *size)), (scale, None), (offset, None)):
        graph.input.append(helper.make_tensor_value_info(name, FLOAT, shape))
    del graph.output[:]
    graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    runner = GraphRunner(graph_model, path, 0)

    def run(images: NDArray[np.float32], values: ValueMap) -> dict[str, NDArray[Any]]:
        factor, term = _affine(values)
        rows: list[list[Any]] = [
            runner.run({IMAGE + ".tried": one[None], scale: factor, offset: term}, names) for one in images
        ]
        flat: dict[str, NDArray[Any]] = {}
        for place, name in enumerate(names):
            firsts = [np.atleast_1d(row[place])[: 1 if batch > 1 else None] for row in rows]
            flat[name] = np.stack([np.asarray(first, np.float64).reshape(-1) for first in firsts])
        return flat

    return run


def _affine(values: ValueMap) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    low = np.array(values.low, np.float32).reshape(1, -1, 1, 1)
    high = np.array(values.high, np.float32).reshape(1, -1, 1, 1)
    return high - low, low


def _finish(
    model: onnx.ModelProto,
    decoder: CheckedModel,
    image: Input,
    view: View,
    batch: int,
    decisions: EncoderDecisions,
) -> bool:
    """Put operators before and behind the graph; whether there are logarithms of variances."""
    from onnx import helper

    graph = model.graph
    size = decoder.channels, decoder.image_height, decoder.image_width
    source = IMAGE if all(IMAGE not in (*n.input, *n.output) for n in graph.node) else new_name(graph, IMAGE)
    nodes, scale, offset = image_prefix(graph, image, view, size, batch, source)
    for name, value in zip((scale, offset), _affine(decisions.values), strict=True):
        constant = add_constant(graph, "values", value)
        for node in nodes:
            for place, given in enumerate(node.input):
                if given == name:
                    node.input[place] = constant
    insert_nodes(graph, nodes)
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(source, FLOAT, [1, *size]))
    del graph.output[:]
    length = _size(decoder)
    has_logvar = bool(decisions.logvar) and decoder.directions is None
    parts = [("mean", decisions.output, decisions.start)]
    parts += [("latent", decisions.output, decisions.start)] if decoder.directions is not None else []
    parts += [("logvar", decisions.logvar, decisions.logvar_start)] if has_logvar else []
    for name, output, start in parts:
        last, made = _part(graph, output, batch, start, length, name), length
        if decoder.directions is not None and name == "mean":
            made = decoder.latent_dim
            graph.node.append(make_node(graph, "MatMul", [last, add_constant(graph, "back", _back(decoder))]))
            last = graph.node[-1].output[0]
        graph.output.append(helper.make_tensor_value_info(last, FLOAT, [1, made]))
    return has_logvar


def _part(graph: onnx.GraphProto, output: str, batch: int, start: int, length: int, hint: str) -> str:
    """Some of an output's numbers for one image, as (1, length)."""
    steps = Steps(graph)
    last = steps.add("Cast", output, hint=f"{hint}.cast", to=FLOAT)
    if batch > 1:
        last = steps.slice(last, 0, 1, 0, f"{hint}.first")
    last = steps.reshape(last, (1, -1), f"{hint}.reshape")
    last = steps.slice(last, start, start + length, 1, f"{hint}.slice")
    graph.node.extend(steps.nodes)
    return last
