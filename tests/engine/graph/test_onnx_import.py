"""From ONNX to the operator graph: shapes fold, weights load, and what is not supported is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.engine.graph_reference import graph_output
from tests.engine.reference import Builder, dog_like, mnist_like, onnxruntime_output
from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx, rewrite
from vaevis_tui.engine.graph.onnx_import import OPERATORS


def test_a_network_reads_as_onnxruntime_computes_it() -> None:
    b = mnist_like(latent=4)
    model = b.model()
    z = b.latents(2)
    graph = import_onnx(model)
    assert (graph.input, graph.input_shape, graph.output_shape) == ("z", (1, 4), (1, 1, 28, 28))
    np.testing.assert_allclose(graph_output(graph, z), onnxruntime_output(model, z), atol=1e-5)


def test_a_path_will_do(tmp_path: Path) -> None:
    onnx.save(mnist_like(latent=4).model(), tmp_path / "decoder.onnx")
    assert import_onnx(tmp_path / "decoder.onnx").output_shape == (1, 1, 28, 28)


def test_float16_weights_behind_a_cast_are_read_exactly() -> None:
    graph = import_onnx(dog_like(width=8, latent=4, half=True).model())
    weights = [operator.weight for operator in graph.operators if hasattr(operator, "weight")]
    assert weights
    for weight in weights:
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, weight.astype(np.float16).astype(np.float32))


def test_the_shapes_an_exporter_computes_fold_away() -> None:
    b = Builder(12)
    b.linear(12, 12)
    shape = b.node("Shape", b.last)
    batch = b.node("Gather", shape, b.constant(np.int64(0)), axis=0)
    batch = b.node("Unsqueeze", batch, b.constant(np.array([0], np.int64)))
    side = b.node("Div", b.constant(np.array([4], np.int64)), b.constant(np.array([2], np.int64)))
    channels = b.node("Constant", value=onnx.numpy_helper.from_array(np.array([3], np.int64)))
    b.add("Reshape", b.node("Concat", batch, channels, side, side, axis=0))
    graph = import_onnx(b.model())
    assert [operator.kind for operator in graph.operators] == ["Linear", "Permute"]
    assert graph.output_shape == (1, 3, 2, 2)


def test_layers_on_a_learned_constant_fold_away() -> None:
    """As in StyleGAN: the image is a constant until the latent vector styles it."""
    b = Builder(4)
    x = b.weight(1, 4, 3, 3)
    x = b.node("Relu", b.node("Conv", x, b.weight(4, 4, 3, 3), b.weight(4), pads=[1, 1, 1, 1]))
    x = b.node("Tile", x, b.constant(np.array([1, 1, 2, 2], np.int64)))
    x = b.node("InstanceNormalization", x, b.weight(4), b.weight(4))
    style = b.node("Unsqueeze", "z", b.constant(np.array([2, 3], np.int64)))
    b.last = b.node("Mul", x, style)
    graph = import_onnx(b.model())
    assert [operator.kind for operator in rewrite(graph).operators][-1:] == ["Pointwise"]
    z = b.latents(2)
    np.testing.assert_allclose(graph_output(graph, z), onnxruntime_output(b.model(), z), atol=1e-5)


def test_a_constant_that_cannot_be_folded_is_named() -> None:
    b = Builder(4)
    x = b.node("Conv", b.weight(1, 4, 3, 3), b.weight(4, 5, 3, 3))  # four channels against five
    b.nodes.append(onnx.helper.make_node("Mul", [x, "z"], ["out"], name="last"))
    graph = onnx.helper.make_graph(
        b.nodes,
        "decoder",
        [onnx.helper.make_tensor_value_info("z", 1, ["n", 4])],
        [onnx.helper.make_tensor_value_info("out", 1, None)],
        b.initializers,
    )
    with pytest.raises(UnsupportedGraph, match=r"'Conv' \('n1'\) with group 1 does not fit its inputs"):
        import_onnx(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]))


def test_identity_dropout_and_cast_only_rename() -> None:
    b = Builder(4)
    b.linear(4, 4)
    b.add("Identity")
    b.add("Dropout")
    b.add("Cast", to=TensorProto.FLOAT)
    assert [operator.kind for operator in import_onnx(b.model()).operators] == ["Linear"]


def test_nodes_of_old_opsets_keep_their_arguments_in_attributes() -> None:
    b = Builder(8, opset=9)
    b.add("Unsqueeze", axes=[2, 3])
    b.add("Upsample", b.constant(np.array([1, 1, 2, 2], np.float32)), mode="nearest")
    b.add("Clip", min=-0.5, max=0.5)
    model = b.model()
    z = b.latents(2)
    np.testing.assert_allclose(graph_output(import_onnx(model), z), onnxruntime_output(model, z), atol=1e-6)


def _image(opset: int = 17) -> Builder:
    b = Builder(2 * 4 * 4, opset=opset)
    b.view(2, 4, 4)
    return b


def _matrices_that_broadcast_both_ways() -> Builder:
    b = Builder(12)
    b.reshape(2, 1, 2, 3)
    b.add("MatMul", b.weight(1, 3, 3, 2))
    return b


def _unknown_operator() -> Builder:
    b = _image()
    b.add("LRN", size=3)
    return b


def _crop_and_resize() -> Builder:
    b = _image()
    b.upsample(mode="linear", coordinate_transformation_mode="tf_crop_and_resize")
    return b


def _antialias() -> Builder:
    b = _image(opset=18)
    b.upsample(mode="linear", antialias=1)
    return b


def _resized_channels() -> Builder:
    b = _image()
    b.add("Resize", "", b.constant(np.array([1, 2, 2, 2], np.float32)))
    return b


def _dynamic_bias() -> Builder:
    b = _image()
    bias = b.node("ReduceMean", "z", axes=[1], keepdims=0)
    b.last = b.node("Conv", b.last, b.weight(1, 2, 3, 3), bias)
    return b


def _one_dimensional() -> Builder:
    b = Builder(8)
    b.add("Reshape", b.constant(np.array([-1, 2, 4], np.int64)))
    b.add("Conv", b.weight(2, 2, 3))
    return b


def _gemm_transposed() -> Builder:
    b = Builder(4)
    b.add("Gemm", b.weight(1, 4), transA=1)
    return b


def _training() -> Builder:
    b = _image()
    b.add("BatchNormalization", *[b.weight(2) for _ in range(4)], training_mode=1)
    return b


def _unfoldable() -> Builder:
    b = _image()
    b.last = b.node("Mul", b.last, b.node("LRN", b.weight(2, 1, 1), size=0))
    return b


def _huge_folded() -> Builder:
    b = _image()
    scales = b.constant(np.array([1, 1, 2**20, 2**20], np.float32))
    b.last = b.node("Mul", b.last, b.node("Resize", b.weight(1, 2, 1, 1), "", scales))
    return b


def _integers() -> Builder:
    b = _image()
    b.add("Cast", to=TensorProto.INT64)
    return b


def _huge_constant() -> Builder:
    b = _image()
    huge = b.node("ConstantOfShape", b.constant(np.array([1 << 40], np.int64)))
    b.last = b.node("Add", b.last, huge)
    return b


def _huge_tensor() -> Builder:
    b = _image()
    b.add("Resize", "", "", b.constant(np.array([1, 2, 1 << 20, 1 << 20], np.int64)))
    return b


def _huge_pads() -> Builder:
    b = _image()
    b.conv(2, 2, 3, pads=[1 << 30] * 4)
    return b


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_unknown_operator, ["LRN", "n2", "(1, 2, 4, 4)"]),
        (_matrices_that_broadcast_both_ways, ["MatMul", "(1, 2, 1, 2, 3)", "(1, 3, 3, 2)", "axes"]),
        (_crop_and_resize, ["Resize", "tf_crop_and_resize"]),
        (_antialias, ["Resize", "antialias=1"]),
        (_resized_channels, ["Resize", "scales=[1.0, 2.0, 2.0, 2.0]"]),
        (_dynamic_bias, ["Conv", "bias", "constant"]),
        (_one_dimensional, ["Conv", "(1, 2, 4)"]),
        (_gemm_transposed, ["Gemm", "transA=1"]),
        (_training, ["BatchNormalization", "Training_mode"]),
        (_unfoldable, ["LRN", "folded"]),
        (_huge_folded, ["Resize", "134217728 are supported"]),
        (_integers, ["Cast", "float32"]),
        (_huge_constant, ["ConstantOfShape", "134217728 are supported"]),
        (_huge_tensor, ["Resize", "1x2x1048576x1048576 numbers", "134217728 are supported"]),
        (_huge_pads, ["Conv", "134217728 are supported"]),
    ],
)
def test_what_is_not_supported_is_named(make: Callable[[], Builder], words: list[str]) -> None:
    with pytest.raises(UnsupportedGraph) as refused:
        import_onnx(_unchecked(make()))
    assert "\n" not in str(refused.value)
    for word in words:
        assert word in str(refused.value)


def _unchecked(b: Builder) -> Any:
    """The model without shape inference, which refuses some of these itself."""
    latent = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", b.latent])
    output = helper.make_tensor_value_info(b.last, TensorProto.FLOAT, None)
    graph = helper.make_graph(b.nodes, "decoder", [latent], [output], b.initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", b.opset)], ir_version=8)


def test_a_refusal_is_an_engine_error_so_that_another_backend_is_taken() -> None:
    assert issubclass(UnsupportedGraph, EngineError)


@pytest.mark.parametrize("shape", [["n"], ["n", 2, 2], ["n", "d"], [2, 4]])
def test_the_input_is_one_latent_vector(shape: list[Any]) -> None:
    model = mnist_like(latent=4).model()
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("z", TensorProto.FLOAT, shape))
    with pytest.raises(UnsupportedGraph, match="latent vector"):
        import_onnx(model)


def test_an_output_that_is_constant_is_refused() -> None:
    b = Builder(4)
    b.last = b.node("Identity", b.weight(1, 3, 2, 2))
    with pytest.raises(UnsupportedGraph, match="does not depend on the latent vector"):
        import_onnx(_unchecked(b))


DECODERS_USE = """
    Gemm MatMul Conv ConvTranspose Relu LeakyRelu PRelu Elu Selu Gelu Erf Mish HardSwish HardSigmoid Softplus
    Sigmoid Tanh Clip Sin Add Sub Mul Div Pow Sqrt Reciprocal BatchNormalization InstanceNormalization
    LayerNormalization GroupNormalization Resize Upsample DepthToSpace Reshape Flatten Transpose Concat Split
    Slice Pad Gather Expand Tile Squeeze Unsqueeze ReduceMean AveragePool MaxPool GlobalAveragePool Softmax
    Cast Where Equal Greater Identity
"""


def test_what_decoders_use_may_depend_on_the_latent_vector() -> None:
    assert set(DECODERS_USE.split()) <= set(OPERATORS)


def test_an_absent_input_of_a_constant_keeps_its_place() -> None:
    """Slice(data, starts, ends, "", steps): the fifth input is steps, not axes."""
    b = Builder(16)
    b.view(2, 2, 4)
    table = b.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    starts, ends, steps = (b.constant(np.array(v, np.int64)) for v in ([0, 0], [2, 3], [1, 2]))
    image = b.last
    table = b.node("Slice", table, starts, ends, "", steps)
    b.node("Add", image, table)
    model, z = b.model(), b.latents(2)
    np.testing.assert_allclose(graph_output(import_onnx(model), z), onnxruntime_output(model, z), atol=1e-6)
