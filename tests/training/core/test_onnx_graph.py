from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper

from tests.training.tiny import tiny_trained
from training.core import onnx_graph
from vaevis_tui.onnx_model.load import load_decoder


@pytest.fixture(scope="module")
def decoder() -> onnx.ModelProto:
    return onnx_graph.decoder_model(tiny_trained().model)


@pytest.fixture(scope="module")
def encoder() -> onnx.ModelProto:
    return onnx_graph.encoder_model(tiny_trained().model)


def test_the_decoder_is_what_the_program_reads(decoder: onnx.ModelProto, tmp_path: Path) -> None:
    path = tmp_path / "decoder.onnx"
    path.write_bytes(decoder.SerializeToString())
    read = load_decoder(path)
    assert (read.latent_dim, read.channels, read.image_height, read.image_width) == (4, 1, 28, 28)


def test_pictures_are_those_of_torch_in_every_batch_size(decoder: onnx.ModelProto) -> None:
    model = tiny_trained().model
    full = onnx_graph.decoder_model(model, half=False)
    for count in (1, 2, 5):
        z = torch.randn(count, 4)
        wanted = onnx_graph.ShippedDecoder(model)(z).detach().numpy()
        found = onnx_graph.run(full, z.numpy())[0]
        assert found.shape == (count, 1, 28, 28)
        assert np.abs(found - wanted).max() < 1e-5
        assert np.abs(onnx_graph.run(decoder, z.numpy())[0] - wanted).max() < 1 / 255


def test_posteriors_are_those_of_torch(encoder: onnx.ModelProto) -> None:
    x = torch.rand(3, 1, 28, 28)
    found = onnx_graph.run(encoder, x.numpy())
    for one, other in zip(found, tiny_trained().model.encoder(x), strict=True):
        assert np.abs(one - other.detach().numpy()).max() < 1e-2  # weights are float16


def test_the_file_is_single_stripped_and_in_half(decoder: onnx.ModelProto, encoder: onnx.ModelProto) -> None:
    for model in (decoder, encoder):
        assert model.opset_import[0].version >= 17
        text = str(model)
        for trace in (
            "metadata_props",
            "doc_string",
            "stack_trace",
            'File \\"',
            str(Path(__file__).parents[3]),
        ):
            assert trace not in text
        for tensor in model.graph.initializer:
            assert tensor.data_location == TensorProto.DEFAULT
            size = numpy_helper.to_array(tensor).size
            assert tensor.data_type != TensorProto.FLOAT or size < onnx_graph.LARGE


def test_the_decoder_keeps_to_operators_that_kernels_are_written_for(decoder: onnx.ModelProto) -> None:
    operators = {node.op_type for node in decoder.graph.node}
    assert operators <= {
        "Cast",
        "Gemm",
        "Reshape",
        "LeakyRelu",
        "Conv",
        "Add",
        "Resize",
        "DepthToSpace",
        "Sigmoid",
    }
