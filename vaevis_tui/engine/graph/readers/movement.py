"""ONNX operators that move or resize: Reshape and its kin, Transpose, Concat, DepthToSpace, Resize."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.ir import Shape
from vaevis_tui.engine.graph.readers.importer import Importer, Reader, readers, refuse
from vaevis_tui.engine.graph.readers.matrix import multiply
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import Given
from vaevis_tui.onnx_model.operators.folding import reshape_target


def _resize(importer: Importer, node: Node, given: Given) -> None:
    channels, height, width = importer.spatial_shape(node)
    if given.mode == "linear" and given.exclude_outside:
        refuse(node, "exclude_outside=1 with mode='linear' is not supported")
    if given.scales is None and given.sizes is None:
        refuse(node, "it has neither scales nor sizes")
    scales, sizes = [1.0] * 4, [1, channels, height, width]
    for axis, target in zip(given.axes, given.scales if given.sizes is None else given.sizes, strict=True):
        old = np.float32(sizes[axis])
        if given.sizes is None:
            scales[axis], sizes[axis] = float(target), int(np.floor(old * target))
        else:
            scales[axis], sizes[axis] = float(np.float32(target) / old), target
    if scales[:2] != [1.0, 1.0] or min(sizes) < 1:
        refuse(node, f"scales={scales} are not supported; only height and width can be resized")
    importer.add(
        ir.Resize(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, channels, sizes[2], sizes[3]),
            mode=given.mode,
            scales=(scales[2], scales[3]),
            coordinates=given.coordinate_transformation_mode,
            rounding=given.nearest_mode,
            cubic_coefficient=given.cubic_coeff_a,
            exclude_outside=given.exclude_outside,
        )
    )


def _grid_sample(importer: Importer, node: Node, given: Given) -> None:
    channels = importer.spatial_shape(node)[0]
    count, height, width, two = importer.shape(node.inputs[1])
    if (count, two) != (1, 2):
        refuse(node, f"a grid of shape {(count, height, width, two)}; it has to be (n, h, w, 2)")
    grid = f"{node.outputs[0]}.grid"
    importer.add_permute(node.inputs[1], grid, (1, height, width, 2), (0, 3, 1, 2), (1, 2, height, width))
    importer.add(
        ir.GridSample(
            inputs=(node.inputs[0], grid),
            output=node.outputs[0],
            shape=(1, channels, height, width),
            mode="linear" if given.mode == "bilinear" else given.mode,
            padding=given.padding_mode,
            align_corners=given.align_corners,
        )
    )


def _affine_grid(importer: Importer, node: Node, given: Given) -> None:
    """The places of pixels, moved by a matrix of two rows."""
    if len(given.size) != 4:
        refuse(node, f"size={list(given.size)} is not supported; it has 4 numbers")
    stem = node.outputs[0]
    height, width = given.size[2:]
    places = np.ones((height, width, 3), np.float32)
    for axis, length in ((1, height), (0, width)):
        inset = 0 if given.align_corners else 1 / length  # of the outermost pixels' middles
        line = np.linspace(inset - 1, 1 - inset, length, dtype=np.float32)
        places[..., axis] = line[:, None] if axis else line
    importer.constants[f"{stem}.places"] = places.reshape(-1, 3)
    importer.add_permute(node.inputs[0], f"{stem}.matrix", (2, 3), (1, 0), (3, 2))
    inputs = (f"{stem}.places", f"{stem}.matrix")
    multiply(importer, dataclasses.replace(node, inputs=inputs, outputs=(f"{stem}.moved",)))
    importer.add_permute(f"{stem}.moved", stem, (height * width, 2), (0, 1), (1, height, width, 2))


def _upsample(importer: Importer, node: Node, given: Given) -> None:
    """Upsample, and Resize before opset 11, with the coordinates that there were then."""
    attributes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", **vars(given)}
    OPERATORS["Resize"](importer, dataclasses.replace(node, inputs=node.inputs[:1], attributes=attributes))


def _depth_to_space(importer: Importer, node: Node, given: Given) -> None:
    channels, height, width = importer.spatial_shape(node)
    block, mode = given.blocksize, given.mode
    if channels % (block * block):
        refuse(node, f"blocksize={block} on {channels} channels is not supported")
    shape = (1, channels // (block * block), height * block, width * block)
    importer.add(
        ir.DepthToSpace(inputs=node.inputs, output=node.outputs[0], shape=shape, block=block, mode=mode)
    )


def _view(importer: Importer, node: Node, shape: Shape) -> None:
    source = importer.shape(node.inputs[0])
    order = tuple(range(len(source)))
    importer.add(
        ir.Permute(inputs=node.inputs[:1], output=node.outputs[0], shape=shape, view=source, order=order)
    )


def _reshape(importer: Importer, node: Node, given: Given) -> None:
    _view(importer, node, reshape_target(importer.shape(node.inputs[0]), given.shape, given.allowzero))


def _flatten(importer: Importer, node: Node, given: Given) -> None:
    shape = importer.shape(node.inputs[0])
    _view(importer, node, (prod(shape[: given.axis]), prod(shape[given.axis :])))


def _squeeze(importer: Importer, node: Node, given: Given) -> None:
    _view(importer, node, np.squeeze(np.empty(importer.shape(node.inputs[0]), np.bool_), given.axes).shape)


def _unsqueeze(importer: Importer, node: Node, given: Given) -> None:
    source = np.empty(importer.shape(node.inputs[0]), np.bool_)
    _view(importer, node, np.expand_dims(source, given.axes).shape)


def _transpose(importer: Importer, node: Node, given: Given) -> None:
    order = given.perm or range(len(importer.shape(node.inputs[0])))[::-1]
    _permute(importer, node.inputs[0], node.outputs[0], order)


def _concat(importer: Importer, node: Node, given: Given) -> None:
    shapes, axis, stem = [importer.shape(name) for name in node.inputs], given.axis, node.outputs[0]
    if axis == 0 and shapes[0][0] == 1:
        refuse(node, "it joins examples (axis 0), which are decoded one by one")
    length = sum(shape[axis] for shape in shapes)
    shape = (*shapes[0][:axis], length, *shapes[0][axis + 1 :])
    if axis == 1 and shape[0] == 1:
        importer.add(ir.Concat(inputs=node.inputs, output=stem, shape=shape))
        return
    # The device joins channels: let the axis be these, join, and put it back.
    before, after = prod(shape[:axis]), prod(shape[axis + 1 :])
    parts = tuple(f"{stem}.part{index}" for index in range(len(shapes)))
    for name, part, own in zip(node.inputs, parts, shapes, strict=True):
        importer.add_permute(name, part, (before, own[axis], after), (1, 0, 2), (1, own[axis], before, after))
    importer.add(ir.Concat(inputs=parts, output=f"{stem}.joined", shape=(1, length, before, after)))
    importer.add_permute(f"{stem}.joined", stem, (length, before, after), (1, 0, 2), shape)


def _permute(importer: Importer, name: str, output: str, order: Sequence[int]) -> None:
    view = importer.shape(name)
    importer.add_permute(name, output, view, order, tuple(view[axis] for axis in order))


OPERATORS: Mapping[str, Reader] = {
    **readers(
        {
            "Concat": _concat,
            "Flatten": _flatten,
            "Reshape": _reshape,
            "Squeeze": _squeeze,
            "Transpose": _transpose,
            "Unsqueeze": _unsqueeze,
        }
    ),
    **readers({"AffineGrid": _affine_grid}, rank=3),
    **readers(
        {
            "DepthToSpace": _depth_to_space,
            "GridSample": _grid_sample,
            "Resize": _resize,
            "Upsample": _upsample,
        },
        rank=4,
    ),
}
"""By op_type."""
