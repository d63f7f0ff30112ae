"""The verbs as scripts use them: the same numbers as from Python, files that are whole, one line if not."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vaevis_tui
from tests.support import full_disk
from vaevis_tui.api import Model
from vaevis_tui.cli import main
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.resources import weights_dir


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def mnist() -> Model:
    return vaevis_tui.load("mnist")


def run(*arguments: str) -> None:
    assert main(arguments) == 0


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vaevis-tui: error: ")
    assert err.count("\n") == 1
    return err


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def program(*arguments: str, data: bytes = b"") -> bytes:
    command = [sys.executable, "-m", "vaevis_tui", *arguments]
    root = Path(vaevis_tui.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, input=data, capture_output=True, check=True, env=environment).stdout


@pytest.mark.parametrize("ending", ["csv", "json", "npy", "npz"])
def test_samples_of_any_format_are_decoded_to_the_images_of_python(ending: str, mnist: Model) -> None:
    run("sample", "--model", "mnist", "--seed", "4", "--n", "5", "--out", f"z.{ending}")
    run("decode", "--model", "mnist", f"z.{ending}", "--out", "images.npz")
    with np.load("images.npz") as archive:
        np.testing.assert_array_equal(archive["z"], mnist.sample(4, 5))
        np.testing.assert_array_equal(archive["images"], mnist.decode(mnist.sample(4, 5)))
    run("decode", "--model", "mnist", f"z.{ending}", "--out", "images.npy")
    np.testing.assert_array_equal(np.load("images.npy"), mnist.decode(mnist.sample(4, 5)))


def test_standard_input_and_output_make_a_pipe(mnist: Model) -> None:
    z = program("sample", "--model", "mnist", "--seed", "4")
    image = program("decode", "--model", "mnist", "-", "--out", "-", data=z)
    with Image.open(io.BytesIO(image)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), mnist.decode(mnist.sample(4))[0])


def test_a_folder_has_a_snapshot_of_each(mnist: Model, capsys: pytest.CaptureFixture[str]) -> None:
    run("decode", "--model", "mnist", "--seed", "4", "--n", "3", "--out", "digits/")
    z = mnist.sample(4, 3)
    for number, path in enumerate(sorted(Path("digits").iterdir())):
        assert path.name == f"000{number}.png"
        np.testing.assert_array_equal(pixels(path), mnist.decode(z[number])[0])
        info = SnapshotInfo.from_metadata(read_metadata(path))
        np.testing.assert_array_equal(info.latent, z[number])
    run("decode", *(f"digits/000{number}.png" for number in range(3)), "--out", "back.npy")
    np.testing.assert_array_equal(np.load("back.npy"), mnist.decode(z))
    assert "digits/0000.png exists" in refused(capsys, "decode", "--model", "mnist", "--out", "digits")
    run("decode", "--model", "mnist", "--out", "digits", "--force")


def test_sigma_is_z_in_deviations(mnist: Model, capsys: pytest.CaptureFixture[str]) -> None:
    sigma = np.linspace(-1, 1, mnist.info.latent_dim)
    run("decode", "--model", "mnist", "--sigma", ",".join(map(str, sigma)), "--out", "a.png")
    np.testing.assert_array_equal(pixels("a.png"), mnist.decode(mnist.from_sigma(sigma))[0])
    assert capsys.readouterr().err == ""
    far = [25.0, *[0.0] * (mnist.info.latent_dim - 1)]
    run("decode", "--model", "mnist", "--sigma", ",".join(map(str, far)), "--out", "far.png")
    assert "25 σ from the mean: most data lie within 2" in capsys.readouterr().err
    np.testing.assert_array_equal(pixels("far.png"), mnist.decode(mnist.from_sigma(far))[0])
    run("sample", "--model", "mnist", "--in-sigma", "--out", "s.npy")
    np.testing.assert_allclose(np.load("s.npy"), mnist.space.to_sigma(mnist.sample(0)), atol=1e-6)
    run("decode", "--model", "mnist", "s.npy", "--in-sigma", "--out", "b.npy")
    off = np.load("b.npy").astype(int) - mnist.decode(mnist.sample(0))
    assert np.abs(off).max() <= 1


def test_encode_and_invert_say_where_pictures_lie(mnist: Model, capsys: pytest.CaptureFixture[str]) -> None:
    run("decode", "--model", "mnist", "--seed", "4", "--n", "3", "--out", "digits/")
    capsys.readouterr()
    run("encode", "--model", "mnist", "digits", "--json", "--sheet", "sheet.png")
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    images = mnist.decode(mnist.sample(4, 3))
    np.testing.assert_array_equal(np.array([row["z"] for row in rows], np.float32), mnist.encode(images))
    assert [row["file"] for row in rows] == [f"digits/000{number}.png" for number in range(3)]
    assert err == "sheet.png\n"  # not among the data
    assert pixels("sheet.png").shape[1] > 3 * 28 * 4

    run("invert", "--model", "mnist", "digits/0001.png", "--out", "z.npz", "--sheet", "pair.pdf")
    with np.load("z.npz") as archive:
        assert archive["error"][0] < 3
        np.testing.assert_array_equal(archive["z"][0], mnist.invert(images[1]).z)


def test_tables_are_those_of_python(mnist: Model) -> None:
    run("grid", "--model", "mnist", "--seed", "2", "--tiles", "3x2", "--out", "grid.npz")
    run("interpolate", "--model", "mnist", "--seed", "2", "--n", "3", "--steps", "5", "--out", "ways.npz")
    run(
        "traverse",
        "--model",
        "mnist",
        "--seed",
        "2",
        "--axes",
        "z3,axis 1",
        "--coordinates",
        "-2,0,2",
        "--out",
        "t.npz",
    )
    run("map", "--model", "mnist-2d", "--tiles", "4x3", "--extent", "-3,3,-3,3", "--out", "map.npz")
    ends = mnist.sample(2, 3)
    tables = {
        "grid": mnist.grid(2, 2, 3),
        "ways": mnist.interpolate(ends[:2], ends[1:], 5),
        "t": mnist.traverse(["z3", "axis 1"], [-2, 0, 2], z=ends[0]),
    }
    with vaevis_tui.load("mnist-2d") as plane:
        tables["map"] = plane.map(tiles=(4, 3), extent=(-3, 3, -3, 3))
    for name, table in tables.items():
        with np.load(f"{name}.npz") as archive:
            np.testing.assert_array_equal(archive["z"], table.flat[0], name)
            np.testing.assert_array_equal(archive["images"], table.flat[1], name)
    assert tables["ways"].z.shape == (2, 5, 28)
    np.testing.assert_array_equal(tables["ways"].z[0, 0], ends[0])
    np.testing.assert_array_equal(tables["ways"].z[0, -1], ends[1])
    sigma = mnist.space.to_sigma(tables["t"].z[0])
    np.testing.assert_allclose(sigma[:, 3], [-2, 0, 2], atol=1e-5)
    corner = tables["map"].z[0, 0]
    np.testing.assert_allclose(corner, [-2.25, 2], atol=1e-6)


SHEETS = ("png", "pdf", "npz")


@pytest.mark.parametrize(
    ("command", "endings"),
    [
        ("grid --model mnist --tiles 3x2", SHEETS),
        ("interpolate --model mnist", SHEETS),
        ("traverse --model mnist", SHEETS),
        ("map --model mnist-2d --tiles 3x2", SHEETS),
        ("decode --model mnist --n 3", (*SHEETS, "npy")),
        ("decode --model mnist --caption", ("png",)),
        ("sample --model mnist --n 3", ("csv", "json", "npy", "npz")),
    ],
)
def test_the_same_command_gives_the_same_bytes(command: str, endings: tuple[str, ...]) -> None:
    for ending in endings:
        for name in ("first", "second"):
            run(*command.split(), "--seed", "2", "--out", f"{name}.{ending}")
        assert Path(f"first.{ending}").read_bytes() == Path(f"second.{ending}").read_bytes()


@pytest.mark.parametrize("verb", ["grid", "interpolate", "traverse", "map"])
def test_a_sheet_without_labels_is_smaller(verb: str) -> None:
    model = "mnist-2d" if verb == "map" else "mnist"
    run(verb, "--model", model, "--seed", "2", "--out", "first.png")
    run(
        verb,
        "--model",
        model,
        "--seed",
        "2",
        "--no-labels",
        "--background",
        "dark",
        "--scale",
        "1",
        "--out",
        "bare.png",
    )
    assert pixels("bare.png").shape[0] < pixels("first.png").shape[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grid", "--out", "x.bmp"], "the name must end in .png, .pdf, .npz"),
        (["grid", "--tiles", "0x3", "--out", "x.png"], "invalid size in tiles '0x3'"),
        (["traverse", "--axes", "z777", "--out", "x.png"], "there is no axis 'z777'; expected z0 to z71"),
        (
            ["traverse", "--axes", "thicknes", "--model", "mnist-2d", "--out", "x.png"],
            "there is no axis 'thicknes'",
        ),
        (["traverse", "--coordinates", "a..b", "--out", "x.png"], "invalid coordinates 'a..b'"),
        (["map", "--axes", "z1", "--out", "x.png"], "a map needs two axes, not 1"),
        (["map", "--axes", "z1,axis 1", "--out", "x.png"], "axes of two kinds"),
        (["map", "--axes", "z1,z1", "--out", "x.png"], "a plane needs two different axes"),
        (["map", "--extent", "3,-3,0,1", "--out", "x.png"], "invalid extent"),
        (["interpolate", "--z", ",".join(["0"] * 72), "--out", "x.png"], "needs two points at least"),
        (["interpolate", "--seed", "1", "--steps", "1", "--out", "x.png"], "at least 2 steps"),
        (["decode", "none.csv", "--out", "x.png"], "none.csv does not exist"),
        (["decode", "none.csv", "--seed", "1", "--out", "x.png"], "do not go together"),
        (["decode", "--n", "0", "--out", "x.png"], "invalid count '0': expected a whole number from 1"),
        (["decode", "--sigma", "1,2", "--out", "x.png"], "sigma has 2 numbers"),
        (["encode", "none.png"], "none.png does not exist"),
        (["encode", "."], ". holds no pictures"),
        (["encode", ".", "--sheet", "x.gif"], "a sheet is written as .png or .pdf"),
        (["sample", "--out", "z.txt"], "the name must end in .csv, .json, .npy, .npz"),
        (["open", "none.png", "--seed", "1"], "the snapshot says where to begin"),
    ],
)
def test_bad_input_gets_one_line_and_no_file(
    arguments: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, *arguments)
    assert list(here.iterdir()) == []


def test_a_snapshot_opens_in_any_folder_and_says_if_the_decoder_is_another_one(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (weights_dir() / name / "decoder.onnx" for name in ("mnist", "mnist-2d"))
    Path("a.onnx").write_bytes(first.read_bytes())
    run("decode", "--model", "a.onnx", "--seed", "3", "--out", "a.png")
    capsys.readouterr()
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run("decode", "--from", "../a.png", "--out", "again.png")
    assert capsys.readouterr().err == ""
    np.testing.assert_array_equal(pixels("again.png"), pixels("../a.png"))

    with vaevis_tui.load("mnist") as model:
        grown = bytes(first.read_bytes()) + b"\x72\x00"  # one empty metadata property more: another file
        assert model.info.latent_dim == 28
    (here / "a.onnx").write_bytes(grown)
    run("decode", "--from", "../a.png", "--out", "other.png")
    assert "is not the decoder that made the snapshot" in capsys.readouterr().err
    with pytest.warns(UserWarning, match="is not the decoder"):
        model, z = vaevis_tui.open_snapshot("../a.png")
    assert z.shape == (28,)
    model.close()

    (here / "a.onnx").write_bytes(second.read_bytes())
    assert main(["decode", "--from", "../a.png", "--out", "third.png"]) == 2
    assert "z has 28 numbers" in capsys.readouterr().err
    (here / "a.onnx").unlink()
    assert "a.onnx" in refused(capsys, "decode", "--from", "../a.png", "--out", "third.png")


def test_a_walk_of_a_seed_is_a_file(mnist: Model) -> None:
    command = ["walk", "--model", "mnist", "--seed", "1", "--frames", "24", "--out"]
    for name in ("first", "second"):
        run(*command, f"{name}.gif")
    assert Path("first.gif").read_bytes() == Path("second.gif").read_bytes()
    run(*command, "first.gif", "--force", "--walk-seed", "2")
    assert Path("first.gif").read_bytes() != Path("second.gif").read_bytes()


def test_the_frames_of_a_walk_are_those_that_python_decodes(mnist: Model) -> None:
    run("walk", "--model", "mnist", "--seed", "1", "--frames", "24", "--size", "28", "--out", "walk.png")
    with Image.open("walk.png") as image:
        assert image.n_frames == 24  # type: ignore[attr-defined]
        frames = []
        for number in range(24):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")))
    np.testing.assert_array_equal(np.stack(frames), mnist.decode(mnist.walk(1, 24).z))


def test_tours_and_traversals_are_animations_too(mnist: Model) -> None:
    run(
        "interpolate",
        "--model",
        "mnist",
        "--seed",
        "1",
        "--n",
        "3",
        "--loop",
        "--frames",
        "12",
        "--out",
        "tour.apng",
    )
    run(
        "traverse",
        "--model",
        "mnist",
        "--axes",
        "z3,z7",
        "--frames",
        "12",
        "--size",
        "56",
        "--out",
        "swing.webp",
    )
    with Image.open("tour.apng") as image:
        assert (image.n_frames, image.size) == (12, (280, 280))  # type: ignore[attr-defined]
    with Image.open("swing.webp") as image:
        assert (image.n_frames, image.size) == (12, (56, 28))  # type: ignore[attr-defined]
    swing = mnist.swing(["z3", "z7"], (-3, 3), 12)
    sigma = mnist.space.to_sigma(swing.z)
    np.testing.assert_allclose(sigma[[0, 6], 0, 3], [-3, 3], atol=1e-5)
    np.testing.assert_allclose(sigma[1:6, 0, 3], sigma[:6:-1, 0, 3], atol=1e-5)


@pytest.mark.parametrize(
    ("ending", "number", "code"),
    [("gif", signal.SIGINT, 130), ("mp4", signal.SIGTERM, 143), ("cast", signal.SIGHUP, 129)],
)
def test_an_interrupt_leaves_no_half_file(ending: str, number: int, code: int, here: Path) -> None:
    root = Path(vaevis_tui.__file__).parent.parent
    command = [sys.executable, "-m", "vaevis_tui", "walk", "--model", "mnist", "--frames", "20000"]
    size = ["--size", "8"] if ending == "gif" else []
    process = subprocess.Popen(
        [*command, *size, "--out", f"walk.{ending}"],
        env={**os.environ, "PYTHONPATH": str(root)},
        cwd=here,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # under nohup it is ignored, and stays so
    )
    try:
        if ending == "gif":  # holds its frames until the end
            wait_until(lambda: Path(f"/proc/{process.pid}/maps").read_text().count("onnxruntime") > 0)
        else:
            wait_until(lambda: any(each.stat().st_size > 0 for each in here.glob(".walk.*.part")))
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode in (code, -number)  # the second before anything was to be cleared up
    assert b"Traceback" not in said
    assert list(here.iterdir()) == []


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "mp4", "webm", "cast"])
def test_a_disk_that_fills_up_leaves_no_half_file(
    ending: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The largest size of a file stands for that of the disk."""
    with full_disk(5_000):
        said = refused(capsys, "walk", "--model", "mnist", "--frames", "60", "--out", f"walk.{ending}")
    assert said == f"vaevis-tui: error: walk.{ending} was not written: file too large; name another place\n"
    assert list(here.iterdir()) == []
