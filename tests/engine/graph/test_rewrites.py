"""Each rewrite leaves what a graph computes unchanged, and does what its name says."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.reference import (
    Builder,
    dcgan_like,
    dog_like,
    graph_output,
    mnist_like,
    onnxruntime_output,
    vaevis_like,
)
from vaevis_tui.engine.graph import REWRITES, Graph, import_onnx, ir, rewrite
from vaevis_tui.engine.graph import rewrites as r
from vaevis_tui.engine.graph.expression import RESULT, Call, size


def kinds(graph: Graph) -> list[str]:
    return [operator.kind for operator in graph.operators]


def unchanged(before: Graph, after: Graph, builder: Builder, tolerance: float = 2e-5) -> None:
    z = builder.latents(2)
    np.testing.assert_allclose(graph_output(after, z), graph_output(before, z), atol=tolerance, rtol=1e-4)


def networks() -> dict[str, Builder]:
    return {
        "mnist": mnist_like(latent=5),
        "dog": dog_like(width=8, latent=6),
        "dcgan": dcgan_like(width=2, latent=7),
        "vaevis": vaevis_like(width=16, latent=6),
    }


@pytest.mark.parametrize("name", list(networks()))
def test_every_rewrite_keeps_what_whole_networks_compute(name: str) -> None:
    builder = networks()[name]
    model = builder.model()
    graph = import_onnx(model)
    z = builder.latents(1)
    expected = onnxruntime_output(model, z)
    for step in REWRITES:
        graph = step(graph)
    np.testing.assert_allclose(graph_output(graph, z), expected, atol=2e-5)


def test_networks_become_few_operators() -> None:
    counts = {
        name: (len(import_onnx(b.model()).operators), len(rewrite(import_onnx(b.model())).operators))
        for name, b in networks().items()
    }
    assert counts == {"mnist": (13, 5), "dog": (47, 15), "dcgan": (15, 4), "vaevis": (39, 20)}


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


def test_silu_and_gelu_spelled_out_become_one_pointwise_operator() -> None:
    b = Builder(8, seed=6)
    x = b.add("Mul", b.constant(np.float32(3)))
    b.last = b.node("Mul", x, b.node("Sigmoid", x))
    x = b.last
    erf = b.node("Erf", b.node("Div", x, b.constant(np.float32(np.sqrt(2)))))
    b.last = b.node("Mul", x, b.node("Add", erf, b.constant(np.float32(1))))
    b.add("Mul", b.constant(np.float32(0.5)))
    graph = import_onnx(b.model())
    merged = r.merge_pointwise(graph)
    # x is read twice and so stays a tensor of its own
    assert len(merged.operators) <= 3
    unchanged(graph, merged, b)


def test_silu_after_a_convolution_is_its_epilogue() -> None:
    b = Builder(32, seed=7)
    b.view(2, 4, 4)
    x = b.conv(2, 3)
    b.last = b.node("Mul", x, b.node("Sigmoid", x))
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution"]
    unchanged(graph, fused, b)


def test_a_residual_is_added_where_the_convolution_stores() -> None:
    b = Builder(32, seed=8)
    x = b.view(2, 4, 4)
    b.conv(2, 2)
    b.add("LeakyRelu", alpha=0.2)
    b.conv(2, 2)
    b.last = b.node("Add", b.last, x)
    b.add("Relu")
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution", "Convolution"]
    assert fused.operators[-1].operands == (fused.operators[0].output,)
    unchanged(graph, fused, b)


def test_a_tensor_that_is_also_the_output_is_not_fused_away() -> None:
    b = Builder(8)
    b.linear(8, 8)
    middle = b.last
    b.add("Relu")
    b.last = middle
    graph = import_onnx(b.model())
    assert rewrite(graph).output == middle
    unchanged(graph, rewrite(graph), b)


def test_long_chains_are_cut() -> None:
    b = Builder(8)
    for _ in range(200):
        b.add("Sin")
    fused = r.merge_pointwise(import_onnx(b.model()))
    assert 4 <= len(fused.operators) <= 8
    assert all(size(operator.epilogue) <= r.MAX_EPILOGUE for operator in fused.operators)


def test_many_operands_are_split_over_operators() -> None:
    b = Builder(8, seed=9)
    tensors = [b.node("Sin", b.node("Mul", "z", b.constant(np.float32(k + 1)))) for k in range(9)]
    for index, name in enumerate(tensors):  # as convolutions would be: something pointwise cannot swallow
        tensors[index] = b.node("Gemm", name, b.weight(8, 8), transB=1)
    b.last = b.node("Sum", *tensors)
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert all(len(operator.operands) <= r.MAX_OPERANDS for operator in fused.operators)
    unchanged(graph, fused, b)


UPSAMPLES = st.tuples(
    st.sampled_from([2, 3]),  # scale
    st.sampled_from([1, 3, 5]),  # kernel
    st.integers(1, 2),  # dilation
    st.sampled_from([("asymmetric", "floor"), ("half_pixel", "round_prefer_floor")]),
)


@settings(max_examples=15, deadline=None)
@given(UPSAMPLES, st.integers(1, 4), st.integers(1, 4))
def test_nearest_upsampling_and_a_convolution_are_phases(
    case: tuple[int, int, int, tuple[str, str]], height: int, width: int
) -> None:
    scale, kernel, dilation, (coordinates, rounding) = case
    b = Builder(2 * height * width, seed=10)
    b.view(2, height, width)
    b.upsample(float(scale), coordinate_transformation_mode=coordinates, nearest_mode=rounding)
    pad = dilation * (kernel - 1) // 2
    b.conv(2, 3, kernel, pads=[pad] * 4, dilations=[dilation] * 2)
    graph = import_onnx(b.model())
    fused = r.upsample_into_convolution(graph)
    assert kinds(fused) == ["Permute", "PhaseConvolution"]
    unchanged(graph, fused, b)


def test_upsampling_by_two_before_3x3_takes_four_ninths_of_the_multiply_adds() -> None:
    b = Builder(4 * 64)
    b.view(4, 8, 8)
    b.upsample()
    b.conv(4, 4)
    graph = import_onnx(b.model())
    assert r.upsample_into_convolution(graph).multiply_adds * 9 == graph.multiply_adds * 4


@pytest.mark.parametrize(
    ("attributes", "conv"),
    [
        ({"mode": "linear", "coordinate_transformation_mode": "half_pixel"}, {}),
        ({"coordinate_transformation_mode": "align_corners"}, {}),
        ({}, {"strides": [2, 2]}),
        ({}, {"group": 2}),
        ({}, {"pads": [0, 0, 0, 0]}),
    ],
)
def test_what_does_not_factor_into_phases_stays(attributes: dict[str, str], conv: dict[str, object]) -> None:
    b = Builder(2 * 16, seed=11)
    b.view(2, 4, 4)
    b.upsample(**attributes)  # type: ignore[arg-type]
    b.conv(2, 4, 3, **conv)
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert "Resize" in kinds(fused)
    unchanged(graph, fused, b)


@settings(max_examples=20, deadline=None)
@given(
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    pad=st.integers(0, 2),
    extra=st.integers(0, 2),
    dilation=st.integers(1, 2),
    height=st.integers(2, 4),
)
def test_transposed_convolutions_are_phases_where_they_enlarge_by_the_stride(
    kernel: int, stride: int, pad: int, extra: int, dilation: int, height: int
) -> None:
    span = (kernel - 1) * dilation + 1
    grown, across = ((size - 1) * stride + span + extra - 2 * pad for size in (height, 3))
    if extra >= stride or min(grown, across) < 1:
        return
    b = Builder(2 * height * 3, seed=12)
    b.view(2, height, 3)
    b.conv_transposed(
        2,
        3,
        kernel,
        strides=[stride] * 2,
        pads=[pad] * 4,
        output_padding=[extra] * 2,
        dilations=[dilation] * 2,
    )
    model = b.model()
    graph = import_onnx(model)
    fused = r.transposed_convolution_into_phases(graph)
    assert ("PhaseConvolution" in kinds(fused)) == (grown == height * stride)
    z = b.latents(1)
    np.testing.assert_allclose(graph_output(fused, z), onnxruntime_output(model, z), atol=2e-5)


def test_large_scales_stay_as_they_are() -> None:
    """Their phases would take more memory than the weights by the square of the scale."""
    b = Builder(8, seed=17)
    b.view(2, 2, 2)
    b.conv_transposed(2, 2, 8, strides=[8, 8])
    b.upsample(5.0)
    b.conv(2, 1)
    graph = import_onnx(b.model())
    assert "PhaseConvolution" not in kinds(rewrite(graph))


def test_a_transposed_convolution_of_a_point_is_a_matrix() -> None:
    b = Builder(6, seed=13)
    b.reshape(6, 1, 1)
    b.conv_transposed(6, 4, 4, pads=[0, 1, 0, 0])
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Linear"]
    assert fused.output_shape == (1, 4, 4, 3)
    unchanged(graph, fused, b)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("activation", ["before", "after"])
def test_a_pixel_shuffle_is_where_the_convolution_stores(mode: str, activation: str) -> None:
    b = Builder(2 * 12, seed=14)
    b.view(2, 3, 4)
    b.conv(2, 12)
    if activation == "before":
        b.add("Elu")
    b.add("DepthToSpace", blocksize=2, mode=mode)
    if activation == "after":
        b.add("Sigmoid")
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution"]
    assert isinstance(fused.operators[-1].epilogue, Call)
    unchanged(graph, fused, b)


def test_a_pixel_shuffle_after_a_residual_stays() -> None:
    b = Builder(4 * 9, seed=15)
    x = b.view(4, 3, 3)
    b.conv(4, 4)
    b.last = b.node("Add", b.last, x)
    b.add("DepthToSpace", blocksize=2, mode="CRD")
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert kinds(fused) == ["Permute", "Convolution", "DepthToSpace"]
    unchanged(graph, fused, b)


def test_long_concats_are_nested() -> None:
    b = Builder(9 * 4, seed=16)
    x = b.view(9, 2, 2)
    parts = [b.node("Conv", x, b.weight(k + 1, 9, 1, 1, fan_in=9)) for k in range(7)]
    b.last = b.node("Concat", *parts, axis=1)
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert all(len(o.inputs) <= r.MAX_OPERANDS for o in fused.operators)
    unchanged(graph, fused, b)


def test_what_nothing_reads_is_dropped() -> None:
    b = Builder(4)
    b.linear(4, 4)
    kept = b.last
    b.add("Mul", b.weight(4))
    b.last = kept
    graph = import_onnx(b.model())
    cleared = r.remove_unread(graph)
    assert kinds(cleared) == ["Linear"]
    assert not cleared.constants


def test_the_list_holds_every_rewrite() -> None:
    modules = [
        importlib.import_module(f"{r.__name__}.{info.name}") for info in pkgutil.iter_modules(r.__path__)
    ]
    public = {
        found
        for module in modules
        for name, found in vars(module).items()
        if not name.startswith("_") and getattr(found, "__module__", "") == module.__name__
    }
    assert public == set(REWRITES)


def test_an_empty_epilogue_is_the_result() -> None:
    b = Builder(4)
    b.linear(4, 4)
    assert import_onnx(b.model()).operators[0].epilogue == RESULT
    assert isinstance(import_onnx(b.model()).operators[0], ir.Linear)
