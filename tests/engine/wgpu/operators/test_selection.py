"""Operators that choose elements, on the device against onnxruntime: slices, pads, tiles and joins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.operator_check import BOUNDED, agrees, image
from tests.engine.reference import Builder
from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx

MANY = 12
"""Examples of each property: their texts are alike, so they compile fast."""


def integers(b: Builder, *values: int) -> str:
    return b.constant(np.array(values, np.int64))


@settings(BOUNDED, max_examples=MANY)
@given(
    axis=st.integers(1, 3),
    start=st.integers(-6, 6),
    end=st.integers(-6, 6),
    step=st.sampled_from([1, 1, 2, 3, -1, -2]),
)
def test_slices(axis: int, start: int, end: int, step: int) -> None:
    if not len(range(6)[start:end:step]):
        return
    b = image(6, 6, 6)
    b.add("Slice", integers(b, start), integers(b, end), integers(b, axis), integers(b, step))
    b.add("Tanh")
    agrees(b)


def test_slices_of_two_axes_and_of_a_vector() -> None:
    b = Builder(40)
    b.add("Slice", integers(b, 4), integers(b, 2**31), integers(b, 1))
    b.reshape(4, 3, 3)
    b.add("Slice", integers(b, -1, 0), integers(b, -(2**31), 2), integers(b, 3, 1), integers(b, -1, 1))
    agrees(b)


@pytest.mark.parametrize("sizes", [None, (1, 3, 2), (5, 0, 1)])
@pytest.mark.parametrize("axis", [1, 2])
def test_splits(axis: int, sizes: tuple[int, ...] | None) -> None:
    if sizes is not None and 0 in sizes:
        return
    b = image(6, 6, 2)
    given_sizes = [] if sizes is None else [integers(b, *sizes)]
    b.node("Split", b.last, *given_sizes, axis=axis)
    first = b.nodes[-1].output[0]
    b.nodes[-1].output.extend(["second", "third"])
    if sizes is None:
        b.last = b.node("Add", b.node("Mul", first, "second"), "third")
    else:
        b.last = b.node("Concat", "third", b.node("Sin", first), "second", axis=axis)
    agrees(b)


@settings(BOUNDED, max_examples=MANY)
@given(axis=st.integers(1, 3), indices=st.lists(st.integers(-4, 3), min_size=1, max_size=7))
def test_gathers(axis: int, indices: list[int]) -> None:
    b = image(4, 4, 4)
    b.add("Gather", integers(b, *indices), axis=axis)
    agrees(b)


def test_gather_of_one_index_drops_the_axis() -> None:
    b = image(4, 3, 5)
    b.add("Gather", b.constant(np.array(2, np.int64)), axis=2)
    agrees(b)


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_elements_gathered_along_an_axis(axis: int) -> None:
    b = image(4, 4, 4)
    b.add("GatherElements", b.constant(b.rng.integers(-4, 4, (1, 3, 2, 4))), axis=axis)
    agrees(b, n=1)


def test_elements_gathered_by_whole_indices() -> None:
    b = image(4, 3, 5)
    b.add("Transpose", perm=[1, 2, 3, 0])
    b.add("GatherND", b.constant(np.array([[0, 1], [3, 2], [-1, 0]], np.int64)))
    b.add("Transpose", perm=[2, 0, 1])
    agrees(b)


@pytest.mark.parametrize("constant", ["data", "updates", ""])
def test_parts_of_an_image_set_anew(constant: str) -> None:
    """As exporters write ``image[:, 1:3, 0] = other``."""
    b = image(4, 3, 5)
    whole = b.weight(1, 4, 3, 5) if constant == "data" else b.node("Sin", b.last)
    part = b.node("Slice", b.last, integers(b, 0), integers(b, 2), integers(b, 1))
    part = b.node("Slice", part, integers(b, 0), integers(b, 1), integers(b, 2))
    part = b.node("Squeeze", part, integers(b, 2)) if constant != "updates" else b.weight(1, 2, 5)
    places = np.stack(np.meshgrid([0], [1, 2], [0], range(5), indexing="ij"), -1).reshape(1, 2, 5, 4)
    b.last = b.node("ScatterND", whole, b.constant(places), part)
    agrees(b, n=1)


@pytest.mark.parametrize("axis", [1, 3])
def test_elements_set_along_an_axis(axis: int) -> None:
    b = image(4, 3, 5)
    indices = b.constant(np.argsort(b.rng.random((1, 2, 3, 2)), axis=axis))
    part = b.node("Slice", b.last, integers(b, 0, 0), integers(b, 2, 2), integers(b, 1, 3))
    b.last = b.node("ScatterElements", b.node("Sin", b.last), indices, part, axis=axis)
    agrees(b, n=1)


@settings(BOUNDED, max_examples=MANY)
@given(
    mode=st.sampled_from(["constant", "reflect", "edge", "wrap"]),
    pads=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    channels=st.integers(1, 6),
)
def test_pads(mode: str, pads: list[int], channels: int) -> None:
    b = Builder(channels * 12, opset=19)
    b.view(channels, 3, 4)
    value = [b.constant(np.float32(0.25))] if mode == "constant" else []
    b.add("Pad", integers(b, 0, 0, *pads[:2], 0, 0, *pads[2:]), *value, mode=mode)
    agrees(b)


def test_pads_that_cut_and_pads_of_channels() -> None:
    b = image(3, 4, 5)
    b.add("Pad", integers(b, 0, 2, -1, 1, 0, 1, 1, -2))
    agrees(b)


def test_pads_of_named_axes() -> None:
    b = Builder(24, opset=18)
    b.view(2, 3, 4)
    b.add("Pad", integers(b, 1, 2), "", integers(b, -1), mode="reflect")
    agrees(b)


@pytest.mark.parametrize("repeats", [(1, 1, 2, 3), (1, 3, 1, 1)])
def test_tiles(repeats: tuple[int, ...]) -> None:
    b = image(3, 2, 2)
    b.add("Tile", integers(b, *repeats))
    agrees(b)


def test_expands() -> None:
    b = Builder(5)
    b.reshape(5, 1, 1)
    b.add("Expand", integers(b, 1, 1, 3, 4))
    b.conv(5, 3)
    agrees(b)


@pytest.mark.parametrize("axis", [2, 3, -1])
def test_joins_along_any_axis(axis: int) -> None:
    b = image(3, 2, 4)
    x = b.last
    b.last = b.node("Concat", x, b.node("Sin", x), x, axis=axis)
    b.conv(3, 2)
    agrees(b)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_joins_of_what_has_no_axis_of_examples(axis: int) -> None:
    b = Builder(3 * 4 * 2)
    x = b.add("Reshape", b.constant(np.array((3, 4, 2), np.int64)))
    b.last = b.node("Concat", x, b.weight(3, 4, 2), b.node("Sin", x), axis=axis)
    b.add("Reshape", b.constant(np.array((1, -1), np.int64)))
    agrees(b, n=1)


def test_joins_with_a_constant_along_any_axis() -> None:
    b = image(3, 2, 4)
    b.last = b.node("Concat", b.last, b.weight(1, 3, 2, 2), axis=3)
    agrees(b, n=1)


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes"),
    [
        ("Gather", [(0,)], {"axis": 0}),
        ("Slice", [(1,), (2,), (0,)], {}),
        ("Tile", [(2, 1, 1, 1)], {}),
        ("Pad", [(1, 0, 0, 0, 0, 0, 0, 0)], {}),
    ],
)
def test_examples_are_not_chosen_among(
    kind: str, inputs: list[tuple[int, ...]], attributes: dict[str, Any]
) -> None:
    b = image(3, 2, 2)
    b.add(kind, *(integers(b, *values) for values in inputs), **attributes)
    with pytest.raises(UnsupportedGraph, match=f"{kind} 'n2': .*example"):
        import_onnx(b.model())


def test_a_tile_of_many_gigabytes_is_refused_before_it_is_made() -> None:
    b = image(3, 2, 2)
    b.add("Tile", integers(b, 1, 1, 1 << 20, 1 << 20))
    with pytest.raises(UnsupportedGraph, match="134217728 are supported"):
        import_onnx(b.model())
