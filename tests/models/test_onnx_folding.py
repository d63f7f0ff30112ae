"""Shape arithmetic gives what onnxruntime gives for the same operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from vaevis_tui.models.onnx_folding import MAX_ELEMENTS, fold
from vaevis_tui.models.onnx_shapes import attributes


def ints(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def floats(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def scalar(value: int) -> NDArray[np.int64]:
    return np.array(value, np.int64)


Case = tuple[str, list[NDArray[Any]], dict[str, Any]]

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
    ("ConstantOfShape", [ints(2, 3)], {}),
    ("ConstantOfShape", [ints(2)], {"value": numpy_helper.from_array(ints(-1))}),
    ("Constant", [], {"value": numpy_helper.from_array(ints(1, 2))}),
    ("Constant", [], {"value_int": 3}),
    ("Constant", [], {"value_ints": [3, 4]}),
    ("Constant", [], {"value_float": 0.5}),
    ("Constant", [], {"value_floats": [0.5, 2.0]}),
]


def by_onnxruntime(operator: str, inputs: list[NDArray[Any]], options: dict[str, Any]) -> NDArray[Any]:
    names = [f"x{i}" for i in range(len(inputs))]
    graph = helper.make_graph(
        [helper.make_node(operator, names, ["y"], **options)],
        "one",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in zip(names, inputs, strict=True)
        ],
        [helper.make_empty_tensor_value_info("y")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (value,) = session.run(None, dict(zip(names, inputs, strict=True)))
    return np.asarray(value)


@pytest.mark.parametrize(("operator", "inputs", "options"), CASES)
def test_a_rule_agrees_with_onnxruntime(
    operator: str, inputs: list[NDArray[Any]], options: dict[str, Any]
) -> None:
    node = helper.make_node(operator, [], [], **options)
    found = fold(operator, inputs, attributes(node))
    expected = by_onnxruntime(operator, inputs, options)
    assert found is not None
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)


def test_slices_of_old_opsets_have_their_bounds_in_attributes() -> None:
    found = fold("Slice", [ints(4, 5, 6)], {"starts": [1], "ends": [2**63 - 1], "axes": [0]})
    np.testing.assert_array_equal(found, ints(5, 6))


def test_what_is_no_shape_arithmetic_is_left_alone() -> None:
    assert fold("Conv", [floats(1)], {}) is None


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [
        ("ConstantOfShape", [ints(MAX_ELEMENTS + 1)]),
        ("ConstantOfShape", [ints(2**40, 2**40)]),
        ("Range", [scalar(0), scalar(2**60), scalar(1)]),
        ("Concat", [np.zeros(MAX_ELEMENTS, np.int64), ints(1)]),
    ],
)
def test_what_is_large_is_left_alone(operator: str, inputs: list[NDArray[Any]]) -> None:
    assert fold(operator, inputs, {"axis": 0}) is None


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
def test_inputs_that_do_not_fit_raise(operator: str, inputs: list[NDArray[Any]]) -> None:
    with pytest.raises((ValueError, IndexError, ArithmeticError)):
        fold(operator, inputs, {})
