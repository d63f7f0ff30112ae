"""Decoders that are refused, each with its words, and limits that a flag raises."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.models.make import decoder_model
from tests.onnx_model.written import Change, append, constant, load, set_int64, weight, write
from vaevis_tui.commands.shared.own_model import add_own_model
from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.limits import LIMITS_VARIABLE, MAX_NODES, supported
from vaevis_tui.onnx_model.load import load_decoder
from vaevis_tui.onnx_model.node import UnsupportedError
from vaevis_tui.onnx_model.shape_inference import trace
from vaevis_tui.onnx_model.structure import check_structure


def rename(model: onnx.ModelProto, index: int, operator: str) -> None:
    model.graph.node[index].op_type = operator


def external(model: onnx.ModelProto) -> None:
    tensor = weight(model, "conv1.weight")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def huge_dims(model: onnx.ModelProto) -> None:
    tensor = weight(model, "conv1.weight")
    del tensor.dims[:]
    tensor.dims.extend([2**31 - 1] * 8)


def negative_dims(model: onnx.ModelProto) -> None:
    weight(model, "conv1.weight").dims[0] = -8


def short_weights(model: onnx.ModelProto) -> None:
    tensor = weight(model, "conv1.weight")
    tensor.raw_data = tensor.raw_data[:-4]


def typed_weights(model: onnx.ModelProto) -> None:
    tensor = weight(model, "conv1.bias")
    tensor.ClearField("raw_data")
    tensor.float_data.extend([0.5] * 7)


def string_weights(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(
        TensorProto(name="text", data_type=TensorProto.STRING, dims=[1], string_data=[b"hello"])
    )


def subgraph(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(
        helper.make_node("If", ["z"], ["x"], name="branch", then_branch=body, else_branch=body)
    )


def nested_attribute(model: onnx.ModelProto) -> None:
    model.graph.node[1].attribute.append(helper.make_attribute("body", helper.make_graph([], "body", [], [])))


def function(model: onnx.ModelProto) -> None:
    made = helper.make_function("local", "Twice", ["x"], ["y"], [], [helper.make_opsetid("", 18)])
    model.functions.append(made)


def cycle(model: onnx.ModelProto) -> None:
    model.graph.node[1].input[0] = "conv1"


def second_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("label", TensorProto.INT64, [1]))


def second_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("fc", TensorProto.FLOAT, None))


def latent_shape(*dims: str | int | None) -> Change:
    return lambda model: model.graph.input[0].CopyFrom(
        helper.make_tensor_value_info("z", TensorProto.FLOAT, list(dims))
    )


def input_type(kind: int) -> Change:
    return lambda model: model.graph.input[0].CopyFrom(helper.make_tensor_value_info("z", kind, ["n", 8]))


def output_is(name: str, kind: int = TensorProto.FLOAT) -> Change:
    return lambda model: model.graph.output[0].CopyFrom(helper.make_tensor_value_info(name, kind, None))


def grow(operator: str, values: list[int]) -> Change:
    """Blow the image up by an operator whose second input says how far."""
    return lambda model: append(model, operator, inputs=["image", constant(model, "size", values)])


def grow_by_scale(factor: float) -> Change:
    def change(model: onnx.ModelProto) -> None:
        scales = constant(model, "scales", [1, 1, factor, factor], np.float32)
        append(model, "Resize", inputs=["image", "", scales], mode="nearest")

    return change


def constant_of_shape(*shape: int) -> Change:
    """A large tensor that is summed up at once: nothing large is declared anywhere."""

    def change(model: onnx.ModelProto) -> None:
        size = constant(model, "size", list(shape))
        model.graph.node.append(helper.make_node("ConstantOfShape", [size], ["zeros"], name="zeros"))
        model.graph.node.append(helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=0))
        append(model, "Add", inputs=["image", "sum"])

    return change


def many_large_tensors(model: onnx.ModelProto) -> None:
    scales = constant(model, "scales", [1, 1, 128, 128], np.float32)
    model.graph.node.append(helper.make_node("Resize", ["image", "", scales], ["big0"], mode="nearest"))
    for i in range(64):
        model.graph.node.append(helper.make_node("Relu", [f"big{i}"], [f"big{i + 1}"], name=f"relu{i}"))
    model.graph.output[0].name = "big64"


def much_work(model: onnx.ModelProto) -> None:
    scales = constant(model, "scales", [1, 1, 32, 32], np.float32)
    model.graph.node.append(helper.make_node("Resize", ["image", "", scales], ["big"], mode="nearest"))
    constant(model, "wide", np.zeros((1, 1, 1201, 1201)), np.float32)
    append(model, "Conv", inputs=["big", "wide"], pads=[600] * 4)


def scratch_of_transposed_convolution(model: onnx.ModelProto) -> None:
    scales = constant(model, "scales", [1, 1, 8, 8], np.float32)
    model.graph.node.append(helper.make_node("Resize", ["image", "", scales], ["big"], mode="nearest"))
    constant(model, "wide", np.zeros((1, 1, 64, 64)), np.float32)
    append(model, "ConvTranspose", inputs=["big", "wide"])


def data_dependent(model: onnx.ModelProto) -> None:
    constant(model, "row", [8])
    model.graph.node.append(helper.make_node("Reshape", ["z", "row"], ["z.row"], name="z.row"))
    model.graph.node.append(
        helper.make_node("Cast", ["z.row"], ["sizes"], to=TensorProto.INT64, name="sizes")
    )
    append(model, "Reshape", inputs=["image", "sizes"])


def attribute(index: int, **attributes: object) -> Change:
    def change(model: onnx.ModelProto) -> None:
        node = model.graph.node[index]
        kept = [a for a in node.attribute if a.name not in attributes]
        del node.attribute[:]
        node.attribute.extend(kept)
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())

    return change


def many_outputs(model: onnx.ModelProto) -> None:
    append(model, "Split", axis=2, num_outputs=2**31 - 1)


REFUSALS: dict[str, tuple[Change, str]] = {
    "operator for one processor": (
        lambda m: setattr(m.graph.node[1], "domain", "com.microsoft.nchwc"),
        "optimised this file for the processor of one machine; take the file that it was made of",
    ),
    "operator of another domain": (
        lambda m: setattr(m.graph.node[1], "domain", "com.microsoft"),
        "operator 'com.microsoft.Relu' ('fc.relu'): its output shape does not follow from the latent "
        "input's; "
        "onnxruntime: Fatal error: com.microsoft:Relu(-1) is not a registered function/op",
    ),
    "unknown operator": (
        lambda m: rename(m, 1, "Squash"),
        "operator 'Squash' ('fc.relu'): No Op registered for Squash",
    ),
    "operator of a newer opset": (
        lambda m: rename(m, 1, "Gelu"),
        "operator 'Gelu' ('fc.relu'): No Op registered",
    ),
    "operator of an older opset": (lambda m: rename(m, 3, "Upsample"), "operator 'Upsample' ('up1'): "),
    "random operator": (lambda m: rename(m, 1, "Bernoulli"), "is random; a decoder gives the same"),
    "graph in an attribute": (nested_attribute, "attribute 'body' is of type GRAPH"),
    "sparse weights": (lambda m: m.graph.sparse_initializer.add(), "sparse_initializer: sparse weights"),
    "opset too old": (lambda m: setattr(m.opset_import[0], "version", 6), "opset 6; opsets 7 to "),
    "opset too new": (lambda m: setattr(m.opset_import[0], "version", 1000), "opset 1000; opsets 7 to "),
    "no opset": (lambda m: m.ClearField("opset_import"), "opset_import names 0 versions"),
    "two opsets": (
        lambda m: m.opset_import.add(domain="ai.onnx", version=17),
        "opset_import names 2 versions",
    ),
    "IR too new": (lambda m: setattr(m, "ir_version", 1000), "ir_version 1000; 3 to "),
    "external data": (
        external,
        "initializer 'conv1.weight' keeps its data in '../../etc/passwd'; a file beside the model, named",
    ),
    "huge dims": (
        huge_dims,
        "initializer 'conv1.weight' holds 2304 bytes, but its dims 2147483647x2147483647",
    ),
    "negative dims": (negative_dims, "initializer 'conv1.weight' has dims -8x8x3x3"),
    "short weights": (short_weights, "holds 2300 bytes, but its dims 8x8x3x3 need 2304"),
    "short typed weights": (typed_weights, "initializer 'conv1.bias' holds 7 values, but its dims 8 need 8"),
    "text weights": (string_weights, "initializer 'text' is of type STRING"),
    "cycle": (cycle, "operator 'Relu' ('fc.relu') reads 'conv1', which nothing before it writes"),
    "missing input": (
        lambda m: m.graph.node[1].input.__setitem__(0, "nowhere"),
        "operator 'Relu' ('fc.relu') reads 'nowhere', which nothing before it writes",
    ),
    "name written twice": (
        lambda m: m.graph.node[1].output.__setitem__(0, "fc"),
        "writes 'fc', a name that is empty or was written before",
    ),
    "two weights of one name": (
        lambda m: m.graph.initializer.add().CopyFrom(m.graph.initializer[0]),
        "initializer writes 'fc.weight', a name that is empty or was written before",
    ),
    "output of no operator": (output_is("nowhere"), "graph output 'nowhere' is written by no operator"),
    "no input": (lambda m: m.graph.ClearField("input"), "reads 'z', which nothing before it writes"),
    "input without a type": (lambda m: m.graph.input[0].ClearField("type"), "input 'z' is of type no tensor"),
    "image input": (latent_shape(1, 1, 28, 28), "does not fit its inputs (1x1x28x28, 392x8, 392)"),
    "negative latent size": (latent_shape("n", -8), "input 'z' has a negative size"),
    "huge latent size": (latent_shape("n", 2**40), "does not fit its inputs (1x1099511627776, "),
    "wrong latent size": (
        latent_shape("n", 9),
        "operator 'Gemm' ('fc') does not fit its inputs (1x9, 392x8, 392)",
    ),
    "many inputs": (
        lambda m: append(m, "Concat", inputs=["image"] * 400_000, axis=1),
        "operator 'Concat' ('last') has 400000 inputs and 1 outputs; up to 1000 together are supported",
    ),
    "eight channels": (output_is("conv1.relu"), "output 'conv1.relu' has shape 1x8x14x14"),
    "huge Tile": (grow("Tile", [1, 1, 2**30, 2**30]), "operator 'Tile' ('last') makes 1x1x30064771072x"),
    "huge Expand": (grow("Expand", [2**20, 1, 28, 28]), "operator 'Expand' ('last') makes 1048576x1x28x28"),
    "huge Pad": (
        grow("Pad", [0, 0, 0, 0, 0, 0, 2**40, 0]),
        "operator 'Pad' ('last') makes 1x1x1099511627804x28",
    ),
    "negative Pad": (
        grow("Pad", [0, 0, -100, 0, 0, 0, 0, 0]),
        "operator 'Pad' ('last') makes a tensor of shape",
    ),
    "huge Resize": (grow_by_scale(1e6), "operator 'Resize' ('last') makes 1x1x28000000x28000000 numbers"),
    "overflowing Resize": (grow_by_scale(1e30), "operator 'Resize' ('last') "),
    "Resize by NaN": (grow_by_scale(float("nan")), "operator 'Resize' ('last') "),
    "huge ConstantOfShape": (constant_of_shape(10**6, 10**6), "operator 'ConstantOfShape' ('zeros') makes"),
    "negative ConstantOfShape": (constant_of_shape(-1, 3), "operator 'ConstantOfShape' ('zeros') cannot be"),
    "many large tensors": (many_large_tensors, "hold 539506072 numbers for one image; up to 536870912"),
    "much work": (
        much_work,
        "multiply-adds; up to 200000000000 are supported, with --large 16 times as many",
    ),
    "scratch space": (scratch_of_transposed_convolution, "numbers in between; up to 134217728 are supported"),
    "shape out of z": (data_dependent, "its output shape does not follow from the latent input's"),
    "image side": (grow("Tile", [1, 1, 200, 1]), "sides up to 4096 is supported"),
    "group 0": (attribute(4, group=0), "attribute 'group' must be at least 1"),
    "group 3": (attribute(4, group=3), "operator 'Conv' ('conv1') with group 3 does not fit its inputs"),
    "huge attribute": (attribute(4, pads=[2**62] * 4), "attribute 'pads' holds a number beyond 2147483647"),
    "zero strides": (attribute(4, strides=[0, 0]), "attribute 'strides' must be at least 1"),
    "attribute of another operator": (
        attribute(1, alpha=0.5),
        "Unrecognized attribute: alpha for operator Relu",
    ),
    "attribute of another type": (attribute(3, mode=1), "Mismatched attribute type in"),
    "many outputs": (many_outputs, "attribute 'num_outputs' is 2147483647, but the operator has 1 outputs"),
    "reshape that does not fit": (
        lambda m: set_int64(m, "grid.shape", [-1, 8, 7, 8]),
        "operator 'Reshape' ('grid') does not fit its inputs (1x392, 4)",
    ),
    "terminal commands in a name": (
        output_is("\x1b[2J\nnowhere"),
        "graph output '[2J nowhere' is written by no operator",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_name_what_is_wrong_and_what_is_supported(case: str, tmp_path: Path) -> None:
    change, expected = REFUSALS[case]
    model = decoder_model(8)
    change(model)
    path = write(tmp_path / "model.onnx", model)
    with pytest.raises(UserError) as refusal:
        load_decoder(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    assert len(message) < len(str(path)) + 400
    assert expected in message


def many_operators(model: onnx.ModelProto) -> None:
    for index in range(MAX_NODES):
        model.graph.node.insert(1, helper.make_node("Neg", ["fc"], [f"unread{index}"]))


@pytest.mark.parametrize("change", [many_large_tensors, scratch_of_transposed_convolution, many_operators])
def test_limits_are_raised_by_a_flag(
    change: Callable[[onnx.ModelProto], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = decoder_model(8)
    change(model)

    def check() -> None:
        check_structure(model)
        trace(model, "z", (1, 8))

    with pytest.raises(UnsupportedError, match="with --large 16 times as many"):
        check()
    monkeypatch.setenv(LIMITS_VARIABLE, "1")
    parser = argparse.ArgumentParser()
    add_own_model(parser)
    parser.parse_args(["--large"])
    check()


@pytest.mark.parametrize("said", ["", "many", "nan", "-1", "inf"])
def test_a_limit_that_is_none_leaves_what_is_supported(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMITS_VARIABLE, said)
    assert supported(100) == 100


@pytest.mark.slow
def test_every_limit_leaves_what_is_just_below(tmp_path: Path) -> None:
    model = decoder_model(8)
    grow("Tile", [1, 1, 146, 146])(model)  # 28 * 146 = 4088 of 4096
    assert load(tmp_path, model).image_height == 4088
