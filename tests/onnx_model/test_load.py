"""Decoders from strangers: what is taken, how it is normalised, and every refusal with its words."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.models.make import decoder_model, write_decoder
from vaevis_tui.commands.shared.own_model import add_own_model
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.limits import LIMITS_VARIABLE, MAX_FILE_BYTES, MAX_NODES, supported
from vaevis_tui.onnx_model.load import load_decoder
from vaevis_tui.onnx_model.node import UnsupportedError
from vaevis_tui.onnx_model.structure import check_structure
from vaevis_tui.onnx_model.trace import trace

Change = Callable[[onnx.ModelProto], object]


def write(path: Path, model: onnx.ModelProto) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def load(tmp_path: Path, model: onnx.ModelProto) -> CheckedModel:
    return load_decoder(write(tmp_path / "model.onnx", model))


def run(model: onnx.ModelProto, z: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (image,) = session.run(None, {session.get_inputs()[0].name: z})
    return np.asarray(image)


def latents(n: int, dim: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)


def append(
    model: onnx.ModelProto, operator: str, *, inputs: list[str] | None = None, **attributes: Any
) -> None:
    """Put an operator behind the image and make its output the graph's."""
    graph = model.graph
    node = helper.make_node(operator, inputs or ["image"], ["last"], name="last", **attributes)
    graph.node.append(node)
    graph.output[0].CopyFrom(helper.make_tensor_value_info("last", TensorProto.FLOAT, None))


def constant(model: onnx.ModelProto, name: str, values: object, dtype: type = np.int64) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.array(values, dtype), name))
    return name


# ---- what is taken ----


def test_a_decoder_is_described(tmp_path: Path) -> None:
    found = load(tmp_path, decoder_model(8, height=32, width=28, channels=3))
    assert (found.latent_dim, found.channels, found.image_height, found.image_width) == (8, 3, 32, 28)
    assert found.batched
    assert found.notes == ()


def test_multiply_adds_and_parameters_are_counted(tmp_path: Path) -> None:
    found = load(tmp_path, decoder_model(8, height=28, width=28, features=4))
    fc = 8 * 4 * 7 * 7
    conv1 = 4 * 4 * 9 * 14 * 14
    conv2 = 4 * 9 * 28 * 28
    assert found.multiply_adds == fc + conv1 + conv2
    weights = fc + 4 * 49 + 4 * 4 * 9 + 4 + 4 * 9 + 1
    shapes = 4 + 4  # of Reshape, scales of Resize
    assert found.parameters == weights + shapes


def test_images_are_those_of_the_file(tmp_path: Path) -> None:
    model = decoder_model(8)
    z = latents(3)
    np.testing.assert_array_equal(run(load(tmp_path, model).model, z), run(model, z))


@pytest.mark.parametrize("shape", [[-1, 8, 7, 7], [1, -1, 7, 7], [1, 8, 7, 7]])
def test_a_batch_of_one_is_opened_where_that_changes_nothing(tmp_path: Path, shape: list[int]) -> None:
    model = decoder_model(8, batch=1)
    set_int64(model, "grid.shape", shape)
    found = load(tmp_path, model)
    assert found.batched
    z = latents(3)
    apart = np.concatenate([run(model, z[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(run(found.model, z), apart, atol=1e-6)


def test_a_graph_that_mixes_its_batch_is_decoded_one_by_one(tmp_path: Path) -> None:
    model = decoder_model(8)
    mean = helper.make_node("ReduceMean", ["image", constant(model, "axis", [0])], ["mean"], keepdims=1)
    model.graph.node.append(mean)
    append(model, "Add", inputs=["image", "mean"])
    assert not load(tmp_path, model).batched


def test_tanh_is_taken_as_black_to_white_and_said_so(tmp_path: Path) -> None:
    model = decoder_model(8, final="Tanh")
    found = load(tmp_path, model)
    z = latents(2)
    np.testing.assert_allclose(run(found.model, z), run(model, z) / 2 + 0.5, atol=1e-6)
    assert found.notes == ("its values -1 to 1 are shown as black to white (it ends in Tanh)",)


def test_a_given_value_range_wins_over_tanh(tmp_path: Path) -> None:
    model = decoder_model(8, final="Tanh")
    path = write(tmp_path / "model.onnx", model)
    z = latents(2)
    found = load_decoder(path, AdapterOptions(range="0..1"))
    np.testing.assert_array_equal(run(found.model, z), run(model, z))
    found = load_decoder(path, AdapterOptions(range="-3..2"))
    np.testing.assert_allclose(run(found.model, z), (run(model, z) + 3) / 5, atol=1e-6)


def test_an_output_without_activation_is_noted(tmp_path: Path) -> None:
    model = decoder_model(8)
    model.graph.node.pop()
    model.graph.output[0].name = "conv2"
    (note,) = load(tmp_path, model).notes
    assert "it ends in Conv, not in Sigmoid or Tanh; the values of 16 images are " in note


def test_channels_last_are_put_first(tmp_path: Path) -> None:
    model = decoder_model(8, height=32, width=28, channels=3)
    append(model, "Transpose", perm=[0, 2, 3, 1])
    found = load(tmp_path, model)
    assert (found.channels, found.image_height, found.image_width) == (3, 32, 28)
    z = latents(2)
    np.testing.assert_array_equal(run(found.model, z), run(model, z).transpose(0, 3, 1, 2))


def test_tanh_is_seen_through_changes_of_layout(tmp_path: Path) -> None:
    model = decoder_model(8, final="Tanh")
    append(model, "Transpose", perm=[0, 2, 3, 1])
    assert load(tmp_path, model).notes == (
        "its channels come last",
        "its values -1 to 1 are shown as black to white (it ends in Tanh)",
    )


def test_sizes_computed_from_the_batch_are_followed(tmp_path: Path) -> None:
    """As exporters write ``x.view(x.size(0), 8, 7, 7)``: the target shape is made by operators."""
    model = decoder_model(8)
    nodes = list(model.graph.node)
    for name, values in (("zero", 0), ("axis", [0]), ("rest", [8, 14, 14]), ("two", [1, 2, 2])):
        constant(model, name, values)
    arithmetic = [
        helper.make_node("Shape", ["z"], ["z.shape"]),
        helper.make_node("Gather", ["z.shape", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axis"], ["n.row"]),
        helper.make_node("Div", ["rest", "two"], ["rest.halved"]),
        helper.make_node("Concat", ["n.row", "rest.halved"], ["target"], axis=0),
    ]
    reshape = next(node for node in nodes if node.op_type == "Reshape")
    reshape.input[1] = "target"
    del model.graph.node[:]
    model.graph.node.extend([*arithmetic, *nodes])
    found = load(tmp_path, model)
    assert found.batched
    assert run(found.model, latents(3)).shape == (3, 1, 28, 28)


def test_initializers_listed_as_inputs_are_no_inputs(tmp_path: Path) -> None:
    model = decoder_model(8)
    model.ir_version = 3
    for tensor in model.graph.initializer:
        info = helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        model.graph.input.append(info)
    found = load(tmp_path, model)
    assert [value.name for value in found.model.graph.input] == ["z"]
    run(found.model, latents(1))


def test_empty_inputs_at_an_end_are_left_out(tmp_path: Path) -> None:
    """onnxruntime 1.32 crashes on a LayerNormalization whose bias is an empty name."""
    model = decoder_model(8)
    model.graph.node[1].input.append("")
    constant(model, "scale", np.ones(28), np.float32)
    append(model, "LayerNormalization", inputs=["image", "scale", ""], axis=-1)
    found = load(tmp_path, model).model
    assert all(not node.input or node.input[-1] for node in found.graph.node)


def test_the_long_name_of_the_standard_domain_is_known(tmp_path: Path) -> None:
    model = decoder_model(8)
    model.opset_import[0].domain = "ai.onnx"
    for node in model.graph.node:
        node.domain = "ai.onnx"
    run(load(tmp_path, model).model, latents(1))


def test_what_nobody_needs_is_taken_away(tmp_path: Path) -> None:
    model = decoder_model(8)
    model.doc_string = model.graph.doc_string = "trained in /home/somebody"
    model.metadata_props.add(key="trace", value="/home/somebody")
    model.graph.node[0].doc_string = "/home/somebody/model.py"
    model.graph.value_info.append(helper.make_tensor_value_info("fc", TensorProto.FLOAT, [7, 7, 7]))
    model.opset_import.append(helper.make_opsetid("pkg.onnxscript.torch_lib", 1))
    found = load(tmp_path, model).model
    assert b"somebody" not in found.SerializeToString()
    assert [(entry.domain, entry.version) for entry in found.opset_import] == [("", 18)]
    assert not found.graph.value_info


# ---- what is refused ----


def rename(model: onnx.ModelProto, index: int, operator: str) -> None:
    model.graph.node[index].op_type = operator


def weight(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    found: onnx.TensorProto = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    return found


def set_int64(model: onnx.ModelProto, name: str, values: list[int]) -> None:
    weight(model, name).CopyFrom(numpy_helper.from_array(np.array(values, np.int64), name))


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


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_weight_that_is_no_number_is_named(number: float, tmp_path: Path) -> None:
    model = decoder_model(8)
    name, weight = next((t.name, t) for t in model.graph.initializer if len(t.dims) > 1)
    values = numpy_helper.to_array(weight).copy()
    values.flat[0] = number
    weight.CopyFrom(numpy_helper.from_array(values, name))
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    notes = "; ".join(open_bundle(path).notes)
    assert "images hold NaN or infinities" in notes
    assert repr(name) in notes


def test_a_weight_that_is_no_number_is_named_though_no_image_shows_it(tmp_path: Path) -> None:
    model = decoder_model(8)
    node = next(node for node in model.graph.node if node.op_type == "Sigmoid")
    infinite = numpy_helper.from_array(np.array([np.inf], np.float32), "infinite")
    model.graph.initializer.append(infinite)
    kept = node.input[0]
    model.graph.node.insert(
        len(model.graph.node) - 1, helper.make_node("Min", [kept, "infinite"], ["bounded"])
    )
    node.input[0] = "bounded"
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert any("its weight 'infinite' holds NaN or infinities" in note for note in open_bundle(path).notes)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"hello, I am no model at all", bytes(100), b"\x1f\x8b" + bytes(64)]
)
def test_files_that_are_no_onnx(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not an ONNX file"):
        load_decoder(path)


def test_truncated_anywhere_is_refused(tmp_path: Path) -> None:
    path = write_decoder(tmp_path / "model.onnx", 4, height=8, width=8, features=2)
    whole = path.read_bytes()
    graph_begins = whole.index(b"decoder") - 2
    for length in range(0, graph_begins, 3):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="not an ONNX file"):
            load_decoder(path)
    for length in range(graph_begins, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="not an ONNX file, or cut short"):
            load_decoder(path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = write_decoder(tmp_path / "model.onnx")
    path.write_bytes(path.read_bytes().replace(b"conv1.weight", b"\xff" * 12))
    with pytest.raises(UserError, match="a name in it is not UTF-8 text"):
        load_decoder(path)


def test_files_beyond_the_limit_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # sparse: takes no room
    with pytest.raises(UserError, match="larger than the 512 MiB that are supported"):
        load_decoder(path)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load_decoder(tmp_path / "missing.onnx")
    with pytest.raises(UserError, match="not a file"):
        load_decoder(tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero on this system")
def test_devices_are_no_files() -> None:
    with pytest.raises(UserError, match="not a file"):
        load_decoder(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(UserError, match="not a file"):
        load_decoder(tmp_path / "pipe.onnx")
