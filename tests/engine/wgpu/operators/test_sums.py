"""Einsum and CumSum on the device against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.operator_check import agrees, image
from tests.engine.reference import Builder
from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx, rewrite


def tensor(b: Builder, *shape: int) -> str:
    """What depends on the latent vector, (n, ...)."""
    b.last = "z"
    b.linear(b.latent, int(np.prod(shape)))
    return b.reshape(*shape)


CONSTANT = {
    "nd,dchw->nchw": ((6,), (6, 3, 2, 4)),
    "nchw,oc->nohw": ((5, 3, 2), (4, 5)),
    "oc,nchw->nohw": ((5, 3, 2), (4, 5)),
    "nhwc,cd->nhwd": ((3, 2, 5), (5, 4)),
    "...c,cd->...d": ((3, 2, 5), (5, 4)),
    "nlhd,lhe->nlde": ((2, 3, 4), (2, 3, 5)),
    "nchw,c->nchw": ((5, 3, 2), (5,)),
    "nchw,chw->n": ((5, 3, 2), (5, 3, 2)),
    "ni,i": ((4,), (4,)),
}
"""Shapes of what depends on z, the examples apart, and of a constant."""


@pytest.mark.parametrize("equation", CONSTANT)
def test_a_tensor_and_a_constant(equation: str) -> None:
    own, other = CONSTANT[equation]
    b = Builder(6)
    made, weight = tensor(b, *own), b.weight(*other)
    b.last = b.node(
        "Einsum", *((weight, made) if equation.startswith("oc") else (made, weight)), equation=equation
    )
    agrees(b)


COMPUTED = {
    "bhqd,bhkd->bhqk": ((2, 3, 4), (2, 5, 4)),
    "bqhd,bkhd->bhqk": ((3, 2, 4), (5, 2, 4)),
    "bij,bjk->bik": ((3, 4), (4, 5)),
    "bi,bi->b": ((4,), (4,)),
    "bi,bj->bij": ((4,), (3,)),
    "bchw,bc->bchw": ((3, 2, 4), (3,)),
    "b...d,b...e->b...de": ((3, 2, 4), (3, 2, 5)),
}


@pytest.mark.parametrize("equation", COMPUTED)
def test_two_tensors(equation: str) -> None:
    b = Builder(6)
    sides = [tensor(b, *shape) for shape in COMPUTED[equation]]
    b.last = b.node("Einsum", *sides, equation=equation)
    agrees(b)


@pytest.mark.parametrize("equation", ["nii->ni", "nii->n", "nij->nji", "nij->nj", "nij->n"])
def test_one_tensor(equation: str) -> None:
    b = Builder(6)
    b.last = b.node("Einsum", tensor(b, 4, 4), equation=equation)
    agrees(b)


def test_three_tensors() -> None:
    b = Builder(6)
    b.last = b.node("Einsum", b.weight(5, 3), tensor(b, 3, 4), tensor(b, 4), equation="oc,ncd,nd->no")
    agrees(b)


def test_an_equation_with_weights_is_a_matrix_times_a_vector() -> None:
    b = Builder(6)
    b.last = b.node("Einsum", "z", b.weight(6, 3, 4, 5), equation="nd,dchw->nchw")
    assert [operator.kind for operator in rewrite(import_onnx(b.model())).operators] == ["Linear"]


@pytest.mark.parametrize("equation", ["nd,dc->", "nq", "n1,dc->nc"])
def test_equations_that_do_not_fit_are_named(equation: str) -> None:
    b = Builder(6)
    b.last = b.node("Einsum", "z", b.weight(6, 3), equation=equation)
    with pytest.raises(UnsupportedGraph, match="Einsum"):
        import_onnx(b.model())


@pytest.mark.parametrize("axis", [1, 2, -1])
@pytest.mark.parametrize("how", [{}, {"exclusive": 1}, {"reverse": 1}, {"exclusive": 1, "reverse": 1}])
def test_running_sums(axis: int, how: dict[str, int]) -> None:
    b = image(3, 4, 5)
    b.add("CumSum", b.constant(np.array(axis)), **how)
    agrees(b)
