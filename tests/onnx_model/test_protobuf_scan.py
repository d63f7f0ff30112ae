"""The walk over the bytes of a file that comes before parsing."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.models.make import decoder_model
from vaevis_tui.onnx_model import protobuf_scan
from vaevis_tui.onnx_model.protobuf_scan import MalformedError, scan

GRAPH, NODE, INITIALIZER, ATTRIBUTE, ATTRIBUTE_TENSOR, SUBGRAPH, RAW_DATA, INT64_DATA = 7, 1, 5, 5, 5, 6, 9, 7
"""Field numbers of onnx.proto."""


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def test_a_decoder_passes() -> None:
    scan(decoder_model(8).SerializeToString())


def test_weights_may_be_large_wherever_they_lie() -> None:
    weights = numpy_helper.from_array(
        np.zeros(4 << 20, np.float32), "w"
    )  # 16 MiB, four times what structure may have
    model = decoder_model(8)
    model.graph.initializer.append(weights)
    scan(model.SerializeToString())
    model = decoder_model(8)
    model.graph.node.append(helper.make_node("Constant", [], ["w"], value=weights))
    scan(model.SerializeToString())
    model = decoder_model(8)
    model.graph.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [4 << 20], np.zeros(4 << 20)))
    scan(model.SerializeToString())


def test_many_empty_nodes_are_refused() -> None:
    """Two bytes of file each, some hundred of memory once parsed."""
    with pytest.raises(MalformedError, match="more than 500000 fields"):
        scan(field(GRAPH, field(NODE, b"") * (protobuf_scan.MAX_FIELDS + 1)))


def test_large_structure_is_refused_where_it_is_not_walked() -> None:
    size = protobuf_scan.MAX_STRUCTURE_BYTES + 2
    packed_integers = field(GRAPH, field(INITIALIZER, field(INT64_DATA, bytes(size))))
    subgraph = field(GRAPH, field(NODE, field(ATTRIBUTE, field(SUBGRAPH, field(NODE, b"") * (size // 2)))))
    metadata = field(14, bytes(size))
    for data in (packed_integers, subgraph, metadata):
        with pytest.raises(MalformedError, match="4 MiB that are not raw weights"):
            scan(data)


def test_raw_weights_of_a_constant_are_not_structure() -> None:
    tensor = field(ATTRIBUTE_TENSOR, field(RAW_DATA, bytes(protobuf_scan.MAX_STRUCTURE_BYTES + 1)))
    scan(field(GRAPH, field(NODE, field(ATTRIBUTE, tensor))))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x3b", id="group"),
        pytest.param(b"\x3f", id="wire type 7"),
        pytest.param(b"\x08" + b"\xff" * 11, id="endless varint"),
        pytest.param(b"\x08", id="missing varint"),
        pytest.param(b"\x3a\x05ab", id="length beyond the end"),
        pytest.param(b"\x3a\x03\x0a\x05a", id="length beyond the message around it"),
        pytest.param(b"\x0d\x00", id="short fixed32"),
        pytest.param(b"\x09\x00", id="short fixed64"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError, match="not an ONNX file"):
        scan(data)


def test_a_field_of_every_wire_type_is_walked() -> None:
    scan(b"\x08\x96\x01" + b"\x11" + bytes(8) + field(2, b"text") + b"\x1d" + bytes(4))
