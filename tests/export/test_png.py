from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.support import full_disk
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import check_free
from vaevis_tui.export.png import MAX_SIDE, read_metadata, save_png, save_snapshot, unique_path

NOW = datetime(2026, 1, 31, 23, 59, 58)
PICTURE = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Not as root, to whom every folder is writable."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def one_line(error: pytest.ExceptionInfo[UserError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_the_picture_comes_back_to_the_bit(tmp_path: Path) -> None:
    path = save_png(tmp_path / "a.png", PICTURE)
    assert path == tmp_path / "a.png"
    assert np.array_equal(pixels(path), PICTURE)
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")


def test_each_pixel_becomes_a_square_of_equal_ones(tmp_path: Path) -> None:
    large = pixels(save_png(tmp_path / "a.png", PICTURE, scale=3))
    assert large.shape == (15, 21, 3)
    for row, column in np.ndindex(3, 3):
        assert np.array_equal(large[row::3, column::3], PICTURE)


def test_pictures_that_are_views_are_written_too(tmp_path: Path) -> None:
    assert np.array_equal(pixels(save_png(tmp_path / "a.png", PICTURE[::-1, ::2])), PICTURE[::-1, ::2])


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9 _:.-]{0,40}[a-z0-9]", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        max_size=4,
    )
)
def test_texts_come_back_in_any_script(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("texts") / "a.png"
    assert read_metadata(save_png(path, PICTURE, metadata=texts)) == texts


@pytest.mark.parametrize("keyword", ["", "k" * 80, "ключ", " a", "a\nb"])
def test_keywords_that_png_has_no_room_for_are_refused(tmp_path: Path, keyword: str) -> None:
    with pytest.raises(ValueError, match="keyword"):
        save_png(tmp_path / "a.png", PICTURE, metadata={keyword: "x"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "picture",
    [PICTURE.astype(np.float32), PICTURE[:, :, :1], PICTURE[0], np.zeros((0, 3, 3), np.uint8)],
)
def test_other_arrays_are_refused(tmp_path: Path, picture: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        save_png(tmp_path / "a.png", picture)


@pytest.mark.parametrize("scale", [0, -1, 1.5, True, MAX_SIDE // 7 + 1, 10**12])
def test_scales_that_do_not_fit_are_refused(tmp_path: Path, scale: int) -> None:
    with pytest.raises(UserError, match=f"from 1 to {MAX_SIDE // 7}"):
        save_png(tmp_path / "a.png", PICTURE, scale=scale)


def test_a_file_that_was_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    save_png(tmp_path / "a.png", PICTURE)
    assert np.array_equal(pixels(tmp_path / "a.png"), PICTURE)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


def test_others_may_read_it_as_far_as_the_umask_lets_them(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        path = save_png(tmp_path / "a.png", PICTURE)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    with full_disk(50), pytest.raises(UserError) as error:
        save_png(tmp_path / "a.png", PICTURE, scale=20)
    assert "a.png cannot be written: file too large" in one_line(error)
    assert (tmp_path / "a.png").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


def test_whoever_reads_meanwhile_sees_a_whole_file(tmp_path: Path) -> None:
    path = save_png(tmp_path / "a.png", PICTURE)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [save_png(path, PICTURE, scale=scale) for scale in range(1, 40)])
        while not writing.done():
            assert pixels(path).shape[0] % 5 == 0
        writing.result()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(b"precious")
    link, lost = tmp_path / "a.png", tmp_path / "b.png"
    link.symlink_to(other)
    lost.symlink_to(tmp_path / "nowhere")
    for path in (link, lost):
        with pytest.raises(UserError, match=r"[ab]\.png (exists; name another|is not a regular file)"):
            check_free(path, force=False)
        save_png(path, PICTURE)  # as with --force: the link is replaced, as by others who write whole files
        assert not path.is_symlink()
    assert other.read_bytes() == b"precious"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/a.png", "missing does not exist; create it"),
        ("file/a.png", "file is not a folder"),
        ("a.jpg", "must end in .png"),
        ("a", "must end in .png"),
        ("folder.png", "not a regular file"),
        ("pipe.png", "not a regular file"),
        ("n" * 300 + ".png", "file name too long"),
    ],
)
def test_places_that_are_no_good_are_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError) as error:
        save_png(tmp_path / name, PICTURE)
    assert message in one_line(error)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "write", [lambda folder: save_png(folder / "a.png", PICTURE), lambda f: unique_path(f, "a", NOW)]
)
def test_an_unwritable_folder_is_named(tmp_path: Path, write: Any) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    with unprivileged(), pytest.raises(UserError) as error:
        write(folder)
    assert "not writable; name a folder that is" in one_line(error)


def test_a_snapshot_is_named_by_stem_and_time(tmp_path: Path) -> None:
    names = [unique_path(tmp_path, "mnist", NOW).name for _ in range(3)]
    assert names == [f"mnist-20260131-235958{suffix}.png" for suffix in ("", "-2", "-3")]


def test_a_snapshot_never_replaces_another_nor_what_else_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "mnist-20260131-235958.png").write_bytes(b"mine")
    (tmp_path / "mnist-20260131-235958-2.png").symlink_to(tmp_path / "nowhere")
    assert save_snapshot(tmp_path, "mnist", NOW, PICTURE).name == "mnist-20260131-235958-3.png"
    assert (tmp_path / "mnist-20260131-235958.png").read_bytes() == b"mine"


def test_a_snapshot_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with full_disk(50), pytest.raises(UserError):
        save_snapshot(tmp_path, "mnist", NOW, PICTURE, scale=20)
    with pytest.raises(ValueError, match="keyword"):
        save_snapshot(tmp_path, "mnist", NOW, PICTURE, metadata={"": "x"})
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_for_snapshots_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        save_snapshot(tmp_path / "missing", "mnist", NOW, PICTURE)
    assert f"the folder {tmp_path / 'missing'} does not exist" in one_line(error)


MANY_SNAPSHOTS = """
import sys
from datetime import datetime
import numpy as np
from vaevis_tui.export.png import save_snapshot
for _ in range(20):
    picture = np.full((3, 3, 3), int(sys.argv[2]), np.uint8)
    print(save_snapshot(sys.argv[1], "mnist", datetime(2026, 1, 31, 23, 59, 58), picture))
"""


def test_programs_at_once_in_one_folder_never_get_the_same_name(tmp_path: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", MANY_SNAPSHOTS, str(tmp_path), str(shade)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for shade in (10, 20, 30)
    ]
    saved = {
        shade: program.communicate()[0].split() for shade, program in zip((10, 20, 30), programs, strict=True)
    }
    assert len({path for paths in saved.values() for path in paths}) == 60
    assert len(list(tmp_path.iterdir())) == 60
    for shade, paths in saved.items():
        assert all(np.all(pixels(Path(path)) == shade) for path in paths)


def test_a_file_that_is_no_png_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "cut.png").write_bytes(save_png(tmp_path / "whole.png", PICTURE).read_bytes()[:20])
    (tmp_path / "empty.png").touch()
    Image.fromarray(PICTURE).save(tmp_path / "jpeg.png", format="JPEG")
    for name in ("text.png", "cut.png", "empty.png", "jpeg.png"):
        with pytest.raises(UserError) as error:
            read_metadata(tmp_path / name)
        assert f"{name} is not a PNG file" in one_line(error)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_metadata(tmp_path / "missing.png")
    with pytest.raises(UserError, match="cannot be read: is a directory"):
        read_metadata(tmp_path)


def test_pillow_is_imported_only_when_something_is_written() -> None:
    check = "import sys, vaevis_tui.export.png, vaevis_tui.export.snapshot; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("name", ["/dir/x", "../x", "x\x1b]0;P\a", "..", "", "x" * 400])
def test_no_models_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = save_snapshot(tmp_path / "in", name, datetime(2026, 1, 31), np.zeros((4, 4, 3), np.uint8))
    assert path.parent == tmp_path / "in"
    assert path.name.isprintable()
    assert [each.name for each in tmp_path.iterdir()] == ["in"]
