"""Shape arithmetic gives what onnxruntime gives for the same operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from vaevis_tui.onnx_model.node import attributes
from vaevis_tui.onnx_model.operators.folding import RULES, TooLargeError, fold
from vaevis_tui.onnx_model.operators.signatures import SIGNATURES

MAX_ELEMENTS = 1024


def ints(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def floats(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def scalar(value: int) -> NDArray[np.int64]:
    return np.array(value, np.int64)


Inputs = list[NDArray[Any] | None]
Case = tuple[str, Inputs, dict[str, Any]]

BLOCK = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
FLAGS = np.array([True, False, True])

CASES: list[Case] = [
    ("Add", [ints(1, 2), ints(3)], {}),
    ("Sub", [ints(1, 2), ints(3, 4)], {}),
    ("Mul", [floats(1, 2), floats(2.5, 4)], {}),
    ("Div", [ints(7, -7, 7, -7), ints(2, 2, -2, -2)], {}),
    ("Div", [floats(7, -7), floats(2, 2)], {}),
    ("Mod", [ints(7, -7), ints(3, 3)], {}),
    ("Neg", [ints(7, -7)], {}),
    ("Sqrt", [floats(2, 4)], {}),
    ("Floor", [floats(2.5, -2.5)], {}),
    ("Ceil", [floats(2.5, -2.5)], {}),
    ("Round", [floats(2.5, 3.5, -0.5)], {}),
    ("Max", [ints(1, 5), ints(3, 4)], {}),
    ("Min", [ints(1, 5), ints(3, 4)], {}),
    ("Equal", [ints(1, 5), ints(1, 4)], {}),
    ("Greater", [ints(1, 5), ints(1, 4)], {}),
    ("Less", [ints(1, 3), ints(1, 4)], {}),
    ("Where", [np.array([True, False]), ints(1, 2), ints(3, 4)], {}),
    ("Identity", [ints(1, 2)], {}),
    ("Cast", [floats(1.7, -1.7)], {"to": TensorProto.INT64}),
    ("Cast", [ints(1, 0)], {"to": TensorProto.BOOL}),
    ("Concat", [ints(1, 2), ints(3)], {"axis": 0}),
    ("Gather", [ints(4, 5, 6), scalar(-1)], {}),
    ("Gather", [ints(4, 5, 6), ints(2, 0)], {"axis": 0}),
    ("Reshape", [ints(1, 2, 3, 4), ints(2, -1)], {}),
    ("Reshape", [ints(1, 2, 3, 4), ints(0)], {}),
    ("Squeeze", [ints(7), ints(0)], {}),
    ("Squeeze", [ints(7)], {}),
    ("Unsqueeze", [scalar(7), ints(0)], {}),
    ("Unsqueeze", [ints(7, 8), ints(0, 2)], {}),
    ("Slice", [ints(4, 5, 6, 7), ints(1), ints(3)], {}),
    ("Slice", [ints(4, 5, 6, 7), ints(-2), ints(2**63 - 1), ints(0)], {}),
    ("Slice", [ints(4, 5, 6, 7), ints(-1), ints(-(2**63) + 1), ints(0), ints(-1)], {}),
    ("Slice", [ints(4, 5, 6, 7), ints(3), ints(0), ints(0), ints(-2)], {}),
    ("Range", [scalar(1), scalar(8), scalar(3)], {}),
    ("Range", [scalar(8), scalar(1), scalar(-3)], {}),
    ("Range", [scalar(8), scalar(1), scalar(3)], {}),
    ("ReduceProd", [ints(2, 3, 4)], {"keepdims": 0}),
    ("ReduceProd", [ints(2, 3, 4)], {}),
    ("ReduceProd", [floats(2, 3, 4).reshape(3, 1)], {"axes": [0]}),
    ("ReduceSum", [BLOCK, ints(0, -1)], {"keepdims": 0}),
    ("ReduceSum", [BLOCK, None], {}),
    ("ReduceSum", [BLOCK], {"noop_with_empty_axes": 1}),
    ("Slice", [BLOCK, ints(0, 0), ints(2, 4), None, ints(1, 2)], {}),
    ("Slice", [BLOCK, ints(0, 0), ints(2, 4), ints(0, 2), None], {}),
    ("Slice", [BLOCK, ints(3), ints(-9), ints(-1), ints(-1)], {}),
    ("Transpose", [BLOCK], {}),
    ("Transpose", [BLOCK], {"perm": [1, 2, 0]}),
    ("Tile", [BLOCK, ints(2, 1, 3)], {}),
    ("Expand", [ints(1, 2), ints(3, 1)], {}),
    ("Max", [ints(1, 5), ints(3, 4), ints(2)], {}),
    ("Min", [ints(1, 5)], {}),
    ("Mod", [floats(7.5, -7.5), floats(3, 3)], {"fmod": 1}),
    ("And", [FLAGS, ~FLAGS], {}),
    ("Or", [FLAGS, ~FLAGS], {}),
    ("Not", [FLAGS], {}),
    ("OneHot", [ints(1, -1, 7), scalar(4), floats(0, 2)], {}),
    ("OneHot", [ints(1, 3), scalar(4), floats(1, 5)], {"axis": 0}),
    ("Cast", [floats(1.7, -1.7)], {"to": TensorProto.FLOAT16}),
    ("Reshape", [BLOCK, ints(0, -1)], {}),
    ("Gather", [BLOCK, ints(2, 0)], {"axis": 1}),
    ("Concat", [BLOCK, BLOCK], {"axis": -1}),
    (
        "DequantizeLinear",
        [np.array([3, 250], np.uint8), np.array(0.5, np.float32), np.array(128, np.uint8)],
        {"axis": 0},
    ),
    ("DequantizeLinear", [np.arange(-3, 3, dtype=np.int8).reshape(2, 3), floats(0.5, 2), None], {"axis": 0}),
    (
        "DequantizeLinear",
        [np.arange(6, dtype=np.uint8).reshape(2, 3), floats(1, 2, 3), np.arange(3, dtype=np.uint8)],
        {"axis": -1},
    ),
    ("ConstantOfShape", [ints(2, 3)], {}),
    ("ConstantOfShape", [ints(2)], {"value": numpy_helper.from_array(ints(-1))}),
    ("Constant", [], {"value": numpy_helper.from_array(ints(1, 2))}),
    ("Constant", [], {"value_int": 3}),
    ("Constant", [], {"value_ints": [3, 4]}),
    ("Constant", [], {"value_float": 0.5}),
    ("Constant", [], {"value_floats": [0.5, 2.0]}),
]


def model_of(operator: str, inputs: Inputs, options: dict[str, Any]) -> tuple[Any, dict[str, NDArray[Any]]]:
    """A model of one node, and what to feed it; absent inputs have the empty name."""
    names = ["" if value is None else f"x{i}" for i, value in enumerate(inputs)]
    feed = {name: value for name, value in zip(names, inputs, strict=True) if value is not None}
    graph = helper.make_graph(
        [helper.make_node(operator, names, ["y"], **options)],
        "one",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in feed.items()
        ],
        [helper.make_empty_tensor_value_info("y")],
    )
    opset = 19 if operator == "DequantizeLinear" else 17  # the oldest that ONNX's reference has it in
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    return model, feed


def by_onnxruntime(operator: str, inputs: Inputs, options: dict[str, Any]) -> NDArray[Any]:
    model, feed = model_of(operator, inputs, options)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (value,) = session.run(None, feed)
    return np.asarray(value)


def by_reference(operator: str, inputs: Inputs, options: dict[str, Any]) -> NDArray[Any]:
    model, feed = model_of(operator, inputs, options)
    (value,) = ReferenceEvaluator(model).run(None, feed)
    return np.asarray(value)


def test_every_rule_has_a_case() -> None:
    assert {operator for operator, _, _ in CASES} == set(RULES), "each rule needs a case in `CASES`"


def test_every_optional_input_is_absent_in_a_case() -> None:
    optional = {
        (operator, place)
        for operator in RULES
        for place, given in enumerate(onnx.defs.get_schema(operator).inputs)
        if given.option == onnx.defs.OpSchema.FormalParameterOption.Optional
    }
    absent = {
        (operator, place)
        for operator, inputs, _ in CASES
        for place in range(5)
        if place >= len(inputs) or inputs[place] is None
    }
    assert {("Slice", 3), ("DequantizeLinear", 2), ("Squeeze", 1), ("ReduceSum", 1)} <= optional <= absent


@pytest.mark.parametrize("expectation", [by_onnxruntime, by_reference])
@pytest.mark.parametrize(("operator", "inputs", "options"), CASES)
def test_a_rule_agrees_with(
    expectation: Callable[..., NDArray[Any]], operator: str, inputs: Inputs, options: dict[str, Any]
) -> None:
    node = helper.make_node(operator, [], [], **options)
    found = fold(operator, inputs, attributes(node), MAX_ELEMENTS)
    expected = expectation(operator, inputs, options)
    assert found is not None
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)


def test_slices_of_old_opsets_have_their_bounds_in_attributes() -> None:
    found = fold("Slice", [ints(4, 5, 6)], {"starts": [1], "ends": [2**63 - 1], "axes": [0]}, MAX_ELEMENTS)
    np.testing.assert_array_equal(found, ints(5, 6))


def test_what_is_no_shape_arithmetic_is_left_alone() -> None:
    assert fold("Conv", [floats(1)], {}, MAX_ELEMENTS) is None


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [
        ("ConstantOfShape", [ints(MAX_ELEMENTS + 1)]),
        ("ConstantOfShape", [ints(2**40, 2**40)]),
        ("Range", [scalar(0), scalar(2**60), scalar(1)]),
        ("Expand", [ints(1), ints(2**40, 2**40)]),
        ("Tile", [ints(1, 2), ints(2**60)]),
    ],
)
def test_what_is_large_is_refused_before_it_is_allocated(operator: str, inputs: Inputs) -> None:
    with pytest.raises(TooLargeError):
        fold(operator, inputs, {"axis": 0}, MAX_ELEMENTS)


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [
        ("Div", [ints(1), ints(0)]),
        ("Gather", [ints(1), scalar(5)]),
        ("Add", [ints(1, 2), ints(1, 2, 3)]),
        ("Reshape", [ints(1, 2, 3), ints(2, 2)]),
        ("Squeeze", [ints(1, 2), ints(0)]),
        ("ConstantOfShape", [ints(-1)]),
        ("Range", [scalar(0), scalar(5), scalar(0)]),
    ],
)
def test_inputs_that_do_not_fit_raise(operator: str, inputs: Inputs) -> None:
    with pytest.raises((ValueError, IndexError, ArithmeticError)):
        fold(operator, inputs, {}, MAX_ELEMENTS)


@pytest.mark.parametrize(
    ("operator", "name"),
    [
        (kind, name)
        for kind in RULES
        if kind in SIGNATURES
        for name, argument in SIGNATURES[kind].attributes.items()
        if argument.kind is not np.ndarray
    ],
)
@pytest.mark.parametrize("wrong", ["text", [[0, 1]]])
def test_an_attribute_of_another_kind_is_named(operator: str, name: str, wrong: Any) -> None:
    inputs = next(inputs for kind, inputs, _ in CASES if kind == operator)
    with pytest.raises(ValueError, match=f"^{name} "):
        fold(operator, inputs, {"to": 1, "axis": 0, name: wrong}, MAX_ELEMENTS)


@pytest.mark.parametrize(
    ("operator", "inputs", "named"),
    [
        ("Slice", [BLOCK, floats(0.5), ints(2)], "starts"),
        ("Slice", [BLOCK, ints(0), ints(2), ints(5)], "axes"),
        ("Reshape", [BLOCK, ints(24).reshape(1, 1)], "shape"),
        ("ReduceSum", [BLOCK, ints(-4)], "axes"),
        ("Squeeze", [BLOCK, ints(0, 0)], "axes"),
        ("Tile", [BLOCK, np.array(["2"])], "repeats"),
        ("Expand", [BLOCK], "it has no shape"),
    ],
)
def test_an_input_that_is_not_as_declared_is_named(operator: str, inputs: Inputs, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}"):
        fold(operator, inputs, {}, MAX_ELEMENTS)
