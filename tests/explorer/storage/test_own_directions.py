from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.latent.spaces import skewed_space
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage import own_directions as module
from vaevis_tui.explorer.storage.model_data import ModelData
from vaevis_tui.explorer.storage.own_directions import MarkedSets, OwnDirections
from vaevis_tui.latent.axes import axis_sets

SPACE = skewed_space(3)


def opened(folder: Path) -> OwnDirections:
    return OwnDirections(ModelData("ab12", folder), 3)


def test_marks_are_toggled_and_in_one_set_at_most() -> None:
    sets, z = MarkedSets(), SPACE.sample(1, 3)
    assert sets.toggle("A", z[0], "first")
    assert sets.toggle("A", z[1])
    assert sets.toggle("B", z[1])
    assert sets.toggle("B", z[2])
    assert not sets.toggle("B", z[2])
    assert [mark.label for mark in sets.a] == ["first"]
    assert len(sets.b) == 1
    assert [sets.of(each) for each in z] == ["A", "B", None]
    np.testing.assert_allclose(sets.direction(SPACE), z[0] - z[1], atol=1e-6)
    sets.clear()
    assert sets.of(z[0]) is None


def test_marks_are_points_whose_class_no_direction_or_analogy_adds_up() -> None:
    sets, z = MarkedSets(), SPACE.sample(1, 4)
    points = np.column_stack([z, [3, 3, 1, 2]]).astype(np.float32)
    sets.toggle("A", points[0])
    sets.toggle("A", z[1])  # an example, of which no class is known
    sets.toggle("B", points[2])
    np.testing.assert_array_equal(sets.a[0].z, points[0])
    difference = (z[0] + z[1]) / 2 - z[2]
    np.testing.assert_allclose(sets.direction(SPACE), difference, atol=1e-6)
    np.testing.assert_allclose(sets.analogy(points[3], 3), [*(z[3] + difference), 2], atol=1e-6)


def test_a_direction_of_a_alone_leads_away_from_the_mean_of_the_data() -> None:
    sets = MarkedSets()
    with pytest.raises(UserError, match="no direction yet: a direction needs at least one"):
        sets.direction(SPACE)
    sets.toggle("A", SPACE.mean)
    with pytest.raises(UserError, match="the same mean"):
        sets.direction(SPACE)
    sets.toggle("A", SPACE.mean + np.float32(2))
    np.testing.assert_allclose(sets.direction(SPACE), [1, 1, 1], atol=1e-6)


def test_directions_are_kept_the_newest_first_and_replaced_by_name(tmp_path: Path) -> None:
    own = opened(tmp_path)
    assert len(own.directions) == 0
    own.add([1.0, 0, 0], "smile", "sad", "glad")
    own.add([0, 1.0, 0], " age ")
    own.add([0, 0, 1.0], "smile", "", "glad")
    found = opened(tmp_path).directions
    assert (found.names, found.lows, found.highs) == (("smile", "age"), ("", ""), ("glad", ""))
    np.testing.assert_array_equal(found.vectors, [[0, 0, 1], [0, 1, 0]])
    assert stat.S_IMODE((tmp_path / "ab12" / "directions.json").stat().st_mode) == 0o600
    assert opened(tmp_path).remove("smile").names == ("age",)
    assert opened(tmp_path).remove("smile").names == ("age",)
    assert [axis.name for axis in axis_sets(SPACE, opened(tmp_path).directions)[2].axes] == ["age"]


def test_two_programs_do_not_undo_each_other_s_work(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    one.add([1.0, 0, 0], "one")
    other.add([1.0, 0, 0], "other")
    assert one.remove("no such").names == ("other", "one")


@pytest.mark.parametrize(
    ("vector", "name", "message"),
    [
        ([0.0, 0, 0], "a", "a is not a direction of this model: a direction is zero"),
        ([np.inf, 0, 0], "a", "NaN or infinities"),
        ([1.0], "a", "directions have 1 dimensions; expected 3"),
        ([1.0, 0, 0], " ", "a name has 1 to 80 characters"),
    ],
)
def test_what_is_no_direction_is_refused(
    tmp_path: Path, vector: list[float], name: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        opened(tmp_path).add(vector, name)
    assert not (tmp_path / "ab12").exists()


def test_there_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 1)
    own = opened(tmp_path)
    own.add([1.0, 0, 0], "one")
    with pytest.raises(UserError, match="there are 1 directions of your own already"):
        own.add([1.0, 0, 0], "two")
    assert own.add([2.0, 0, 0], "one").names == ("one",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent_dim": 4}, "they have 4 numbers each; expected 3"),
        ({"names": ["a", "a"]}, "need as many names"),
        ({"names": ["a\x1b"]}, "a name has 1 to 80"),
        ({"highs": ["a\x1b"]}, "a name has 1 to 80"),
        ({"vectors": "AAAAAAAAAAAAAAAA"}, "a direction is zero"),
        ({"vectors": 3}, "vectors is 3; expected base64"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line_and_not_written_over(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    own = opened(tmp_path)
    own.add([1.0, 0, 0], "one")
    file = tmp_path / "ab12" / "directions.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    before = file.read_bytes()
    for act in (lambda: opened(tmp_path), lambda: own.add([1.0, 0, 0], "two")):
        with pytest.raises(UserError) as refusal:
            act()
        assert message in str(refusal.value)
        assert str(refusal.value).startswith(str(file))
        assert "\n" not in str(refusal.value)
    assert file.read_bytes() == before
