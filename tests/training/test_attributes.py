from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.directions import attributes
from training.directions.attributes import DIGITS, DOGS, Attribute, Pixels


def stroke(thickness: float = 3, slant: float = 0, width: float = 6, height: float = 16) -> NDArray[np.uint8]:
    """A ring, drawn large and reduced."""
    scale = 8
    image = Image.new("L", (28 * scale, 28 * scale))
    turns = np.linspace(0, 2 * np.pi, 200)
    x, y = width / 2 * np.cos(turns), height / 2 * np.sin(turns)
    points = [((14 + a - slant * b) * scale, (14 + b) * scale) for a, b in zip(x, y, strict=True)]
    ImageDraw.Draw(image).line(points, fill=255, width=round(thickness * scale), joint="curve")
    return np.asarray(image.resize((28, 28), Image.Resampling.BOX).convert("RGB"))


def named(name: str, among: tuple[Attribute, ...]) -> Attribute:
    return next(each for each in among if each.name == name)


@pytest.mark.parametrize(
    ("name", "images"),
    [
        ("thickness", [stroke(thickness=t) for t in (1.5, 2.5, 3.5, 5)]),
        ("slant", [stroke(slant=s) for s in (-0.4, -0.1, 0, 0.3)]),
        ("width", [stroke(width=w) for w in (4, 6, 9, 12)]),
        ("size", [stroke(width=w, height=w) for w in (8, 11, 14, 18)]),
    ],
)
def test_an_attribute_of_digits_rises_with_what_it_is_named_for(name: str, images: list[Pixels]) -> None:
    values = named(name, DIGITS).of(np.stack(images))
    assert (np.diff(values) > 0).all()


def test_thickness_and_slant_are_in_pixels_and_pixels_a_pixel() -> None:
    thickness, slant = (named(name, DIGITS) for name in ("thickness", "slant"))
    assert thickness.of(stroke(thickness=3)[None])[0] == pytest.approx(3, rel=0.15)
    assert slant.of(stroke(slant=0.3)[None])[0] == pytest.approx(0.3, abs=0.05)
    assert slant.of(stroke()[None])[0] == pytest.approx(0, abs=0.01)
    assert named("width", DIGITS).of(stroke(slant=0.3)[None]) == pytest.approx(
        named("width", DIGITS).of(stroke()[None]), rel=0.05
    )


def test_a_blank_image_has_finite_attributes() -> None:
    for blank in (np.zeros((2, 28, 28, 3), np.uint8), np.full((2, 28, 28, 3), 255, np.uint8)):
        for attribute in (*DIGITS, *(each for each in DOGS if each.transform is None)):
            assert np.isfinite(attribute.of(blank)).all()


def face(**colours: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A grey image with boxes of other colours in it."""
    image = np.full((64, 64, 3), 128, np.uint8)
    places = {
        "sides": [(0, 0, 6, 64), (58, 0, 64, 64)],
        "face": [(18, 10, 46, 42)],
        "mouth": [(24, 52, 40, 63)],
        "right": [(32, 10, 46, 42)],
    }
    for place, colour in colours.items():
        for left, top, right, bottom in places[place]:
            image[top:bottom, left:right] = colour
    return image


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("light", face(face=(0, 0, 0)), face(face=(255, 255, 255))),
        ("warmth", face(face=(60, 90, 200)), face(face=(200, 110, 40))),
        ("coat", face(face=(30, 30, 30)), face(face=(200, 200, 200))),
        ("coat colour", face(), face(face=(170, 110, 60))),
        ("background", face(sides=(0, 0, 0)), face(sides=(250, 250, 250))),
        ("background colour", face(sides=(200, 30, 60)), face(sides=(60, 180, 60))),
        ("light from", face(right=(60, 60, 60)), face(right=(220, 220, 220))),
        ("mouth", face(mouth=(20, 20, 20)), face(mouth=(220, 110, 120))),
    ],
)
def test_an_attribute_of_dogs_rises_with_what_it_is_named_for(name: str, less: Pixels, more: Pixels) -> None:
    low, high = named(name, DOGS).of(np.stack([less, more]))
    assert high > low + 5


def test_the_nose_is_found_where_it_is() -> None:
    images = np.full((3, 128, 128, 3), 160, np.uint8)
    for image, (x, y) in zip(images, ((54, 92), (64, 85), (76, 104)), strict=True):
        image[y - 5 : y + 5, x - 5 : x + 5] = 10
    np.testing.assert_allclose(named("looks", DOGS).of(images) * 128, (54, 64, 76), atol=1.5)
    np.testing.assert_allclose(named("nose", DOGS).of(images) * 128, (92, 85, 104), atol=1.5)


def test_nearer_enlarges_the_middle() -> None:
    image = np.zeros((1, 128, 128, 3), np.uint8)
    image[:, 44:84, 44:84] = 255
    near = attributes.nearer(image)
    assert near.shape == image.shape
    assert np.sqrt((near > 127).mean() / (image > 127).mean()) == pytest.approx(attributes.ZOOM, rel=0.02)
    with pytest.raises(NotImplementedError):
        named("distance", DOGS).of(image)


def test_names_are_unique_and_have_ends() -> None:
    for kind in (DIGITS, DOGS):
        assert len({each.name for each in kind}) == len(kind)
        assert all(each.name and each.low and each.high for each in kind)
