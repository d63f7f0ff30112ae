from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaevis_tui.errors import UserError
from vaevis_tui.export.picture import Crop, read_picture


def quarters(side: int = 64) -> Image.Image:
    """Red, green; blue, white."""
    pixels = np.zeros((side, side, 3), np.uint8)
    half = side // 2
    pixels[:half, :half, 0] = pixels[:half, half:, 1] = pixels[half:, :half, 2] = 255
    pixels[half:, half:] = 255
    return Image.fromarray(pixels)


def corners(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[list[int]]:
    return [picture[y, x].tolist() for y in (1, -2) for x in (1, -2)]


RED, GREEN, BLUE, WHITE, BLACK = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]


def test_a_picture_of_another_size_is_resized(tmp_path: Path) -> None:
    quarters().save(tmp_path / "x.png")
    picture = read_picture(tmp_path / "x.png").fitted(20, 20)
    assert picture.shape == (20, 20, 3)
    assert picture.dtype == np.uint8
    assert corners(picture) == [RED, GREEN, BLUE, WHITE]


def test_the_middle_of_a_wide_picture_is_taken(tmp_path: Path) -> None:
    wide = Image.new("RGB", (192, 64))
    wide.paste(quarters(), (64, 0))
    wide.save(tmp_path / "x.bmp")
    assert corners(read_picture(tmp_path / "x.bmp").fitted(16, 16)) == [RED, GREEN, BLUE, WHITE]


def test_a_photograph_is_turned_as_the_camera_was_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    quarters().save(tmp_path / "x.png", exif=exif)
    assert corners(read_picture(tmp_path / "x.png").fitted(16, 16)) == [WHITE, BLUE, GREEN, RED]


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "x.png")
    assert corners(read_picture(tmp_path / "x.png").fitted(8, 8)) == [BLACK] * 4


def test_colours_are_left_out_for_grey_models(tmp_path: Path) -> None:
    quarters().save(tmp_path / "x.jpg", quality=95)
    picture = read_picture(tmp_path / "x.jpg").fitted(16, 16, grey=True)
    assert (picture == picture[..., :1]).all()
    assert picture[1, 1, 0] == pytest.approx(76, abs=3)  # the luma of red


def test_what_is_no_picture_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    quarters().save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:100])
    for name in ("text.png", "cut.png"):
        with pytest.raises(UserError, match=rf"{name} is not a picture that can be read; expected PNG, JPEG"):
            read_picture(tmp_path / name)
    with pytest.raises(UserError, match=r"missing\.jpg does not exist; name a snapshot or a picture"):
        read_picture(tmp_path / "missing.jpg")
    with pytest.raises(UserError, match="cannot be read: is a directory"):
        read_picture(tmp_path)


def test_a_picture_that_is_too_large_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    quarters().save(tmp_path / "x.png")
    with pytest.raises(UserError, match="more pixels than can be read"):
        read_picture(tmp_path / "x.png")


def test_a_crop_is_moved_and_zoomed_within_the_picture(tmp_path: Path) -> None:
    y, x = np.mgrid[:64, :96]
    pixels = np.stack((x * 2, y * 2, np.zeros_like(x)), axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    picture = read_picture(tmp_path / "wide.png")
    np.testing.assert_array_equal(picture.fitted(64, 64), pixels[:, 16:80])
    right = replace(picture, crop=Crop().changed(right=0.5))
    np.testing.assert_array_equal(right.fitted(64, 64), pixels[:, 32:])
    np.testing.assert_array_equal(
        replace(right, crop=right.crop.changed(right=9, down=9)).fitted(64, 64), pixels[:, 32:]
    )
    near = replace(picture, crop=Crop().changed(right=-1, down=-1, zoom=2))
    np.testing.assert_array_equal(near.fitted(32, 32), pixels[:32, :32])
    assert Crop().changed(zoom=0.1) == Crop()


def test_sixteen_bits_and_fractions_are_as_bright_as_they_were_meant(tmp_path: Path) -> None:
    grey = np.tile(np.linspace(0, 65535, 64), (64, 1))
    Image.fromarray(grey.astype(np.uint16)).save(tmp_path / "grey.png")
    Image.fromarray((grey / 65535).astype(np.float32)).save(tmp_path / "fractions.tif")
    for name in ("grey.png", "fractions.tif"):
        row = read_picture(tmp_path / name).fitted(8, 8)[4, :, 0].astype(int)
        assert np.abs(row - (np.arange(8) + 0.5) * 255 / 8).max() < 4


def test_a_picture_with_damaged_exif_data_is_read_as_it_lies(tmp_path: Path) -> None:
    quarters().save(tmp_path / "x.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f", quality=95, subsampling=0)
    red = read_picture(tmp_path / "x.jpg").fitted(8, 8)[1, 1]
    assert np.abs(red.astype(int) - RED).max() < 8


def test_an_animated_png_is_its_first_image_wherever_the_others_are_cut(tmp_path: Path) -> None:
    quarters().save(tmp_path / "x.png", save_all=True, append_images=[Image.new("RGB", (64, 64))])
    data = (tmp_path / "x.png").read_bytes()
    other = data.index(b"fdAT")
    for kept in (other - 1, other + 6, len(data) - 1):
        (tmp_path / "cut.png").write_bytes(data[:kept])
        assert corners(read_picture(tmp_path / "cut.png").fitted(16, 16)) == [RED, GREEN, BLUE, WHITE]
    (tmp_path / "cut.png").write_bytes(data[: data.index(b"IDAT") + 20])
    with pytest.raises(UserError, match=r"cut\.png is not a picture that can be read"):
        read_picture(tmp_path / "cut.png")


def test_a_damaged_colour_profile_is_left_out(tmp_path: Path) -> None:
    for ending in ("png", "tif"):
        quarters().save(tmp_path / f"x.{ending}", icc_profile=b"no profile")
        picture = read_picture(tmp_path / f"x.{ending}").fitted(16, 16)
        assert corners(picture) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RGB", "P", "1", "I;16"])
def test_a_large_picture_takes_little_more_memory_than_its_pixels(mode: str, tmp_path: Path) -> None:
    Image.new(mode, (7000, 7000)).save(tmp_path / "x.png")
    code = f"""
import resource
from vaevis_tui.export.picture import read_picture
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
picture = read_picture({str(tmp_path / "x.png")!r})
assert picture.image.size == (3500, 3500), picture.image.size
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 420 << 10  # KiB: 4 bytes a pixel are 187 MiB
    assert done.stderr == ""


def test_of_a_picture_beyond_the_limit_only_jpeg_is_read_and_decoded_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pixel takes four bytes: 305 MiB for a header of 80 million, whatever followed it."""
    monkeypatch.setattr("vaevis_tui.export.picture.LARGEST_LOADED", 64 * 64 - 1)
    for ending in ("png", "jpg"):
        quarters().save(tmp_path / f"x.{ending}", quality=95)
    with pytest.raises(UserError, match=r"x\.png has 0 million pixels, which is more than"):
        read_picture(tmp_path / "x.png")
    assert read_picture(tmp_path / "x.jpg").image.size == (32, 32)
