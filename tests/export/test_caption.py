"""Captions: below the image, which stays as it is."""

from __future__ import annotations

import numpy as np

from vaevis_tui.export.caption import caption_of, captioned
from vaevis_tui.export.snapshot import SnapshotInfo


def test_the_image_stays_whole_above_its_caption() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    picture = captioned(image, ("a model " * 30, "z"))
    enlarged = image.repeat(12, 0).repeat(12, 1)
    np.testing.assert_array_equal(picture[: 28 * 12], enlarged)
    bar = picture[28 * 12 :]
    assert bar.shape[0] >= 40
    assert bar.std() > 10
    assert (bar[:, -4:] == bar[0, 0]).all()  # a line that is too long is cut, not run over the border


def test_a_caption_names_model_and_place() -> None:
    info = SnapshotInfo(
        "/some/where/mine.onnx", "1.2", (0.5, -1.25, 2, 3, 4), None, "wgpu", "abcdef0123456789"
    )
    assert caption_of(info) == ("mine.onnx 1.2 · abcdef01", "z = 0.50, -1.25, 2.00, 3.00 ... (5)")
    assert caption_of(SnapshotInfo("dog", "", (1.0,), 7, "wgpu")) == ("dog", "seed 7 · z = 1.00")
