from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.models.make import write_bundle
from training.directions import search as module
from training.directions.attributes import Attribute, Pixels, Values
from training.directions.examples import Examples, Split
from training.directions.finding import Finding
from training.directions.search import Search, card_text, distinct, fit_attribute, orthogonal_to
from vaevis_tui.latent.arrays import Latent
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models import catalog
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.resources import weights_dir

SIDE = 8
PATTERNS = np.zeros((4, SIDE, SIDE, 3))
"""What each dimension adds to the image: light, the right half's, a class's corner, and nothing."""
PATTERNS[0] = 20
PATTERNS[1, :, SIDE // 2 :] = 12
PATTERNS[2, :2, :2] = 40


class LinearCoder:
    """Decodes by adding patterns and encodes by least squares."""

    def __init__(self, space: LatentSpace) -> None:
        self.space = space

    def decode(self, z: Latent) -> Pixels:
        image = 128 + np.tensordot(np.asarray(z, np.float64), PATTERNS, axes=1)
        return np.asarray(np.clip(image, 0, 255).round(), np.uint8)

    def encode(self, images: Pixels) -> Latent:
        flat = PATTERNS.reshape(4, -1)
        offsets = images.reshape(len(images), -1) - 128.0
        return np.asarray(offsets @ np.linalg.pinv(flat), np.float32)


def examples(coder: LinearCoder, count: int, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    z = rng.standard_normal((count, 4)).astype(np.float32)
    z[:, 2] = (2 * labels - 1) * 1.0 + 0.1 * z[:, 2]
    return Examples(coder.decode(z), labels, z)


def search(classes: bool = True) -> Search:
    coder = LinearCoder(LatentSpace.standard_normal(4))
    return Search(coder, Split(examples(coder, 2000, 1), examples(coder, 500, 2), classes))


def mean_light(images: Pixels) -> Values:
    return np.asarray(images.mean(axis=(1, 2, 3), dtype=np.float64))


def right_half(images: Pixels) -> Values:
    return np.asarray(images[:, :, SIDE // 2 :].mean(axis=(1, 2, 3), dtype=np.float64))


LIGHT = Attribute("light", "dark", "light", mean_light)


def test_a_direction_is_along_what_was_measured_and_is_tried_on_decodes() -> None:
    (found,) = search().attributes((LIGHT,))
    np.testing.assert_allclose(np.abs(found.along[[0, 3]]), (0.958, 0), atol=0.02)  # light is 20, the half 6
    assert found.strength > 0.98
    assert found.effect == pytest.approx(1, abs=0.05)
    assert found.visible == pytest.approx(20, rel=0.1)
    assert found.ships


def test_controls_stay_as_they_are() -> None:
    (found,) = search().attributes((Attribute("right", "", "", right_half, (LIGHT,)),))
    x = np.zeros((2, 4))
    x[1] = found.along
    light = mean_light(LinearCoder(LatentSpace.standard_normal(4)).decode(x.astype(np.float32) * 3))
    assert abs(light[1] - light[0]) < 1.0
    assert found.along[1] > 0.9
    assert found.ships


def test_what_the_data_do_not_hold_does_not_ship() -> None:
    noise = np.random.default_rng(5)
    (found,) = search().attributes((Attribute("luck", "", "", lambda images: noise.random(len(images))),))
    assert found.strength < module.LEAST_STRENGTH
    assert not found.ships


def test_a_transform_is_a_direction_too() -> None:
    def lighter(images: Pixels) -> Pixels:
        return np.asarray(np.clip(images.astype(np.int64) + 15, 0, 255), np.uint8)

    (found,) = search().attributes((replace(LIGHT, transform=lighter),))
    np.testing.assert_allclose(found.along, (1, 0, 0, 0), atol=0.05)
    assert found.strength == 1
    assert found.ships


def test_the_way_between_classes_leads_to_the_other_class() -> None:
    (found,) = search().classes()
    assert (found.name, found.low, found.high) == ("0 to 1", "0", "1")
    np.testing.assert_allclose(found.along, (0, 0, 1, 0), atol=0.1)
    assert found.strength == 1
    assert found.effect > 0.9
    assert found.ships


def test_an_attribute_is_looked_for_within_classes() -> None:
    def corner(images: Pixels) -> Values:
        return np.asarray(images[:, :2, :2].mean(axis=(1, 2, 3), dtype=np.float64))

    attribute = Attribute("corner", "", "", corner)
    found = {classes: next(iter(search(classes).attributes((attribute,)))) for classes in (True, False)}
    assert found[True].strength > 0.9
    assert found[False].along[2] / found[False].along[0] == pytest.approx(40 / 20, rel=0.1)

    def which(images: Pixels) -> Values:
        return np.asarray(corner(images) - mean_light(images) > 0, np.float64)

    with pytest.raises(ValueError, match="does not vary"):
        next(iter(search(classes=True).attributes((replace(attribute, measure=which),))))


def test_ridge_regression_of_a_linear_attribute_is_exact() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 3)) @ np.diag((1, 2, 0.5))
    wanted = np.array([0.6, 0.0, 0.8])
    np.testing.assert_allclose(fit_attribute(x, x @ wanted, ridge=1e-9), wanted, atol=1e-6)
    with pytest.raises(ValueError, match="does not vary"):
        fit_attribute(x, np.zeros(4000))
    np.testing.assert_allclose(orthogonal_to(wanted, [np.array([2.0, 0, 0])]), (0, 0, 1), atol=1e-12)


def finding(name: str, along: tuple[float, ...], ships: bool = True) -> Finding:
    unit = np.array(along) / np.linalg.norm(along)
    return Finding(name, f"less {name}", f"more {name}", unit, 0.9, 0.5, 10.0, ships)


def test_of_two_that_are_nearly_the_same_the_first_ships() -> None:
    along = ((1.0, 0.0), (0.99, 0.1), (-1.0, 0.0), (0.0, 1.0))
    findings = [finding(name, each) for name, each in zip("abcd", along, strict=True)]
    assert [each.ships for each in distinct(findings)] == [True, False, False, True]
    findings[0] = replace(findings[0], ships=False)
    assert [each.ships for each in distinct(findings)] == [False, True, False, True]


def test_the_card_s_table_is_replaced_and_the_rest_of_it_kept() -> None:
    card = 'name = "a"\n\n[figures]\nx = 1\n'
    first = card_text(card, [finding("thickness", (1, 0)), finding("slant", (0, 1), ships=False)])
    table = tomllib.loads(first)
    assert table["figures"] == {"x": 1}
    assert table["directions"] == {
        "thickness": {
            "ends": ["less thickness", "more thickness"],
            "strength": 0.9,
            "effect": 0.5,
            "visible": 10.0,
        }
    }
    assert card_text(first, [finding("thickness", (1, 0))]) == first
    assert card_text(first, []) == card
    assert tomllib.loads(card_text(first + "\n[more]\ny = 2\n", [finding("b", (1, 0))]))["more"] == {"y": 2}


def test_what_ships_is_written_into_the_bundle(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny", latent_dim=4)
    before = open_bundle(folder).space
    findings = [finding("thickness", (0, 3, 0, 4)), finding("slant", (1, 0, 0, 0), ships=False)]
    module.write(folder, before, findings)
    bundle = open_bundle(folder)
    found = bundle.space.directions
    assert found is not None
    assert (found.names, found.lows, found.highs) == (
        ("thickness",),
        ("less thickness",),
        ("more thickness",),
    )
    along = bundle.space.whiten(bundle.space.mean + found.vectors[0])
    np.testing.assert_allclose(along, (0, 0.6, 0, 0.8), atol=1e-5)
    np.testing.assert_array_equal(bundle.space.axes, before.axes)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_data_of_which_no_attributes_are_known_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_bundle(tmp_path / "tiny", latent_dim=4)
    assert module.main([str(folder), "--data-root", str(tmp_path)]) == 2
    assert "nothing is known of attributes of none; MNIST or DogFaceNet" in capsys.readouterr().err


SHIPPED = {
    "mnist": ["thickness", "slant", "width", "size", "4 to 9"],
    "mnist-2d": ["slant", "width"],
    "dog": ["light", "warmth", "looks", "distance", "mouth", "background"],
}


@pytest.mark.parametrize("name", catalog.names())
def test_a_shipped_model_s_directions_are_those_of_its_card(name: str) -> None:
    found = open_bundle(name).space.directions
    card = tomllib.loads((weights_dir() / name / "model.toml").read_text(encoding="utf-8"))["directions"]
    assert found is not None
    assert list(found.names) == list(card)
    assert set(SHIPPED.get(name, [])) <= set(found.names)
    for row, (low, high) in enumerate(zip(found.lows, found.highs, strict=True)):
        told = card[found.names[row]]
        assert told["ends"] == [low, high]
        assert told["strength"] == pytest.approx(found.strengths[row], abs=1e-3)
        assert told["strength"] >= module.LEAST_STRENGTH
        assert told["effect"] >= module.LEAST_EFFECT
