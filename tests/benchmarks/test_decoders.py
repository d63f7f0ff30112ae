"""What the benchmark races makes the same pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.benchmarks.compare import Candidate
from tests.benchmarks.decoders import candidates, check, main
from tests.engine.reference import Builder, dog_like, vaevis_like
from tests.engine.wgpu.device import require_adapter


@pytest.mark.parametrize(("b", "kernels"), [(vaevis_like(width=32), 39), (dog_like(width=8, latent=6), 48)])
def test_all_make_the_same_picture(b: Builder, kernels: int) -> None:
    require_adapter()
    with candidates(b.model(), None) as found:
        assert [candidate.name for candidate in found[:3]] == [
            "this engine",
            "naive chain",
            "onnxruntime cpu",
        ]
        assert found[1].dispatches == kernels  # an operator each, and one that packs
        check(found, b.latents(1))


def test_a_wrong_picture_is_found() -> None:
    black = Candidate("black", lambda z: np.zeros((1, 2, 2, 3), np.uint8))
    grey = Candidate("grey", lambda z: np.full((1, 2, 2, 3), 3, np.uint8))
    with pytest.raises(AssertionError, match="grey is 3 levels away from black"):
        check([black, grey], np.zeros((1, 1), np.float32))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    require_adapter()
    assert main(["--networks", "mnist", "--seconds", "0.1", "--no-tune", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["network"] == "mnist"
    # It is eight and more. The wall clock would say what else the machine does.
    assert result["results"][1]["processor_ratio"] > 1.5
