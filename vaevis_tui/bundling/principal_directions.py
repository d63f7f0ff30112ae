"""Principal directions of encoded pictures as z, for a latent that is an image of its own.

They take the place of the fixed patterns that such a decoder is opened with where it has no pictures.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.adapter.encoder.encoder import DIRECTIONS, CheckedEncoder
from vaevis_tui.onnx_model.edit import add_constant, declare, make_node
from vaevis_tui.onnx_model.shape_inference import trace

COUNT = 128
"""Directions at most."""

SHARE = 0.999
"""Of the variance that they hold, where fewer do."""

Latents = NDArray[np.float32]


def with_principal_directions(
    checked: CheckedModel, encoder: CheckedEncoder, whole: Latents
) -> tuple[tuple[CheckedModel, Any], Latents]:
    """Explore a decoder along the principal directions of encoded pictures.

    Args:
        checked: A decoder whose z are weights of directions.
        encoder: Its encoder, which gives the whole latent too.
        whole: That of each picture, float32 (n, size).

    Returns:
        The decoder and the encoder's graph with such z, and z of each picture, float32 (n, k).
    """
    mean = whole.mean(axis=0, dtype=np.float64)
    centred = whole - mean
    _, singular, rows = np.linalg.svd(centred, full_matrices=False)
    variance = singular**2
    count = int(np.searchsorted(np.cumsum(variance), SHARE * variance.sum())) + 1
    count = max(1, min(count, COUNT, len(whole) - 1, len(rows)))
    std = np.maximum(singular[:count] / math.sqrt(len(whole)), 1e-6)
    rows = rows[:count] * np.sign(rows[np.arange(count), np.abs(rows[:count]).argmax(1)])[:, None]
    z = (centred @ (rows.T / std)).astype(np.float32)
    decoder = _decoder(checked, (rows * std[:, None]).astype(np.float32), mean.astype(np.float32))
    return (decoder, _encoder(encoder, (rows.T / std).astype(np.float32), mean.astype(np.float32))), z


def _decoder(checked: CheckedModel, rows: Latents, mean: Latents) -> CheckedModel:
    from onnx import numpy_helper

    model = type(checked.model)()
    model.CopyFrom(checked.model)
    graph = model.graph
    old = next(tensor for tensor in graph.initializer if tensor.name.startswith(DIRECTIONS))
    name = old.name
    graph.initializer.remove(old)
    graph.initializer.append(numpy_helper.from_array(rows, name))
    place = next(i for i, node in enumerate(graph.node) if name in node.input)
    latent = graph.node[place].output[0]
    nodes = list(graph.node)
    nodes[place].output[0] = f"{latent}.about"
    bias = add_constant(graph, "directions.mean", mean)
    added = make_node(graph, "Add", [f"{latent}.about", bias], "directions.moved")
    added.output[0] = latent
    del graph.node[:]
    graph.node.extend([*nodes[: place + 1], added, *nodes[place + 1 :]])
    size = (checked.channels, checked.image_height, checked.image_width)
    source = graph.input[0].name
    declare(graph, source, (len(rows),), checked.output, size, batched=checked.batched)
    walk = trace(model, source, (1, len(rows)))
    return replace(checked, model=model, trace=walk, latent_dim=len(rows), directions=None)


def _encoder(encoder: CheckedEncoder, back: Latents, mean: Latents) -> Any:
    from onnx import TensorProto, helper

    model = type(encoder.model)()
    model.CopyFrom(encoder.model)
    graph = model.graph
    whole = graph.output[1].name
    moved = make_node(graph, "Sub", [whole, add_constant(graph, "principal.mean", mean)], "principal.moved")
    graph.node.append(moved)
    inputs = [moved.output[0], add_constant(graph, "principal.back", back)]
    graph.node.append(make_node(graph, "MatMul", inputs, "principal.mean"))
    name = graph.node[-1].output[0]
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, back.shape[1]]))
    return model
