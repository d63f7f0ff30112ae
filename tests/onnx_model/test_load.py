"""Decoders from strangers: what is taken, and how it is normalised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.models.make import decoder_model
from tests.onnx_model.written import append, constant, latents, load, run, set_int64, write
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.load import load_decoder


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
