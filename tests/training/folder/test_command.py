from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import vaevis_tui
from tests.training.folder.draw import write_shapes
from training.tasks.folder.command import main
from vaevis_tui.models.bundle import open_bundle

ROOT = Path(__file__).parents[3]
SMALL = ["--size", "32", "--latent", "4", "--threads", "1"]


class Clock:
    """Every look at it takes half a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("pictures") / "shapes")


@pytest.fixture(scope="module")
def trained(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle after 60 uninterrupted steps."""
    out = tmp_path_factory.mktemp("trained") / "model"
    assert main([str(shapes), "--out", str(out), "--steps", "60", *SMALL]) == 0
    return out


def content(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(out / "training" / "checkpoint.pt", weights_only=True)
    return found


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Equal to the bit, but for times."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one.keys() - {"seconds", "spent", "run", "hours"}:
            assert_same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, list | tuple):
        for first, second in zip(one, other, strict=True):
            assert_same(first, second, where)
    else:
        assert one == other, where


def steps_of_losses(out: Path) -> list[int]:
    with (out / "training" / "log.csv").open(newline="") as file:
        return [int(row["step"]) for row in csv.DictReader(file) if row["loss"]]


def scalars(out: Path, name: str) -> list[tuple[int, float]]:
    """What TensorBoard shows: steps and values."""
    shown = EventAccumulator(str(out / "training" / "tensorboard"))
    shown.Reload()
    return [(event.step, event.value) for event in shown.Scalars(name)]


def test_three_hundred_pictures_become_a_bundle_that_decodes(shapes: Path, trained: Path) -> None:
    with vaevis_tui.load(trained, backend="onnxruntime") as model:
        anchors = model.space.anchors
        assert {*anchors.labels} == {"round", "square"}
        images = model.decode(anchors.z)
        assert images.shape[1:] == (32, 32, 3)
        assert images.std() > 5
        original = np.asarray(Image.open(shapes / "round" / "000.png").resize((32, 32)))[None]
        assert model.encode(original).shape == (1, model.space.dim)
    card = open_bundle(trained).card
    assert card is not None
    assert card.data_name == "shapes"
    assert card.training["steps"] == card.figures["steps"] == 60
    assert 0 < float(card.figures["held_out"]) < 40
    assert (trained / "sheet.png").is_file()
    assert not (trained / "training" / "bundle.part").exists()


def test_sixty_steps_are_better_than_the_mean_picture(trained: Path) -> None:
    card = open_bundle(trained).card
    assert card is not None
    assert float(card.figures["psnr_db"]) > 10


def test_the_log_is_a_table(trained: Path) -> None:
    with (trained / "training" / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["loss"]) for row in rows if row["loss"]]
    assert losses[-1] < losses[0]
    measured = [int(row["step"]) for row in rows if row["validation_psnr"]]
    assert measured
    sheets = sorted(path.name for path in (trained / "training" / "sheets").iterdir())
    assert sheets == [f"step-{step:07}.png" for step in measured]


def test_killed_and_resumed_is_the_uninterrupted_run(shapes: Path, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    command = [sys.executable, "-c", "import sys; from vaevis_tui.train import main; sys.exit(main())"]
    command += [str(shapes), "--out", str(out), "--steps", "60", *SMALL]
    log = out / "training" / "log.csv"
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # Lines of the log are written between checkpoints: the kill comes in the midst of the work.
        while process.poll() is None and not (
            (out / "training" / "checkpoint.pt").exists() and log.read_bytes().count(b"\n") > 2
        ):
            signal.sigtimedwait([signal.SIGCHLD], 0.02)
        process.kill()
    finally:
        process.wait(60)
    if process.returncode == -signal.SIGKILL:
        assert content(out)["step"] < 60
    assert main([str(shapes), "--out", str(out), "--steps", "60", *SMALL]) == 0
    assert_same(content(trained), content(out))
    assert steps_of_losses(out) == steps_of_losses(trained) == [*range(1, 61)]
    assert scalars(out, "loss") == scalars(trained, "loss")
    assert [step for step, _ in scalars(out, "loss")] == [*range(1, 61)]
    assert scalars(out, "validation_psnr") == scalars(trained, "validation_psnr")


def test_the_time_is_kept_and_bundles_come_on_the_way(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, clock = tmp_path / "model", Clock()
    assert main([str(shapes), "--out", str(out), "--hours", "0.06", *SMALL], clock) == 0
    assert 0.6 * 216 < content(out)["spent"] <= 216
    said = capsys.readouterr().out
    assert "steps take about" in said
    assert "is at step" in said
    assert f"vaevis-tui --model {out}" in said
    assert 20 < content(out)["step"] < 216 / 0.5


def test_more_steps_go_on_and_a_card_keeps_what_a_person_wrote(
    shapes: Path, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    shutil.copytree(trained, out)
    card = out / "model.toml"
    card.write_text(card.read_text().replace('title = "shapes, 32x32"', 'title = "My shapes"'))
    assert main([str(shapes), "--out", str(out), "--steps", "62", *SMALL]) == 0
    table = tomllib.loads(card.read_text())
    assert table["title"] == "My shapes"
    assert table["training"]["steps"] == content(out)["step"] == 62


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}/none", "--out", "{tmp}/out"], "no such folder of pictures"),
        (["{tmp}/empty", "--out", "{tmp}/out"], "no pictures in it"),
        (["{tmp}/broken", "--out", "{tmp}/out"], "0 different pictures of 1 files"),
        (["{shapes}", "--out", "{shapes}/out"], "lies among the pictures"),
        (["{shapes}", "--out", "{tmp}/file"], "is not a folder"),
        (["{shapes}", "--out", "{tmp}/foreign"], "not trained here"),
        (["{shapes}", "--out", "{tmp}/out", "--size", "100"], "32, 64, 96, 128, 192, 256 are supported"),
        (["{shapes}", "--out", "{tmp}/out", "--hours", "0"], "invalid --hours 0"),
        (["{shapes}", "--out", "{tmp}/out", "--boxes", "{tmp}/none.csv"], "none.csv"),
        (["{shapes}", "--out", "{tmp}/read-only/out"], "cannot be written"),
        (["{shapes}", "--out", "{tmp}/old", "--steps", "4"], "is not a checkpoint of this training"),
        (["{shapes}", "--out", "{tmp}/cut", "--steps", "4"], "is not a whole checkpoint"),
    ],
)
def test_mistakes_end_with_one_line_and_code_2(
    arguments: list[str], message: str, shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("empty", "broken", "foreign", "old/training", "cut/training"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "broken" / "a.png").write_bytes(b"no picture")
    (tmp_path / "file").touch()
    (tmp_path / "read-only").touch()  # no folder can be made in a file, even by root
    (tmp_path / "foreign" / "decoder.onnx").touch()
    torch.save({"state_dict": {}}, tmp_path / "old" / "training" / "checkpoint.pt")
    (tmp_path / "cut" / "training" / "checkpoint.pt").touch()
    code = main([argument.format(tmp=tmp_path, shapes=shapes) for argument in arguments])
    captured = capsys.readouterr()
    assert code == 2
    assert message in captured.err
    assert captured.err.startswith("vaevis-train: error: ")
    assert captured.err.count("\n") == 1


def test_other_pictures_and_another_size_are_not_gone_on_with(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_shapes(tmp_path / "other", 20)
    assert main([str(other), "--out", str(trained), "--steps", "70"]) == 2
    assert "--restart starts over" in capsys.readouterr().err
    assert main([str(other), "--out", str(trained), "--size", "64"]) == 2
    assert "was begun with --size 32" in capsys.readouterr().err


def test_a_full_disk_is_one_line(shapes: Path, tmp_path: Path) -> None:
    """No file of the process may grow beyond 300 KB: the pictures do, or else the checkpoint."""
    program = (
        "import resource, sys; from vaevis_tui.train import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), -1)); sys.exit(main())"
    )
    command = [str(shapes), "--out", str(tmp_path / "out"), "--steps", "3", *SMALL]
    done = subprocess.run(
        [sys.executable, "-c", program, "300000", *command],
        cwd=ROOT,
        env={**os.environ, "TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert "cannot be written: file too large" in done.stderr


def test_help_says_how_to_look_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--watch" in capsys.readouterr().out
