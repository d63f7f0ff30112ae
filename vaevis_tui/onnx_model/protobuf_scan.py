"""A look at the bytes of an ONNX file before they are parsed, so that parsing cannot exhaust memory.

Parsing makes an object of every message and eight bytes of every packed integer: two bytes of file, an empty
node, become a hundred of memory. Weights as raw bytes do not grow. So the fields of a file are walked first,
without making anything of them, and what is not raw weights must be small.

Wire format: https://protobuf.dev/programming-guides/encoding/. Field numbers: onnx.proto of ONNX.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

MAX_STRUCTURE_BYTES = 4 << 20
"""All but raw weights. A decoder has some ten kilobytes; with a stack trace at each node, ten times that.
Parsed it becomes up to 80 times as much."""

MAX_FIELDS = 500_000
"""A decoder has some thousand; walking this many takes about a second."""

_Fields: TypeAlias = "Mapping[int, _Fields | None]"
"""Fields of a message that are walked into (by field number), or None for bytes that are weights."""

_TENSOR: _Fields = {4: None, 9: None, 10: None}  # float_data, raw_data, double_data
_ATTRIBUTE: _Fields = {5: _TENSOR}
_NODE: _Fields = {5: _ATTRIBUTE}
_GRAPH: _Fields = {1: _NODE, 5: _TENSOR}  # node, initializer
_MODEL: _Fields = {7: _GRAPH}

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class MalformedError(ValueError):
    """The bytes are no ONNX model, or one with more structure than weights."""


NOT_ONNX = "not an ONNX file, or cut short: export it or download it again"


@dataclass(slots=True)
class _Count:
    fields: int = 0
    structure: int = 0


def scan(data: bytes) -> None:
    """See that ``data`` may be parsed.

    Raises:
        MalformedError: it is cut short or not a protobuf message, or too much of it is not raw weights; the
            text is a clause to put after the file's name.
    """
    try:
        _walk(memoryview(data), 0, len(data), _MODEL, _Count())
    except IndexError:
        raise MalformedError(NOT_ONNX) from None


def _walk(data: memoryview, at: int, end: int, known: _Fields, count: _Count) -> None:
    """Walk the fields of one message; recurses at most as deep as `_MODEL`."""
    while at < end:
        tag, at = _varint(data, at)
        field, wire = tag >> 3, tag & 7
        length = 0
        if wire == _VARINT:
            _, at = _varint(data, at)
        elif wire == _FIXED64:
            length = 8
        elif wire == _FIXED32:
            length = 4
        elif wire == _BYTES:
            length, at = _varint(data, at)
        else:
            raise MalformedError(NOT_ONNX)
        if at + length > end:
            raise MalformedError(NOT_ONNX)
        inner = known.get(field, {}) if wire == _BYTES else {}
        count.fields += 1
        if inner:
            _walk(data, at, at + length, inner, count)
        elif inner is not None:
            count.structure += length
        if count.fields > MAX_FIELDS or count.structure > MAX_STRUCTURE_BYTES:
            raise MalformedError(
                f"holds more than {MAX_FIELDS} fields or {MAX_STRUCTURE_BYTES >> 20} MiB that are not raw "
                "weights; strip its metadata and subgraphs, and store weights as raw_data"
            )
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A base-128 number of at most ten bytes, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise MalformedError(NOT_ONNX)
