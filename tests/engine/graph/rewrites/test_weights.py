"""What folds into weights: normalizations, scalars, and orders of rows and columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.graph.rewrites.compared import kinds, unchanged
from tests.engine.reference import (
    Builder,
)
from vaevis_tui.engine.graph import import_onnx
from vaevis_tui.engine.graph import rewrites as r


def test_batch_normalization_folds_into_the_convolution_before_it() -> None:
    b = Builder(32, seed=1)
    b.view(2, 4, 4)
    b.conv(2, 5)
    b.batch_normalization(5)
    graph = import_onnx(b.model())
    folded = r.fold_affine_into_weights(graph)
    assert kinds(graph) == ["Permute", "Convolution", "Pointwise", "Pointwise"]
    assert kinds(folded) == ["Permute", "Convolution"]
    unchanged(graph, folded, b)


@pytest.mark.parametrize("groups", [1, 3])
def test_batch_normalization_folds_into_a_transposed_convolution(groups: int) -> None:
    b = Builder(6 * 9, seed=2)
    b.view(6, 3, 3)
    b.conv_transposed(6, 9, 3, strides=[2, 2], group=groups)
    b.batch_normalization(9)
    graph = import_onnx(b.model())
    folded = r.fold_affine_into_weights(graph)
    assert kinds(folded) == ["Permute", "TransposedConvolution"]
    unchanged(graph, folded, b)


def test_scalars_and_vectors_fold_into_a_matrix() -> None:
    b = Builder(4, seed=3)
    b.linear(4, 6, kind="MatMul")
    b.add("Mul", b.constant(np.float32(-2)))
    b.add("Sub", b.weight(6))
    b.last = b.node("Add", b.constant(np.float32(0.5)), b.last)
    b.add("Div", b.constant(np.arange(1, 7, dtype=np.float32)))
    graph = import_onnx(b.model())
    folded = r.fold_affine_into_weights(graph)
    assert kinds(folded) == ["Linear"]
    unchanged(graph, folded, b)


@pytest.mark.parametrize(
    ("kind", "constant"),
    [
        ("Mul", np.ones((1, 1, 4, 4), np.float32)),  # not one number a channel
        ("Div", np.zeros((3, 1, 1), np.float32)),  # division by zero stays where it can be seen
        ("Relu", None),
    ],
)
def test_what_is_no_affine_map_of_channels_stays(kind: str, constant: object) -> None:
    b = Builder(32)
    b.view(2, 4, 4)
    b.conv(2, 3)
    b.add(kind, *([] if constant is None else [b.constant(constant)]))
    graph = import_onnx(b.model())
    assert kinds(r.fold_affine_into_weights(graph)) == kinds(graph)


def test_a_weight_that_two_operators_read_is_not_folded_into() -> None:
    b = Builder(32)
    b.view(2, 4, 4)
    shared = b.conv(2, 2)
    doubled = b.add("Mul", b.constant(np.float32(2)))
    b.last = b.node("Add", shared, doubled)
    graph = import_onnx(b.model())
    assert kinds(r.fold_affine_into_weights(graph)) == kinds(graph)


def test_reshapes_and_transposes_one_after_the_other_become_one() -> None:
    """A pixel shuffle of patches, as transformers end with."""
    b = Builder(4 * 2 * 3 * 3 * 4 * 5)
    b.reshape(4 * 2, 3 * 3 * 4 * 5)
    b.add("Transpose", perm=[0, 2, 1])
    b.add("Transpose", perm=[0, 2, 1])
    b.reshape(4, 2, 3, 3, 4, 5)
    b.add("Transpose", perm=[0, 3, 1, 4, 5, 2, 6])
    b.reshape(3, 4 * 3 * 4, 2 * 5)
    graph = import_onnx(b.model())
    merged = r.merge_permutations(graph)
    assert kinds(merged) == ["Permute"]
    unchanged(graph, merged, b)


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(4)), st.permutations(range(4)), st.permutations([2, 3, 4, 5]), st.booleans())
def test_whatever_follows_whatever_moves_the_same(
    first: list[int], second: list[int], lengths: list[int], between: bool
) -> None:
    """Two orders with another view between them, whose axes need not fall on those of the first."""
    b = Builder(120)
    b.reshape(*lengths)
    b.add("Transpose", perm=[0, *(axis + 1 for axis in first)])
    if between:
        b.reshape(2, 10, 3, 2)
    b.add("Transpose", perm=[0, *(axis + 1 for axis in second)])
    b.reshape(120)
    graph = import_onnx(b.model())
    merged = r.merge_permutations(graph)
    assert len(merged.operators) < 3 or between
    unchanged(graph, merged, b)


def test_a_reshape_with_something_between_is_not_merged() -> None:
    b = Builder(12)
    b.reshape(3, 4)
    b.add("Relu")
    b.add("Transpose", perm=[0, 2, 1])
    graph = import_onnx(b.model())
    assert kinds(r.merge_permutations(graph)) == ["Permute", "Pointwise", "Permute"]


def test_an_order_that_follows_a_matrix_folds_into_its_rows() -> None:
    b = Builder(3, seed=4)
    b.linear(3, 24)
    b.add("Relu")
    b.reshape(2, 4, 3)  # height, width, channels, as Keras has it
    b.add("Transpose", perm=[0, 3, 1, 2])
    graph = import_onnx(b.model())
    moved = r.reshape_before_pointwise(graph)
    folded = r.fold_permutation_into_linear(moved)
    assert kinds(folded) == ["Linear", "Pointwise"]
    assert folded.output_shape == (1, 3, 2, 4)
    unchanged(graph, folded, b)


def test_an_order_that_precedes_a_matrix_folds_into_its_columns() -> None:
    b = Builder(24, seed=5)
    b.view(2, 3, 4)
    b.add("Transpose", perm=[0, 2, 3, 1])
    b.add("Flatten", axis=1)
    b.linear(24, 5)
    graph = import_onnx(b.model())
    folded = r.fold_permutation_into_linear_input(
        r.fold_permutation_into_linear_input(r.fold_permutation_into_linear_input(graph))
    )
    assert kinds(folded) == ["Linear"]
    unchanged(graph, folded, b)
