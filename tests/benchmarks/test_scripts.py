"""What a batch costs is measured, and what is raced makes the same images."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

import vaevis_tui
from tests.benchmarks.scripts import race


@pytest.mark.parametrize(("name", "images"), [("mnist", 40), ("dog", 35)])
def test_a_batch_is_what_onnxruntime_alone_makes(name: str, images: int) -> None:
    with vaevis_tui.load(name, backend="onnxruntime") as model:
        z = model.sample(seed=1, n=images)
        found = model.decode(z)
        path = model._bundle.decoder_path
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {session.get_inputs()[0].name: z})
    bytes_of = np.rint(np.clip(expected, 0, 1) * 255).transpose(0, 2, 3, 1)
    assert np.abs(found.astype(float) - bytes_of).max() <= 1


def test_the_race_tells_every_way() -> None:
    best, share = race("mnist", 40, 1)
    assert set(best) == {"ours", "bare 1", "bare 4", "bare 16", "bare 64"}
    assert share == best["ours"] / min(time for way, time in best.items() if way != "ours")
