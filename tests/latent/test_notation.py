from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaevis_tui.latent.notation import parse_latent

VECTORS = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=40)


@pytest.mark.parametrize(
    "text",
    [
        "0.5,-1.0",
        "[0.5, -1.0]",
        "0.5 -1.0",
        "0.5\n-1.0\n",
        "0.5; -1",
        "(0.5, -1.0)",
        "[[0.5, -1.0]]",
        "tensor([0.5, -1.0])",
        "tensor([[ 0.5000, -1.0000]], device='cuda:0', dtype=torch.float16)",
        "tensor([0.5, -1.0], grad_fn=<AddBackward0>)",
        "array([0.5, -1.0], dtype=float32)",
        "np.array([0.5, -1.0])",
        "Array([0.5, -1.0], dtype=float32)",
        "[np.float32(0.5), np.float32(-1.0)]",
        "[ 0.5 -1. ]",
        "[1]  0.5 -1.0",
        "[1]  0.5\n[2] -1.0",
        "c(0.5, -1)",
        "5e-1, -1E0",
    ],
)
def test_what_programs_print_is_read(text: str) -> None:
    assert parse_latent(text) == [0.5, -1.0]


@given(VECTORS)
def test_what_numpy_and_json_print_is_read_back_to_the_bit(numbers: list[float]) -> None:
    z = np.array(numbers, np.float32)
    with np.printoptions(floatmode="unique"):  # else numpy prints eight decimals, which are not always all
        printed = repr(z)
    for text in (printed, str(z.tolist()), json.dumps(z.tolist()), " ".join(map(str, z))):
        np.testing.assert_array_equal(np.array(parse_latent(text), np.float32), z)


def test_one_number_in_brackets_is_no_line_of_r() -> None:
    assert parse_latent("[1]") == [1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [("1,two", "'two'"), ("", "no numbers"), ("[0.1, ..., 2]", "shortened"), ("a cat", "'a'")],
)
def test_anything_else_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_latent(text)
