"""What operators take is declared as ONNX has it, and checked for all of them alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest

from vaevis_tui.engine.graph import UnsupportedGraph
from vaevis_tui.engine.graph.readers.importer import Importer, Reader
from vaevis_tui.engine.graph.resize import ROUNDINGS
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import REQUIRED, Argument, Given, Signature
from vaevis_tui.onnx_model.operators.signatures import SIGNATURES

SCHEMAS: dict[str, list[Any]] = {}
for schema in onnx.defs.get_all_schemas_with_history():
    if not schema.domain:
        SCHEMAS.setdefault(schema.name, []).append(schema)


def attributes() -> Iterator[tuple[str, str, Argument]]:
    for kind, takes in SIGNATURES.items():
        for name, argument in takes.attributes.items():
            yield kind, name, argument


@pytest.mark.parametrize(("kind", "name", "argument"), attributes())
def test_attributes_have_the_types_and_defaults_of_onnx(kind: str, name: str, argument: Argument) -> None:
    schemas = [schema for schema in SCHEMAS[kind] if name in schema.attributes]
    assert schemas
    newest = max(schemas, key=lambda schema: schema.since_version).attributes[name]
    types = {
        np.ndarray: ["TENSOR"],
        float: ["FLOATS" if argument.rank else "FLOAT"],
        str: ["STRING"],
        bool: ["INT"],
        int: ["INTS" if argument.rank else "INT"],
    }
    assert newest.type.name in types[argument.kind]
    assert newest.required == (argument.default is REQUIRED)
    if newest.default_value.name and argument.default is not None:
        value = onnx.helper.get_attribute_value(newest.default_value)
        value = value.decode() if isinstance(value, bytes) else value
        np.testing.assert_equal(
            argument.kind(value), np.float32(argument.default) if argument.kind is float else argument.default
        )


def test_what_rounds_has_the_names_that_are_declared() -> None:
    assert tuple(ROUNDINGS) == SIGNATURES["Resize"].attributes["nearest_mode"].choices


@pytest.mark.parametrize("kind", SIGNATURES)
def test_inputs_have_the_places_of_onnx(kind: str) -> None:
    newest = max(SCHEMAS[kind], key=lambda schema: schema.since_version)
    for place, argument in enumerate(SIGNATURES[kind].constants.values(), 1):
        given = newest.inputs[place]
        assert argument.kind is float or any("int" in kind for kind in given.types)
        if given.option.name == "Optional":
            assert argument.default is not REQUIRED


WRONG: dict[type, list[Any]] = {
    float: [float("nan"), float("inf"), "text", [1.0, 2.0]],
    int: ["text", [[1, 2]], 0.5],
    str: ["no such word", 1, ["nearest", "linear"]],
    bool: ["text", [0, 1]],
    np.ndarray: [],
}


@pytest.mark.parametrize(("kind", "name", "argument"), attributes())
def test_what_is_not_as_declared_is_refused_by_one_line(kind: str, name: str, argument: Argument) -> None:
    def unreached(importer: Importer, node: Node, given: Given) -> None:
        pytest.fail(f"read {given}")

    importer = Importer(18, {})
    importer.shapes["x"] = (1, 4, 4, 4)
    reader = Reader(unreached, Signature({}, {name: argument}))
    anything = argument.kind is str and not argument.choices
    number_of_any_kind = argument.kind is float and argument.bounds is None
    wrong_ones = ["text"] if number_of_any_kind else WRONG[argument.kind][anything:]
    for wrong in wrong_ones:
        with pytest.raises(UnsupportedGraph) as refused:
            reader(importer, Node(kind, "here", ("x",), ("y",), {name: wrong}))
        text = str(refused.value)
        assert text.startswith(f"{kind} 'here': {name}")
        assert "\n" not in text
    assert importer.operators == []
