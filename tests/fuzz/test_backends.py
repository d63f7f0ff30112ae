"""A few graphs of `tests.fuzz.backends`, and how it tells apart what holds no numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper

from tests.engine.wgpu.device import require_adapter
from tests.fuzz.backends import NO_NUMBERS, compare, graph
from tests.fuzz.files import own_folders
from tests.fuzz.graph_seeds import seed_model


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    require_adapter()
    with own_folders() as path:
        yield path


def test_changed_graphs_decode_to_the_same_image_or_are_refused(folder: Path) -> None:
    both = 0
    for number in range(12):
        decoded, fault = compare(graph(0, number), folder)
        assert fault is None or fault.startswith(NO_NUMBERS), f"{number}: {fault}"
        both += decoded
    assert both >= 2


@pytest.mark.parametrize("align", [0, 8, -1])
def test_any_flag_but_zero_is_set(align: int, folder: Path) -> None:
    model = seed_model("GridSample")
    (grid,) = (node for node in model.graph.node if node.op_type == "AffineGrid")
    grid.attribute[0].i = align
    assert compare(model.SerializeToString(), folder) == (True, None)


def test_powers_that_are_no_numbers_are_no_fault_of_a_backend(folder: Path) -> None:
    model = seed_model("Pow")
    for tensor in model.graph.initializer:
        if list(tensor.dims) == [1]:
            tensor.CopyFrom(numpy_helper.from_array(np.array([1e-37], np.float32), tensor.name))
    decoded, fault = compare(model.SerializeToString(), folder)
    assert decoded
    assert fault is None or fault.startswith(NO_NUMBERS)
