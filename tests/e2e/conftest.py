"""What tests of the whole program decode."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.make import write_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder that needs no training: its images look like noise."""
    return write_bundle(tmp_path_factory.mktemp("models") / "noise")
