from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.models.make import write_bundle
from tests.tui.support import exploring, make_settings
from vaevis_tui.engine.select import decoder_source
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.models.bundle import open_bundle


def watching(folder: Path) -> ExplorerSettings:
    """Real files, really decoded, looked at fifty times a second."""
    return make_settings(
        model=str(folder),
        open_bundle=open_bundle,
        decoder_source=lambda bundle, _: decoder_source(bundle, "onnxruntime"),
        watch=0.02,
    )


@pytest.mark.parametrize("walking", [False, True])
async def test_a_model_that_changes_is_opened_again_where_one_is(tmp_path: Path, walking: bool) -> None:
    folder = write_bundle(tmp_path / "model", 4, seed=0)
    async with exploring(watching(folder)) as explorer:
        await explorer.press("right", "right", "down")
        if walking:
            explorer.exploration.start_walk()
        before, z = explorer.exploration, explorer.exploration.z
        frame = explorer.frame.image.copy()
        write_bundle(folder, 4, seed=1)
        await explorer.until(lambda: explorer.exploration is not before)
        after = explorer.exploration
        assert after.ref == before.ref
        assert after.walking == walking
        assert after.state.selected == before.state.selected
        if not walking:
            await explorer.settle()
            assert len(after.state.past) == len(before.state.past)
            np.testing.assert_array_equal(after.z, z)
            assert not np.array_equal(explorer.frame.image, frame)
        assert "opened again" in explorer.notices


async def test_another_number_of_dimensions_begins_anew(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "model", 4, seed=0)
    async with exploring(watching(folder)) as explorer:
        before = explorer.exploration
        write_bundle(folder, 6, seed=1)
        await explorer.until(lambda: explorer.exploration is not before)
        assert len(explorer.exploration.z) == 6
        await explorer.settle()
