from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.training.dogs.tiny import photograph
from training.core.data import near_duplicates as screening
from training.tasks.dogs.photographs import screening as dog_screening


def test_only_black_that_reaches_the_border_is_fill() -> None:
    luma = np.full((20, 20), 200, np.uint8)
    luma[:4, :5] = 3  # a corner
    luma[8:12, 8:12] = 0  # a black nose
    assert dog_screening.border_fill(luma) == pytest.approx(20 / 400)


def test_fill_follows_a_winding_path() -> None:
    luma = np.full((9, 9), 200, np.uint8)
    path = [(0, 1), (1, 1), (2, 1), (2, 2), (2, 3), (3, 3), (4, 3), (4, 2), (4, 1), (5, 1)]
    for row, column in path:
        luma[row, column] = 0
    assert dog_screening.border_fill(luma) == pytest.approx(len(path) / 81)
    assert dog_screening.border_fill(np.zeros((5, 5), np.uint8)) == 1
    assert dog_screening.border_fill(np.full((5, 5), 90, np.uint8)) == 0


def test_hashes_find_a_resized_and_brightened_double() -> None:
    images = [Image.fromarray(photograph(seed)) for seed in range(6)]
    double = images[2].resize((150, 150)).point(lambda value: min(255, value + 20))
    hashes = np.array([screening.perceptual_hash(image) for image in (*images, double)])
    assert screening.near_pairs(hashes) == [(2, 6)]
