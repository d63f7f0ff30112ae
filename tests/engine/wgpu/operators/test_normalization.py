"""Reductions, normalizations, pools and choices on the device against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.operator_check import BOUNDED, agrees, image
from tests.engine.reference import Builder
from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx

REDUCTIONS = ["ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare"]


@settings(BOUNDED, max_examples=20)
@given(
    kind=st.sampled_from(REDUCTIONS),
    axes=st.sets(st.integers(1, 3), min_size=1),
    keep=st.integers(0, 1),
)
def test_reductions(kind: str, axes: set[int], keep: int) -> None:
    b = Builder(5 * 3 * 4, opset=18)
    b.view(5, 3, 4)
    b.add(kind, b.constant(np.array(sorted(axes), np.int64)), keepdims=keep)
    b.add("Tanh")
    agrees(b)


def test_global_maximum() -> None:
    b = image(6, 3, 5)
    b.add("GlobalMaxPool")
    agrees(b)


@pytest.mark.parametrize("size", [(3, 4), (1, 7)])
def test_instance_normalization(size: tuple[int, int]) -> None:
    b = image(6, *size)
    b.add("InstanceNormalization", b.weight(6), b.weight(6), epsilon=1e-3)
    b.add("Relu")
    agrees(b)
    agrees(b, fuse=False)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_layer_normalization_of_an_image(axis: int) -> None:
    b = image(5, 3, 4)
    shape = (5, 3, 4)[axis - 1 if axis > 0 else 2 :]
    b.add("LayerNormalization", b.weight(*shape), b.weight(*shape), axis=axis)
    agrees(b)


def test_layer_normalization_of_a_vector_without_bias() -> None:
    b = Builder(13)
    b.linear(13, 10)
    b.add("LayerNormalization", b.weight(10))
    b.linear(10, 4)
    agrees(b)


@pytest.mark.parametrize(("opset", "count"), [(18, 3), (21, 6)])
def test_group_normalization(opset: int, count: int) -> None:
    b = image(6, 4, 3, opset=opset)
    b.add("GroupNormalization", b.weight(count), b.weight(count), num_groups=3)
    agrees(b)


def test_group_normalization_of_what_has_no_axis_of_examples() -> None:
    b = Builder(4 * 6 * 3, opset=21)
    b.add("Reshape", b.constant(np.array((4, 6, 3), np.int64)))
    b.add("GroupNormalization", b.weight(6), b.weight(6), num_groups=2)
    b.add("Reshape", b.constant(np.array((1, -1), np.int64)))
    agrees(b, n=1)


def test_group_normalization_as_pytorch_spells_it() -> None:
    b = image(6, 4, 3)
    b.reshape(3, 24)
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    b.add("InstanceNormalization", b.constant(ones), b.constant(zeros))
    b.reshape(6, 4, 3)
    b.add("Mul", b.weight(6, 1, 1))
    b.add("Add", b.weight(6, 1, 1))
    b.conv(6, 4)
    agrees(b)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
@pytest.mark.parametrize("opset", [11, 17])
def test_softmax(axis: int, opset: int) -> None:
    b = image(5, 2, 4, opset=opset)
    b.add("Softmax", axis=axis)
    agrees(b, scale=30.0)


@settings(BOUNDED, max_examples=14)
@given(
    kind=st.sampled_from(["MaxPool", "AveragePool"]),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pads=st.lists(st.integers(0, 1), min_size=4, max_size=4),
    flag=st.sampled_from(["", "ceil_mode", "count_include_pad"]),
)
def test_pools(
    kind: str, kernel: tuple[int, int], strides: tuple[int, int], pads: list[int], flag: str
) -> None:
    pads = [pad if kernel[i % 2] > 1 else 0 for i, pad in enumerate(pads)]
    if flag == "count_include_pad" and kind == "MaxPool":
        return
    b = image(5, 6, 7)
    b.add(kind, kernel_shape=kernel, strides=strides, pads=pads, **({flag: 1} if flag else {}))
    b.add("Tanh")
    agrees(b)


def test_dilated_maximum() -> None:
    b = image(3, 7, 7)
    b.add("MaxPool", kernel_shape=[2, 3], dilations=[3, 2], auto_pad="VALID")
    agrees(b)


@pytest.mark.parametrize("kind", ["Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal"])
def test_choices_by_comparison(kind: str) -> None:
    b = image(3, 4, 5)
    x = b.add("Round")  # so that some are equal
    condition = b.node(kind, x, b.constant(np.float32(0)))
    b.last = b.node("Where", condition, b.node("Sin", x), b.constant(np.float32(0.5)))
    agrees(b)


def test_choices_that_are_known() -> None:
    b = image(3, 2, 3)
    known = b.constant(np.array([[[True]], [[False]], [[True]]]))
    b.last = b.node("Where", known, b.last, b.weight(1, 1, 2, 3))
    agrees(b)


def test_truth_values_become_numbers() -> None:
    b = image(3, 2, 3)
    x = b.last
    positive = b.node("Not", b.node("Less", x, b.constant(np.float32(0))))
    b.last = b.node("Mul", x, b.node("Cast", positive, to=1))
    agrees(b)


def test_truth_values_are_joined() -> None:
    b = image(3, 4, 5)
    x = b.last
    low, high = (b.node("Less", x, b.constant(np.float32(limit))) for limit in (-0.3, 0.4))
    either = b.node("Or", low, b.node("Not", high))
    both = b.node("And", high, b.node("Not", low))
    parts = [b.node("Cast", part, to=1) for part in (either, both)]
    b.last = b.node("Sub", b.node("Mul", x, parts[0]), parts[1])
    agrees(b)


@pytest.mark.parametrize("to", [2, 3, 6, 7])
def test_fractions_become_whole_numbers(to: int) -> None:
    """Cut towards zero, as C does; of what a type does not hold nothing is said."""
    b = image(3, 4, 5)
    x = b.node("Mul", b.last, b.constant(np.float32(9)))
    b.last = b.node("Abs", x) if to == 2 else x
    b.add("Cast", to=to)
    b.add("Cast", to=1)
    agrees(b)


@pytest.mark.parametrize(
    ("kind", "attributes"), [("Celu", {"alpha": 0.7}), ("Floor", {}), ("Ceil", {}), ("Sign", {})]
)
def test_more_pointwise_functions(kind: str, attributes: dict[str, float]) -> None:
    b = Builder(33)
    b.add(kind, **attributes)
    agrees(b, scale=3.0)


def test_a_mean_over_examples_is_refused() -> None:
    b = image(3, 2, 2)
    b.add("ReduceMean", axes=[0])
    with pytest.raises(UnsupportedGraph, match="ReduceMean 'n2': it reduces over the examples"):
        import_onnx(b.model())


def test_layers_are_normalized_with_one_bias_for_all() -> None:
    b = image(3, 4, 4)
    b.add("LayerNormalization", b.weight(4, 4), b.weight(1), axis=2)
    agrees(b)


@pytest.mark.parametrize("number", [-np.inf, np.inf, 0.0])
def test_infinite_constants_are_numbers(number: float) -> None:
    b = image(2, 3, 3)
    b.add("Max", b.constant(np.float32(number)))
    b.add("Min", b.constant(np.float32(5)), b.weight(2, 1, 1))
    b.add("Max")
    agrees(b)


@pytest.mark.parametrize(
    ("kind", "attributes", "words"),
    [
        ("Celu", {"alpha": -1.0}, "alpha=-1 is not supported"),
        ("Resize", {"mode": "nearest", "nearest_mode": ""}, "nearest_mode='' is not supported"),
    ],
)
def test_attributes_that_no_image_can_be_made_with_are_named(
    kind: str, attributes: dict[str, object], words: str
) -> None:
    b = image(3, 2, 2)
    constants = ("", b.constant(np.array([1, 1, 2, 2], np.float32))) if kind == "Resize" else ()
    b.add(kind, *constants, **attributes)
    with pytest.raises(UnsupportedGraph, match=words):
        import_onnx(b.model())


@pytest.mark.parametrize("number", [-np.inf, np.nan])
def test_a_clip_to_what_no_shader_can_hold_is_named(number: float) -> None:
    b = image(3, 2, 2)
    b.add("Clip", "", b.constant(np.float32(number)))
    with pytest.raises(UnsupportedGraph, match=r"max=(-inf|nan) is not supported"):
        import_onnx(b.model())


def test_statistics_that_overflow_are_named() -> None:
    b = image(3, 2, 2)
    huge = b.constant(np.array([1, 3e38, 1], np.float32))
    b.add("BatchNormalization", huge, b.weight(3), b.weight(3), b.constant(np.ones(3, np.float32)))
    with pytest.raises(UnsupportedGraph, match="factors beyond 1e\\+30"):
        import_onnx(b.model())


def test_an_axis_named_twice_and_a_bias_of_another_shape_are_named() -> None:
    b = image(3, 4, 4, opset=18)
    b.add("ReduceSum", b.constant(np.array([1, 1], np.int64)))
    with pytest.raises(UnsupportedGraph, match="name one twice"):
        import_onnx(b.model())
    b = image(3, 4, 4)
    b.add("LayerNormalization", b.weight(4), b.weight(4, 1), axis=-1)
    with pytest.raises(UnsupportedGraph, match="scale or bias of shape"):
        import_onnx(b.model())
