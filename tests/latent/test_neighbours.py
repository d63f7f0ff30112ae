from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.axes import dimension_set
from vaevis_tui.latent.neighbours import AnchorIndex, step_towards
from vaevis_tui.latent.space import Anchors, LatentSpace

LABELS = ("0", "1", "0", "1", "dog 104", "dog 10", "a dog")


def space() -> LatentSpace:
    bare = skewed_space(4)
    anchors = Anchors(bare.sample(2, len(LABELS)), LABELS, np.arange(len(LABELS)))
    return dataclasses.replace(bare, anchors=anchors)


SPACE = space()
INDEX = AnchorIndex(SPACE)


def test_the_nearest_anchor_comes_first_with_its_distance() -> None:
    x = SPACE.whiten(SPACE.anchors.z[3])
    z = SPACE.unwhiten(x + np.array([0.1, 0, 0, 0]))
    first, second, third = INDEX.nearest(z)
    assert (first.index, first.label) == (3, "1")
    assert first.distance == pytest.approx(0.1, abs=1e-5)
    assert first.distance < second.distance < third.distance
    assert 0.9 < first.closeness < 1
    assert str(first) == f"1, {round(100 * first.closeness)} %"
    assert INDEX.nearest(SPACE.anchors.z[3], 1)[0].closeness == pytest.approx(1, abs=1e-6)
    far = INDEX.nearest(SPACE.unwhiten(np.full(4, 50.0)), 1)[0]
    assert far.closeness == 0


def test_a_label_again_is_its_next_example_and_goes_round() -> None:
    at = INDEX.next(SPACE.mean, label="0")
    assert at == 0
    assert [at := INDEX.next(SPACE.anchors.z[at or 0], label="0") for _ in range(3)] == [2, 0, 2]
    assert INDEX.next(SPACE.anchors.z[2], -1, label="0") == 0
    assert INDEX.next(SPACE.anchors.z[0], label="1") == 1
    assert INDEX.next(SPACE.mean, label="9") is None


def test_next_of_all_begins_with_the_nearest() -> None:
    near = SPACE.anchors.z[5] + np.float32(0.01)
    assert INDEX.next(near) == 5
    assert INDEX.next(SPACE.anchors.z[5]) == 6
    assert INDEX.next(SPACE.anchors.z[6]) == 0
    assert INDEX.next(SPACE.anchors.z[0], -1) == 6


def test_search_finds_what_begins_so_first() -> None:
    assert INDEX.search("DOG") == [4, 5, 6]
    assert INDEX.search("10") == [4, 5]
    assert INDEX.search("a") == [6]
    assert INDEX.search("og 10") == [4, 5]
    assert INDEX.search("cat") == []
    assert len(INDEX.search("")) == 7
    assert INDEX.labels == ("0", "1", "dog 104", "dog 10", "a dog")
    assert INDEX.labelled("0") == [0, 2]


def test_without_anchors_there_is_nothing_near() -> None:
    none = AnchorIndex(LatentSpace.standard_normal(3))
    assert none.nearest(np.zeros(3)) == []
    assert none.next(np.zeros(3)) is None
    assert none.search("") == []


def test_steps_towards_a_target_are_of_one_length_and_end_there_to_the_bit() -> None:
    z, target = SPACE.sample(11)[0], SPACE.anchors.z[4]
    places = [z]
    while not np.array_equal(places[-1], target):
        places.append(step_towards(SPACE, places[-1], target, 0.25))
        assert len(places) < 60
    ways = np.linalg.norm(np.diff(SPACE.whiten(np.stack(places)), axis=0), axis=1)
    np.testing.assert_allclose(ways[:-1], 0.25, rtol=0.03)
    assert ways[-1] <= 0.26


def test_a_step_away_is_away() -> None:
    z, target = SPACE.sample(11)[0], SPACE.anchors.z[4]
    away = step_towards(SPACE, z, target, -0.5)
    x, there, end = (SPACE.whiten(each) for each in (z, away, target))
    assert np.linalg.norm(there - end) - np.linalg.norm(x - end) == pytest.approx(0.5, abs=1e-5)
    np.testing.assert_array_equal(step_towards(SPACE, target, target, 0.5), target)


def test_a_value_is_beyond_the_data_further_out_than_four_sigma_and_every_example() -> None:
    space = LatentSpace.standard_normal(64)
    examples = np.zeros((3, 64), np.float32)
    examples[1, 5] = 5.0
    index = AnchorIndex(dataclasses.replace(space, anchors=Anchors(examples, ("a", "b", "c"), np.arange(3))))
    axes = dimension_set(space)
    values = {0: (4.0, -4.1, 4.1), 5: (4.9, -4.1, 5.1)}
    for row, (within, *outside) in values.items():
        assert not index.is_beyond(axes, row, within)
        assert all(index.is_beyond(axes, row, value) for value in outside)
