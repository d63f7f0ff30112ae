from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.folder.draw import shape, write_shapes
from training.tasks.folder import pictures
from training.tasks.folder.pictures import gather, read_boxes
from vaevis_tui.errors import UserError
from vaevis_tui.export.picture import PictureFile, read_picture


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("shapes"), 60)


def test_subfolders_are_labels_and_one_in_twenty_is_held_out_by_its_content(
    shapes: Path, tmp_path: Path
) -> None:
    found = gather(shapes, 32, tmp_path)
    assert found.pixels.shape == (60, 3, 32, 32)
    assert {found.labels[i] for i in found.train.tolist()} == {"round", "square"}
    assert 1 <= len(found.held_out) <= 8
    assert not set(found.train.tolist()) & set(found.held_out.tolist())
    # The same picture is held out whatever lies beside it and whatever it is called.
    out = [found.names[i] for i in found.held_out.tolist()]
    fewer = tmp_path / "fewer"
    fewer.mkdir()
    for name in [*out, *[found.names[i] for i in found.train[:20].tolist()]]:
        (fewer / f"renamed-{name.replace('/', '-')}").write_bytes((shapes / name).read_bytes())
    again = gather(fewer, 32, tmp_path / "store")
    kept = {again.names[i].split("-", 2)[2] for i in again.held_out.tolist()}
    assert kept == {name.split("/")[1] for name in out}


def test_what_cannot_be_read_or_repeats_another_is_dropped_and_said(tmp_path: Path) -> None:
    folder = write_shapes(tmp_path / "pictures", 40)
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("<html>")
    whole = (folder / "round" / "000.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "copy.png").write_bytes(whole)
    larger = Image.open(io.BytesIO(whole)).resize((144, 120), Image.Resampling.LANCZOS)
    larger.save(folder / "larger.jpg", quality=85)
    (folder / ".hidden.png").write_bytes(whole)
    found = gather(folder, 32, tmp_path / "store")
    assert len(found) == 40
    assert set(found.dropped) == {"empty.png", "text.jpg", "half.png", "copy.png", "larger.jpg"} or set(
        found.dropped
    ) == {"empty.png", "text.jpg", "half.png", "round/000.png", "larger.jpg"}
    summary = found.summary()
    assert "40 pictures" in summary
    assert "3 files dropped as unreadable" in summary
    assert "2 as near duplicates" in summary
    assert "2 labels" in summary


def test_pictures_are_turned_as_their_camera_says(tmp_path: Path) -> None:
    folder = write_shapes(tmp_path / "pictures", 16)
    image = Image.new("RGB", (40, 40), (250, 0, 0))
    image.paste((0, 0, 250), (0, 0, 40, 20))  # blue above, red below
    exif = Image.Exif()
    exif[0x0112] = 3  # stands on its head
    image.save(folder / "turned.png", exif=exif)
    found = gather(folder, 32, tmp_path / "store")
    pixels = found.pixels[found.names.index("turned.png")]
    assert pixels[0, :12].float().mean() > 200
    assert pixels[2, -12:].float().mean() > 200


def test_the_middle_is_seen_or_what_a_box_says(tmp_path: Path) -> None:
    folder = write_shapes(tmp_path / "pictures", 16)
    wide = Image.new("RGB", (96, 32), (0, 0, 0))
    wide.paste((255, 255, 255), (0, 0, 32, 32))
    wide.save(folder / "wide.png")
    middle = gather(folder, 32, tmp_path / "one")
    at = middle.names.index("wide.png")
    assert int(middle.pixels[at].max()) == 0
    table = tmp_path / "boxes.csv"
    table.write_text("file,left,top,right,bottom\nwide.png,0,0,32,32\n")
    boxed = gather(folder, 32, tmp_path / "one", read_boxes(table))
    assert int(boxed.pixels[at].min()) == 255
    table.write_text("wide.png,200,0,232,32\n")
    outside = gather(folder, 32, tmp_path / "one", read_boxes(table))
    assert "outside its 96x32 pixels" in outside.dropped["wide.png"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no table of boxes"),
        ("a.png,1,2,x,4\nb.png,1,2,3,y\n", "row 2"),
        ("a.png,5,5,5,9\n", "row 1: the box is empty"),
    ],
)
def test_a_table_that_has_no_boxes_is_refused(tmp_path: Path, text: str, message: str) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text(text)
    with pytest.raises(UserError, match=message):
        read_boxes(table)


def test_grey_pictures_have_one_channel(tmp_path: Path) -> None:
    folder = tmp_path / "grey"
    folder.mkdir()
    for i in range(20):
        shape(i, square=False).convert("L").save(folder / f"{i}.png")
    assert gather(folder, 32, tmp_path / "store").pixels.shape[1] == 1


def test_what_was_read_is_read_again_only_where_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_shapes(tmp_path / "pictures", 20)
    first = gather(folder, 32, tmp_path / "store")
    read: list[Path] = []

    def counted(path: Path, least: int) -> PictureFile:
        read.append(path)
        return read_picture(path, least)

    monkeypatch.setattr(pictures, "read_picture", counted)
    again = gather(folder, 32, tmp_path / "store")
    assert not read
    assert torch.equal(first.pixels, again.pixels)
    assert first.digest == again.digest
    shape(99, square=True).save(folder / "new.png")
    assert gather(folder, 32, tmp_path / "store").digest != first.digest
    assert len(read) == 21


def test_names_of_any_bytes_links_that_lead_round_and_pictures_of_any_kind(tmp_path: Path) -> None:
    folder = write_shapes(tmp_path / "pictures", 16)
    kinds = [shape(100 + i, square=False) for i in range(8)]
    for image, name in zip(
        kinds, (b"a b", b"new\nline", b"\xff\xfe", b"\x1b[31m", b"\xffold\n/x"), strict=False
    ):
        path = folder / f"{os.fsdecode(name)}.png"
        path.parent.mkdir(exist_ok=True)
        image.save(path)
    kinds[5].convert("CMYK").save(folder / "print.jpg")
    Image.fromarray(np.asarray(kinds[6].convert("L"), np.uint16) * 257).save(folder / "sixteen.png")
    kinds[7].save(folder / "moving.gif", save_all=True, append_images=kinds[:2])
    Image.new("RGB", (20_000, 12), (9, 200, 9)).save(folder / "wide.png")
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(folder / "small.bmp")
    (folder / "round" / "up").symlink_to(folder)
    (folder / "itself.png").symlink_to(folder / "itself.png")
    (folder / "gone.png").symlink_to("/nowhere/gone.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    found = gather(folder, 32, tmp_path / "store")
    assert (len(found), dict(found.dropped)) == (26, {})
    assert all(name.isprintable() for name in (*found.names, *found.labels))
    sixteen = found.pixels[found.names.index("sixteen.png")].float().mean()
    grey = np.asarray(kinds[6].convert("L").crop((4, 0, 44, 40))).mean()
    assert abs(float(sixteen) - grey) < 4


def test_what_stands_for_too_few_is_named(tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()
    for i in range(20):
        shape(1, square=True).save(tmp_path / "same" / f"{i:02}.png")
    with pytest.raises(UserError, match=r"1 different pictures of 20 files .* for one 01.png repeats 00.png"):
        gather(tmp_path / "same", 32, tmp_path / "store")


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    folder = write_shapes(tmp_path / "pictures", 12)
    with pytest.raises(UserError, match="12 different pictures of 12 files"):
        gather(folder, 32, tmp_path / "store")
    assert not list((tmp_path / "store").glob("*.npy"))


def test_similar_drawings_are_not_taken_for_one(tmp_path: Path) -> None:
    """Hashes of strokes on black are often alike; thumbnails tell them apart."""
    folder = tmp_path / "strokes"
    folder.mkdir()
    for i in range(30):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[4:24, 5 + i // 2 : 8 + i // 2 + i % 2] = 255
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    assert len(gather(folder, 32, tmp_path / "store")) == 30


def test_a_picture_that_goes_while_the_folder_is_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "find_pictures", lambda folder: [folder / "gone.png"])
    with pytest.raises(UserError, match="changes while it is read: no such file or directory; begin again"):
        gather(tmp_path, 32, tmp_path / "store")
