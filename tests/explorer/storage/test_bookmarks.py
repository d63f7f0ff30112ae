from __future__ import annotations

import json
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.tui.support import make_bundle
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage import bookmarks as module
from vaevis_tui.explorer.storage.bookmarks import Bookmarks, thumbnail
from vaevis_tui.explorer.storage.model_data import ModelData, model_hash
from vaevis_tui.models.bundle import open_bundle

DIM = 3


def image(height: int = 5, width: int = 7, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def opened(folder: Path, dim: int = DIM) -> Bookmarks:
    return Bookmarks(ModelData("ab12", folder), dim)


def test_a_bookmark_comes_back_to_the_bit_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    z = np.random.default_rng(1).standard_normal(DIM).astype(np.float32)
    made = opened(tmp_path / "models").add(z, "  the café ", image())
    (back,) = opened(tmp_path / "models").items
    assert (back.id, back.name) == (made.id, "the café")
    np.testing.assert_array_equal(back.z, z)
    np.testing.assert_array_equal(back.thumbnail, image())
    file = tmp_path / "models" / "ab12" / "bookmarks.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_they_are_named_renamed_removed_restored_and_found(tmp_path: Path) -> None:
    marks = opened(tmp_path)
    first, second = (marks.add(np.full(DIM, n), name, image()) for n, name in ((1, ""), (2, "Brown dog")))
    assert (first.name, second.name) == ("bookmark 1", "Brown dog")
    assert marks.free_name() == "bookmark 2"
    marks.rename(first.id, "white")
    assert [each.name for each in opened(tmp_path).items] == ["white", "Brown dog"]
    assert [each.id for each in marks.search("DOG")] == [second.id]
    removed = marks.remove(first.id)
    assert removed is not None
    assert marks.remove(first.id) is None
    assert [each.id for each in opened(tmp_path).items] == [second.id]
    marks.restore(removed)
    assert [each.id for each in opened(tmp_path).items] == [second.id, first.id]
    assert marks.find(first.id) is marks.items[1]


def test_two_programs_do_not_undo_each_other_s_work(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    one.add(np.zeros(DIM), "one", image())
    other.add(np.ones(DIM), "other", image())
    one.add(np.ones(DIM), "third", image())
    assert [each.name for each in one.items] == ["one", "other", "third"]


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_programs_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np, pathlib\n"
        "from vaevis_tui.explorer.storage.bookmarks import Bookmarks\n"
        "from vaevis_tui.explorer.storage.model_data import ModelData\n"
        "marks = Bookmarks(ModelData('ab12', pathlib.Path(sys.argv[1])), 3)\n"
        "for n in range(10): marks.add(np.full(3, n), sys.argv[2], np.zeros((2, 2, 3), np.uint8))\n"
    )
    programs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [program.wait() for program in programs] == [0, 0]
    names = sorted(each.name for each in opened(tmp_path).items)
    assert names == ["a"] * 10 + ["b"] * 10


def test_a_thumbnail_is_small_whatever_the_image() -> None:
    assert thumbnail(image(128, 128)).shape == (64, 64, 3)
    assert thumbnail(image(1000, 20)).shape == (64, 1, 3)
    np.testing.assert_array_equal(thumbnail(image(28, 28)), image(28, 28))
    grey = np.full((200, 300, 3), 77, np.uint8)
    assert thumbnail(grey).shape == (43, 64, 3)
    assert np.unique(thumbnail(grey)).tolist() == [77]


@pytest.mark.parametrize(
    ("z", "name", "message"),
    [
        ([1.0], "a", "has 3 finite numbers"),
        ([1.0, np.nan, 0.0], "a", "has 3 finite numbers"),
        ([0.0] * 3, "a\nb", "characters of one line"),
        ([0.0] * 3, "x" * 81, "a name has 1 to 80 characters"),
    ],
)
def test_what_is_no_bookmark_is_refused(tmp_path: Path, z: list[float], name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        opened(tmp_path).add(z, name, image())
    assert not (tmp_path / "ab12").exists()


def test_there_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 2)
    marks = opened(tmp_path)
    for _ in range(2):
        marks.add(np.zeros(DIM), "", image())
    with pytest.raises(UserError, match="there are 2 bookmarks already; remove some first"):
        marks.add(np.zeros(DIM), "", image())
    assert len(opened(tmp_path)) == 2


def kept(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    opened(tmp_path).add(np.zeros(DIM), "a", image())
    file = tmp_path / "ab12" / "bookmarks.json"
    return file, json.loads(file.read_text())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has format 2"),
        ({"latent_dim": 4}, "they have 4 numbers each; expected 3"),
        ({"names": []}, "1 ids, 0 names"),
        ({"names": ["\x1b[2J"]}, "a name has 1 to 80 characters"),
        ({"names": "a"}, "expected a list of texts"),
        ({"z": "AAAA"}, "z is damaged"),
        ({"thumbnails": ["AAAA"]}, "a thumbnail is damaged"),
        ({"thumbnails": ["!"]}, "a thumbnail is damaged"),
        ({"thumbnails": ["////////"]}, "a thumbnail is damaged"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line_and_not_written_over(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    marks = opened(tmp_path)
    file, fields = kept(tmp_path)
    file.write_text(json.dumps(fields | change))
    before = file.read_bytes()
    for act in (lambda: opened(tmp_path), lambda: marks.add(np.zeros(DIM), "b", image())):
        with pytest.raises(UserError) as refusal:
            act()
        assert message in str(refusal.value)
        assert str(refusal.value).startswith(str(file))
        assert str(refusal.value).endswith("move it away to start over")
        assert "\n" not in str(refusal.value)
    assert file.read_bytes() == before


def test_a_thumbnail_that_unpacks_to_more_than_its_size_is_refused(tmp_path: Path) -> None:
    import base64
    import zlib

    file, fields = kept(tmp_path)
    bomb = base64.b64encode(bytes((1, 1)) + zlib.compress(bytes(50 << 20))).decode()
    file.write_text(json.dumps(fields | {"thumbnails": [bomb]}))
    with pytest.raises(UserError, match="a thumbnail is damaged"):
        opened(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    marks = opened(tmp_path / "models")
    (tmp_path / "models").touch()
    with pytest.raises(UserError, match=r"bookmarks\.json was not saved: "):
        marks.add(np.zeros(DIM), "a", image())
    assert len(marks) == 0


@given(st.data())
@settings(deadline=None)
def test_a_changed_byte_is_bookmarks_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("data")
    file, _ = kept(folder)
    text = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(text)
    with suppress(UserError):
        for each in opened(folder).items:
            assert np.isfinite(each.z).all()
            assert each.name.isprintable()


def test_a_model_is_known_by_its_decoder_s_bytes(tmp_path: Path) -> None:
    names = {model_hash(open_bundle(name)) for name in ("mnist", "mnist-2d")}
    assert len(names) == 2
    assert model_hash(open_bundle("mnist")) in names
    assert model_hash(make_bundle("rings")) != model_hash(make_bundle("others"))
