"""Some runs of `tests.fuzz.exports`: commands that write, disturbed in each way."""

from __future__ import annotations

import random

import pytest

from tests.fuzz import exports
from tests.fuzz.exports import COMMANDS, Disturbance, fault_of


@pytest.mark.parametrize(
    ("out", "disturbance"),
    [
        ("folder/", exports.by_a_signal),
        ("bundle/", exports.by_a_full_disk),
        ("one.png", exports.by_a_read_only_folder),
        ("z.csv", exports.by_a_closed_pipe),
    ],
)
def test_nothing_half_made_is_left(out: str, disturbance: Disturbance) -> None:
    command = next(command for command in COMMANDS if command.out == out)
    assert fault_of(command, disturbance, random.Random(1)) is None
