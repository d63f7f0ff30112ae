"""Sheets: every image where it belongs, to the pixel, and the same bytes for the same sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from vaevis_tui.errors import UserError
from vaevis_tui.export.sheet import DARK, LIGHT, Labels, contact_sheet, draw_sheet, montage
from vaevis_tui.export.sheet_files import save_arrays, save_sheet


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def test_a_montage_is_its_images_side_by_side() -> None:
    images = noise(2, 3, 5, 4, 3)
    sheet = montage(images, scale=2, gap=3, colour=(9, 8, 7))
    assert sheet.shape == (2 * (10 + 3) - 3, 3 * (8 + 3) - 3, 3)
    for row in range(2):
        for column in range(3):
            tile = sheet[row * 13 :, column * 11 :][:10, :8]
            np.testing.assert_array_equal(tile, images[row, column].repeat(2, 0).repeat(2, 1))
    np.testing.assert_array_equal(sheet[10:13], np.broadcast_to([9, 8, 7], (3, 30, 3)))


def test_a_sheet_too_large_for_memory_is_refused() -> None:
    with pytest.raises(UserError, match="100 million pixels; take fewer images or a smaller scale"):
        montage(np.zeros((100, 100, 8, 8, 3), np.uint8), scale=64)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_image_of_a_labelled_sheet_is_whole(theme: object) -> None:
    images = noise(2, 3, 100, 100, 3)
    labels = Labels("Title", "note", ["a", "b"], ["1", "2", "3"], "down", "across", 1)
    sheet = draw_sheet(images, labels, theme=theme)  # type: ignore[arg-type]
    body = np.argwhere((sheet == images[0, 0, 0, 0]).all(-1))
    for top, left in body:
        if np.array_equal(sheet[top : top + 100, left : left + 100], images[0, 0]):
            break
    else:
        pytest.fail("the first image is not on the sheet")
    for row in range(2):
        for column in range(3):
            tile = sheet[top + 105 * row :, left + 105 * column :][:100, :100]
            np.testing.assert_array_equal(tile, images[row, column])
    np.testing.assert_array_equal(sheet, draw_sheet(images, labels, theme=theme))  # type: ignore[arg-type]


def test_labels_are_drawn_where_nothing_is_cut_off() -> None:
    """A title and a row's name longer than the images: the border round everything stays empty."""
    labels = Labels(
        "A title that is much longer than two digits",
        "A note that is longer, too, than they are",
        ["a long name"],
    )
    sheet = draw_sheet(noise(1, 2, 28, 28, 3), labels)
    border = np.concatenate(
        [
            sheet[:4].reshape(-1, 3),
            sheet[-4:].reshape(-1, 3),
            sheet[:, :4].reshape(-1, 3),
            sheet[:, -4:].reshape(-1, 3),
        ]
    )
    assert (border == LIGHT.background).all()
    assert draw_sheet(noise(1, 2, 28, 28, 3)).shape != sheet.shape


def test_places_without_an_image_stay_empty() -> None:
    images, present = contact_sheet(noise(5, 100, 100, 3))
    assert images.shape[:2] == (2, 3)
    sheet = draw_sheet(images, theme=DARK, present=present)
    assert (sheet[105:, 210:] == DARK.background).all()
    assert not (sheet[105:, 105:205] == DARK.background).all()


def test_a_png_and_a_pdf_are_read_back_by_others(tmp_path: Path) -> None:
    sheet = noise(90, 120, 3)
    png = save_sheet(tmp_path / "sheet.png", sheet, metadata={"Software": "vaevis-tui"})
    with Image.open(png) as image:
        np.testing.assert_array_equal(np.asarray(image), sheet)
        assert image.info["Software"] == "vaevis-tui"
    pdf = save_sheet(tmp_path / "sheet.pdf", sheet)
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    (picture,) = document[0].get_objects()
    shown = np.asarray(picture.get_bitmap().to_pil().convert("RGB"))
    np.testing.assert_array_equal(shown, sheet)
    again = save_sheet(tmp_path / "again.pdf", sheet)
    assert again.read_bytes() == pdf.read_bytes()


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(b"mine")
    with pytest.raises(UserError, match=r"sheet\.png exists; name another file, or replace it with --force"):
        save_sheet(path, noise(8, 8, 3))
    assert path.read_bytes() == b"mine"
    save_sheet(path, noise(8, 8, 3), force=True)
    assert path.read_bytes() != b"mine"
    save_arrays(tmp_path / "a.npz", {"z": np.zeros(3)})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.npz", "sheet.png"]


@pytest.mark.parametrize("name", ["sheet.jpg", "sheet", "no/folder/sheet.png"])
def test_a_sheet_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        save_sheet(tmp_path / name, noise(8, 8, 3))
    assert list(tmp_path.iterdir()) == []
