"""ONNX operators that move or resize: Reshape and its kin, Transpose, Concat, DepthToSpace, Resize."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.importer import Importer, Reader, refuse
from vaevis_tui.engine.graph.ir import Shape
from vaevis_tui.engine.graph.resize import ROUNDINGS
from vaevis_tui.onnx_model.folding import reshape_target
from vaevis_tui.onnx_model.node import Node


def _resize(importer: Importer, node: Node) -> None:
    channels, height, width = importer.spatial(node)
    get = node.attributes.get
    for key, good in (("antialias", 0), ("keep_aspect_ratio_policy", "stretch")):
        if get(key, good) != good:
            refuse(node, f"{key}={get(key)!r} is not supported")
    mode = get("mode", "nearest")
    coordinates = get("coordinate_transformation_mode", "half_pixel")
    rounding = get("nearest_mode", "round_prefer_floor")
    if node.kind == "Upsample" or importer.opset < 11:
        coordinates, rounding = "asymmetric", "floor"
    if mode not in ("nearest", "linear", "cubic"):
        refuse(node, f"mode={mode!r} is not supported; nearest, linear and cubic are")
    if rounding not in ROUNDINGS:
        refuse(node, f"nearest_mode={rounding!r} is not supported; {', '.join(ROUNDINGS)} are")
    if mode == "linear" and get("exclude_outside", 0):
        refuse(node, "exclude_outside=1 with mode='linear' is not supported")
    if coordinates not in _COORDINATES:
        refuse(node, f"coordinate_transformation_mode={coordinates!r} is not supported")
    scales, sizes = _resize_target(importer, node, (1, channels, height, width))
    if scales[:2] != [1.0, 1.0] or min(sizes) < 1:
        refuse(node, f"scales={scales} are not supported; only height and width can be resized")
    importer.add(
        ir.Resize(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, channels, sizes[2], sizes[3]),
            mode=mode,
            scales=(scales[2], scales[3]),
            coordinates=coordinates,
            rounding=rounding,
            cubic_coefficient=float(get("cubic_coeff_a", -0.75)),
            exclude_outside=bool(get("exclude_outside", 0)),
        )
    )


_COORDINATES = (
    *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "tf_half_pixel_for_nn"),
    *("asymmetric", "align_corners"),
)


def _resize_target(importer: Importer, node: Node, shape: Shape) -> tuple[list[float], list[int]]:
    """Scales and sizes along all four axes."""
    axes = [int(a) % 4 for a in node.attributes.get("axes", range(4))]
    scales: list[float] = [1.0] * 4
    sizes = list(shape)
    if node.has(3):
        for axis, target in zip(axes, importer.constant(node, 3, "sizes"), strict=True):
            sizes[axis], scales[axis] = int(target), float(np.float32(target) / np.float32(shape[axis]))
        return scales, sizes
    index = 1 if node.kind == "Upsample" or importer.opset < 11 else 2
    given = importer.optional(node, index, "scales")
    if given is None:
        refuse(node, "it has neither scales nor sizes")
    for axis, scale in zip(axes, given, strict=True):
        scales[axis], sizes[axis] = float(scale), int(np.floor(np.float32(shape[axis]) * np.float32(scale)))
    return scales, sizes


def _depth_to_space(importer: Importer, node: Node) -> None:
    channels, height, width = importer.spatial(node)
    block = int(node.attributes["blocksize"])
    mode = node.attributes.get("mode", "DCR")
    if block < 1 or channels % (block * block) or mode not in ("DCR", "CRD"):
        refuse(node, f"blocksize={block}, mode={mode!r} on {channels} channels is not supported")
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


def _reshape(importer: Importer, node: Node) -> None:
    wanted = importer.constant(node, 1, "the shape")
    try:
        allow_zero = bool(node.attributes.get("allowzero", 0))
        shape = reshape_target(importer.shape(node.inputs[0]), wanted, allow_zero)
    except (ValueError, IndexError) as error:
        refuse(node, str(error))
    _view(importer, node, shape)


def _flatten(importer: Importer, node: Node) -> None:
    shape = importer.shape(node.inputs[0])
    axis = int(node.attributes.get("axis", 1)) % (len(shape) + 1)
    _view(importer, node, (int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))))


def _squeeze(importer: Importer, node: Node) -> None:
    given = importer.optional(node, 1, "axes")
    axes = None if given is None else tuple(int(a) for a in given)
    _view(importer, node, np.squeeze(np.empty(importer.shape(node.inputs[0]), np.bool_), axes).shape)


def _unsqueeze(importer: Importer, node: Node) -> None:
    given = importer.optional(node, 1, "axes")
    if given is None:
        refuse(node, "it has no axes")
    axes = tuple(int(a) for a in given)
    _view(importer, node, np.expand_dims(np.empty(importer.shape(node.inputs[0]), np.bool_), axes).shape)


def _transpose(importer: Importer, node: Node) -> None:
    rank = len(importer.shape(node.inputs[0]))
    order = [int(a) for a in node.attributes.get("perm", reversed(range(rank)))]
    _permute(importer, node.inputs[0], node.outputs[0], order)


def _concat(importer: Importer, node: Node) -> None:
    shapes = [importer.shape(name) for name in node.inputs]
    axis = int(node.attributes["axis"]) % len(shapes[0])
    if axis == 0 or (axis > 1 and any(name in importer.constants for name in node.inputs)):
        refuse(node, f"axis={axis} on shapes {shapes} is not supported")
    if axis == 1:
        shape = (shapes[0][0], sum(s[1] for s in shapes), *shapes[0][2:])
        importer.add(ir.Concat(inputs=node.inputs, output=node.outputs[0], shape=shape))
        return
    # The device joins channels: exchange them with the axis, join, and exchange them back.
    swap = [axis if a == 1 else 1 if a == axis else a for a in range(len(shapes[0]))]
    stem, swapped = node.outputs[0], []
    for index, name in enumerate(node.inputs):
        swapped.append(f"{stem}.swapped{index}")
        _permute(importer, name, swapped[-1], swap)
    _concat(
        importer,
        dataclasses.replace(node, inputs=tuple(swapped), outputs=(f"{stem}.joined",), attributes={"axis": 1}),
    )
    _permute(importer, f"{stem}.joined", stem, swap)


def _permute(importer: Importer, name: str, output: str, order: Sequence[int]) -> None:
    view = importer.shape(name)
    importer.move(name, output, view, order, tuple(view[axis] for axis in order))


OPERATORS: Mapping[str, Reader] = {
    "Concat": _concat,
    "DepthToSpace": _depth_to_space,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Resize": _resize,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Upsample": _resize,
}
"""Readers by op_type."""
