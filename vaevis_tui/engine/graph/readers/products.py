"""Products of tensors taken apart: weights that are scaled by the latent vector, and sums over them.

StyleGAN2 scales the weights of a convolution by a style for each channel that goes in and by a norm for each
that comes out. What scales weights can as well scale the channels, which are far fewer numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Array, Call, Literal, Operand, call
from vaevis_tui.engine.graph.readers.importer import Importer
from vaevis_tui.onnx_model.node import Node

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A tensor that a product holds.

    Attributes:
        name: The tensor.
        places: For each element of the product, flat, the element of the tensor, flat; None: the same.
        inverse: Whether the product is divided by it.
    """

    name: str
    places: Places | None
    inverse: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """A tensor that a product holds, of which it reads some elements in order.

    Attributes:
        name: The tensor.
        places: Its elements, flat.
        inverse: Whether the product is divided by it.
    """

    name: str
    places: Places
    inverse: bool


def factors(importer: Importer, name: str) -> list[Factor]:
    """The tensors that a tensor is the product of, as far as it was made by moving and multiplying."""
    producers = {operator.output: operator for operator in importer.operators}
    waiting: list[Factor] = [Factor(name, None)]
    found = []
    while waiting:
        factor = waiting.pop()
        match producers.get(factor.name):
            case ir.Permute(inputs=(source,), is_reshape=True):
                waiting.append(replace(factor, name=source))
            case ir.Permute(inputs=(source,), view=view, order=order):
                moved = np.arange(prod(view)).reshape(view).transpose(order).reshape(-1)
                waiting.append(replace(factor, name=source, places=_at(moved, factor)))
            case ir.StaticGather(inputs=(source,), indices=indices) if indices.min() >= 0:
                waiting.append(replace(factor, name=source, places=_at(indices, factor)))
            case (
                ir.Pointwise(
                    epilogue=Call(
                        "mul" | "div" as function,
                        (Operand() | Literal() as left, Operand() | Literal() as right),
                    )
                ) as product
            ):
                waiting.append(_argument(importer, product, left, factor, factor.inverse))
                waiting.append(
                    _argument(importer, product, right, factor, factor.inverse ^ (function == "div"))
                )
            case _:
                found.append(factor)
    return found


def _argument(
    importer: Importer, product: ir.Pointwise, argument: Operand | Literal, factor: Factor, inverse: bool
) -> Factor:
    if isinstance(argument, Operand):
        name = product.operands[argument.index]
    else:
        name = f"{product.output}.{argument.value!r}"
        importer.constants[name] = np.array([argument.value], np.float32)
    shape = importer.shape(name)
    if shape == product.shape:
        return Factor(name, factor.places, inverse)
    spread = np.broadcast_to(np.arange(prod(shape)).reshape(shape), product.shape)
    return Factor(name, _at(spread.reshape(-1), factor), inverse)


def _at(values: NDArray[Any], factor: Factor) -> NDArray[Any]:
    return values if factor.places is None else values[factor.places]


@dataclass(frozen=True, slots=True)
class Separated:
    """A product of constants, and of tensors that vary along some of its axes only.

    Attributes:
        constant: What is known at load, of the product's size.
        varying: For each group of axes what varies along them: the tensors, with the places of one pass
            along these axes.
    """

    constant: Array
    varying: tuple[list[Scale], ...]


def separate(
    importer: Importer, name: str, view: Sequence[int], groups: Sequence[tuple[int, ...]]
) -> Separated | None:
    """Take a product apart.

    Args:
        importer: The graph as far as it has been read.
        name: The product.
        view: The shape that it is viewed in.
        groups: Groups of axes; what is no constant has to vary along one of them alone.

    Returns:
        None where something varies along others.
    """
    constant = np.ones(prod(view), np.float32)
    varying: tuple[list[Scale], ...] = tuple([] for _ in groups)
    for factor in factors(importer, name):
        if factor.name in importer.constants:
            values = _at(np.asarray(importer.constants[factor.name], np.float32).reshape(-1), factor)
            constant = constant / values if factor.inverse else constant * values
            continue
        if factor.places is None:
            return None
        places = factor.places.reshape(view)
        for axes, found in zip(groups, varying, strict=True):
            once = places[tuple(slice(None if axis in axes else 1) for axis in range(len(view)))]
            if (places == once).all():
                found.append(Scale(factor.name, once.reshape(-1), factor.inverse))
                break
        else:
            return None
    return Separated(constant, varying)


def scale(
    importer: Importer, node: Node, source: str, by: Sequence[Scale], output: str, last: str | None = None
) -> str:
    """Multiply the channels of a tensor (1, channels, ...) by factors; returns the name of what is made."""
    shape = importer.shape(source)
    for index, factor in enumerate(by):
        picked = f"{output}.factor{index}"
        importer.add_static_gather(
            factor.name, picked, factor.places, (1, len(factor.places), *(1,) * (len(shape) - 2))
        )
        made = last if last is not None and index == len(by) - 1 else f"{output}.scaled{index}"
        function = "div" if factor.inverse else "mul"
        importer.add_pointwise(node, made, call(function, Operand(0), Operand(1)), source, picked)
        source = made
    return source


def sum_of_product(importer: Importer, node: Node, source: str, axes: Sequence[int], output: str) -> bool:
    """Sum a product over axes as a matrix times what varies along these; False where it is no such product.

    The result has shape (1, rows), one number for each place along the axes that are kept.
    """
    shape = importer.shape(source)
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    apart = separate(importer, source, shape, (tuple(axes),))
    if apart is None or not apart.varying[0] or (apart.constant == apart.constant[0]).all():
        return False
    matrix = apart.constant.reshape(shape).transpose(*kept, *axes)
    matrix = matrix.reshape(prod(shape[axis] for axis in kept), -1)
    places = np.stack([factor.places for factor in apart.varying[0]])
    unique, which = np.unique(places, axis=1, return_inverse=True)
    order = np.argsort(which, kind="stable")  # columns of the same tensors' elements beside each other
    starts = np.searchsorted(which[order], np.arange(unique.shape[1]))
    matrix = np.add.reduceat(matrix[:, order], starts, axis=1)
    alike = [replace(f, places=row) for f, row in zip(apart.varying[0], unique, strict=True)]
    first, *others = alike
    importer.add_static_gather(first.name, f"{output}.first", first.places, (1, len(first.places)))
    vector = f"{output}.first"
    if first.inverse:
        vector = f"{output}.inverse"
        importer.add_pointwise(node, vector, call("reciprocal", Operand(0)), f"{output}.first")
    vector = scale(importer, node, vector, others, output)
    importer.add(
        ir.Linear(
            inputs=(vector,),
            output=output,
            shape=(1, len(matrix)),
            weight=matrix,
            bias=np.zeros(len(matrix), np.float32),
        )
    )
    return True
