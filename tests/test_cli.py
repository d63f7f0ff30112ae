"""The commands as a person types them: what they print, and that bad input is one line and exit code 2."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pexpect
import pytest
from PIL import Image

import vaevis_tui
from tests.engine.reference import Builder
from vaevis_tui.api import Model
from vaevis_tui.cli import main
from vaevis_tui.commands.registry import COMMANDS
from vaevis_tui.engine.decoder import EngineError, TuningMode
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.settings import ExplorerSettings, tuned_source, untuned_source
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.resources import weights_dir
from vaevis_tui.terminal.detect import capabilities


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, what was printed, and what was said on standard error."""
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a refusal is; nothing is printed beside it."""
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("vaevis-tui: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err


def test_decode_writes_what_the_same_seed_decodes_to_from_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "digit.png"
    code, printed, _ = run(capsys, "decode", "--model", "mnist", "--seed", "3", "--out", str(out))
    assert code == 0
    assert printed.strip() == str(out)
    with vaevis_tui.load("mnist") as model:
        expected = model.decode(model.sample(3))[0]
    np.testing.assert_array_equal(np.asarray(Image.open(out)), expected)


@pytest.mark.parametrize(("options", "tuning"), [([], "cached"), (["--no-tune"], "off")])
def test_kernels_may_be_left_untuned(
    options: list[str], tuning: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    load = vaevis_tui.load

    def watched(model: str, backend: str, tuning: TuningMode) -> Model:
        asked.append(tuning)
        return load(model, backend, tuning)

    monkeypatch.setattr("vaevis_tui.api.load", watched)
    assert main(["decode", "--model", "mnist", "--out", str(tmp_path / "digit.png"), *options]) == 0
    assert asked == [tuning]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ExplorerSettings]:
    """With what explorers were started, in place of which nothing runs."""
    started: list[ExplorerSettings] = []

    def explore(settings: ExplorerSettings) -> int:
        started.append(settings)
        return 0

    monkeypatch.setattr("vaevis_tui.tui.run.run_explorer", explore)
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    detected = capabilities.detect(terminal, stdin_isatty=True, stdout_isatty=True)
    monkeypatch.setattr(capabilities, "detect", lambda *_, **__: detected)
    return started


@pytest.mark.parametrize(("options", "source"), [([], tuned_source), (["--no-tune"], untuned_source)])
def test_the_explorer_tunes_unless_told_not_to(
    options: list[str], source: object, started: list[ExplorerSettings]
) -> None:
    assert main(["--model", "mnist", *options]) == 0
    assert started[0].decoder_source is source


def test_the_point_nearest_to_a_photograph_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], started: list[ExplorerSettings]
) -> None:
    """The photograph is of a digit that the model can draw, in another size and without its latent vector."""
    digit, photograph, found = tmp_path / "digit.png", tmp_path / "photograph.jpg", tmp_path / "found.png"
    run(capsys, "decode", "--model", "mnist", "--seed", "3", "--out", str(digit))
    Image.open(digit).convert("RGB").resize((140, 140)).save(photograph, quality=95)
    code, out, err = run(capsys, "decode", "--model", "mnist", "--from", str(photograph), "--out", str(found))
    assert (code, out.strip()) == (0, str(found))
    assert "looking for" in err
    assert "of 255 levels" in err
    off = np.asarray(Image.open(found), np.float32) - np.asarray(Image.open(digit), np.float32)
    assert np.sqrt((off**2).mean()) < 25  # another digit is 80 off and more

    assert main(["--model", "mnist", "--from", str(photograph)]) == 0
    assert started[0].picture is not None
    assert started[0].picture.path == photograph


def read_snapshot(path: Path) -> SnapshotInfo:
    return SnapshotInfo.from_metadata(read_metadata(path))


def test_scale_repeats_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    run(capsys, "decode", "--seed", "3", "--out", str(small))
    run(capsys, "decode", "--seed", "3", "--out", str(large), "--scale", "8")
    pixels = np.asarray(Image.open(small))
    np.testing.assert_array_equal(np.asarray(Image.open(large)), pixels.repeat(8, 0).repeat(8, 1))


def test_a_picture_leads_back_to_its_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    run(capsys, "decode", "--seed", "5", "--out", str(first))
    code, _, _ = run(capsys, "decode", "--from", str(first), "--out", str(again))
    assert code == 0
    np.testing.assert_array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(again)))


@pytest.mark.parametrize("form", [("--z", "{z}"), ("--z={z}",)])
def test_z_may_begin_with_a_minus(
    form: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with vaevis_tui.load("mnist") as model:
        z = -np.abs(model.sample(1))
        expected = model.decode(z)[0]
    text = ",".join(repr(float(value)) for value in z[0])
    out = tmp_path / "z.png"
    code, _, err = run(
        capsys, "decode", "--model", "mnist", *(part.format(z=text) for part in form), "--out", str(out)
    )
    assert (code, err) == (0, "")
    np.testing.assert_array_equal(np.asarray(Image.open(out)), expected)


def test_models_is_a_table_for_people_and_cards_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    code, table, _ = run(capsys, "models")
    assert code == 0
    assert "mnist" in table
    assert "28x28 grey" in table
    cards = json.loads(run(capsys, "models", "--json")[1])
    with vaevis_tui.load("mnist") as model:
        (mnist,) = [card for card in cards if card["name"] == "mnist"]
        assert mnist["latent_dim"] == model.info.latent_dim


@pytest.mark.slow
def test_doctor_says_what_was_chosen_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--backend", "onnxruntime", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["packages"]["numpy"] == np.__version__
    assert report["chosen"]["info"]["backend"] == "onnxruntime"
    assert report["chosen"]["info"]["reason"]
    assert report["chosen"]["problem"] == ""
    text = run(capsys, "doctor", "--backend", "onnxruntime")[1]
    assert "chosen: onnxruntime" in text


def test_doctor_prints_the_plan_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "doctor", "--model", "mnist", "--plan")
    assert (code, err) == (0, "")
    heading, columns, *dispatches, total = out.splitlines()
    assert heading.startswith("mnist on ")
    assert columns.split() == [
        *("operator", "kernel", "measured", "output", "groups", "mul-adds", "weights", "bytes", "place"),
        "epilogue",
    ]
    assert total.startswith(f"{len(dispatches)} dispatches, ")
    assert "1x28x28" in dispatches[-1]
    assert "rgba8" in dispatches[-1]


def test_doctor_plans_for_a_gpu_that_is_not_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(wanted: str | None = None) -> None:
        raise EngineError("no adapter found")

    monkeypatch.setattr("vaevis_tui.engine.wgpu.device.find_adapter", none)
    code, out, _ = run(capsys, "doctor", "--model", "mnist", "--plan")
    assert code == 0
    assert out.startswith(
        "mnist on a GPU of WebGPU's least limits, for there is none here (no adapter found)"
    )
    assert "buffers: " in out.splitlines()[-1]


def test_doctor_says_which_operator_has_no_plan(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    b = Builder(12)
    b.view(3, 2, 2)
    b.add("LRN", size=3)
    path = tmp_path / "odd.onnx"
    path.write_bytes(b.model().SerializeToString())
    said = refused(capsys, "doctor", "--model", str(path), "--plan")
    assert "onnxruntime does: LRN 'n" in said


def test_show_draws_in_half_blocks() -> None:
    """On a real console of its own, since Rich looks at the environment."""
    environment = os.environ | {"COLUMNS": "40", "LINES": "24", "COLORTERM": "truecolor", "FORCE_COLOR": "1"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "vaevis_tui", "show", "--model", "mnist", "--seed", "3"]
    drawn = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    lines = drawn.rstrip("\n").split("\n")
    assert len(lines) == 14
    assert "▀" in drawn or "▄" in drawn


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["decode", "--model", "mnits", "--out", "x.png"], "unknown model 'mnits': did you mean mnist"),
        (["decode", "--z", "1,2,3", "--out", "x.png"], "z has 3 numbers"),
        (["decode", "--z", "1,two", "--out", "x.png"], "invalid list of numbers '1,two'"),
        (["decode", "--seed", "-1", "--out", "x.png"], "invalid seed '-1'"),
        (["decode", "--seed", "1", "--scale", "0", "--out", "x.png"], "invalid scale"),
        (["decode", "--seed", "1"], "--out"),
        (["decode", "--out", "x.jpg"], ".png"),
        (["decode", "--out", "no/such/folder/x.png"], "no/such/folder does not exist"),
        (["decode", "--from", "missing.png", "--out", "x.png"], "missing.png does not exist"),
        (["decode", "--from", ".", "--out", "x.png"], ". cannot be read: is a directory"),
        (["decode", "--backend", "cuda", "--out", "x.png"], "onnxruntime"),
        (["--bogus"], "--bogus"),
        (["--graphics", "foo"], "choose from 'auto', 'kitty', 'iterm'"),
        (["--resume", "--model", "mnist"], "leave out --model"),
        (["--resume", "--seed", "3"], "not allowed with"),
        (["frob"], "no command or model 'frob'"),
        (["modles"], "did you mean models?"),
        (["bnech"], "did you mean bench?"),
        (["mnits"], "did you mean mnist?"),
        (["--modle", "dog"], "did you mean --model?"),
        (["mnist"], "not a terminal"),
        (["bench", "--seconds", "0"], "out of range"),
    ],
)
def test_bad_input_gets_one_line(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_latent_vector_is_finite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with vaevis_tui.load("mnist") as model:
        z = ",".join(["nan"] * model.info.latent_dim)
    assert "finite" in refused(
        capsys, "decode", "--model", "mnist", "--z", z, "--out", str(tmp_path / "x.png")
    )


def test_a_models_page_names_its_directions(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = run(capsys, "models", "mnist")
    directions = open_bundle("mnist").space.directions
    assert directions is not None
    named = [name for name in directions.names if " to " not in name]
    assert all(name in text for name in named)
    assert f"and {len(directions) - len(named)} from one label to another" in " ".join(text.split())


def test_a_models_card_says_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, "models", "mnist", "--all")
    card = json.loads(run(capsys, "models", "mnist", "--json")[1])
    words = " ".join(text.split())
    assert code == 0
    assert card["limits"] in words
    assert card["data_attribution"] in words
    for name, value in card["figures"].items():
        assert f"{name.replace('_', ' ')} {value}" in words


def test_a_bare_decoder_has_no_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bare.onnx"
    path.write_bytes((weights_dir() / "mnist" / "decoder.onnx").read_bytes())
    assert "has no model card" in refused(capsys, "models", str(path))


def test_no_name_of_a_file_is_obeyed_by_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x\x1b]0;P\a.onnx"
    path.write_bytes(b"ab")
    code, _, error = run(capsys, "models", str(path))
    assert code == 2
    assert error.rstrip("\n").isprintable()


def test_files_that_are_no_models_get_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"this is not a model")
    assert "junk.onnx" in refused(capsys, "decode", "--model", str(junk), "--out", str(tmp_path / "x.png"))
    shipped = vaevis_tui.resources.weights_dir() / "mnist" / "decoder.onnx"
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(shipped.read_bytes()[:-1000])
    assert "cut.onnx" in refused(capsys, "decode", "--model", str(cut), "--out", str(tmp_path / "x.png"))


def test_the_explorer_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard input is no terminal here; a person is told what to do instead."""
    command = [sys.executable, "-m", "vaevis_tui", "--model", "mnist"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "is not a terminal" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m vaevis_tui models --json | head -c 1"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


@pytest.mark.parametrize("option", ["--rows", "--vorbose", "--color", "--debug", "--x", "-q", "-n"])
@pytest.mark.parametrize("command", [[], ["walk"], ["traverse"]])
def test_what_is_near_nothing_gets_no_silly_suggestion(
    option: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, *command, option, "3")
    assert f"unrecognized arguments: {option} (see" in said


def test_numbers_far_beyond_the_data_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decode = ["decode", "--model", "mnist-2d", "--out", str(tmp_path / "a.png"), "--force"]
    assert "12 σ from the mean: most data lie within 2" in run(capsys, *decode, "--sigma", "12,-1")[2]
    assert "σ from the mean" in run(capsys, *decode, "--z", "1e6,0")[2]
    assert run(capsys, *decode, "--sigma", "9.9,-1")[2] == ""


@pytest.mark.parametrize("arguments", [["help"], ["--help"]])
def test_help_is_a_word_too(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "--model" in capsys.readouterr().out


@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_what_is_shown_without_colours_is_characters(
    term: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe, or a terminal that draws nothing else: never a rectangle of one colour."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert main(["show", "--model", "mnist", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "█" not in out
    assert {"@", "."} <= set(out)


def test_an_encoding_without_blocks_gets_characters() -> None:
    options = ["--model", "mnist", "--seed", "3", "--graphics", "half"]
    program = [sys.executable, "-m", "vaevis_tui", "show", *options]
    environment = {**os.environ, "PYTHONIOENCODING": "iso-8859-1", "TERM": "xterm-256color"}
    done = subprocess.run(program, env=environment, capture_output=True, check=True, timeout=60)
    assert b"@" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["decode", "--oot", "x.png"], "did you mean --out?"),
        (["decode", "--sede=1", "--out", "x.png"], "did you mean --seed?"),
        (["--model", "dog", "decode", "--out", "x.png"], "decode comes first: vaevis-tui decode --model"),
        (["--sed", "3"], "did you mean --seed?"),
        (["--grahpics", "kitty"], "did you mean --graphics?"),
        (["--snap", "."], "did you mean --snapshot-dir?"),
        (["walk", "-m", "dog"], "unrecognized arguments: -m; did you mean --model?"),
        (["--out", "x.png"], "--out; it belongs to decode, encode, invert and"),
        (["--seed", "3", "decod"], "unknown command 'decod'; did you mean decode? (see"),
        (["--seed", "3", "dog"], "unknown command 'dog'; a model comes first, or after --model"),
        (["export-web", "--single-file"], "--single-file lacks its value, FILE.html (see"),
        (["decode", "--backend"], "--backend lacks its value, one of auto, wgpu, onnxruntime"),
        (["bench", "decode"], "unrecognized arguments: decode (see vaevis-tui bench --help)"),
    ],
)
def test_each_command_refuses_its_own(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, *arguments)


def test_help_explains_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["help", "decode"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("usage: vaevis-tui decode ")


def test_every_command_has_a_module_and_a_help_page(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert left.value.code == 0
        page = capsys.readouterr().out
        assert page.startswith(f"usage: vaevis-tui {name} ")
        assert page.splitlines()[0].endswith("[options]")
        assert f"  vaevis-tui {name}" in page[page.index("\n\n") :], "an example"


def test_help_fits_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in ([], *([name] for name in COMMANDS)):
        with pytest.raises(SystemExit):
            main([*arguments, "--help"])
        page = capsys.readouterr().out
        assert max(map(len, page.splitlines())) <= 80, arguments
        # A command that takes two lines is one when it is pasted into a shell.
        assert not re.search(r"^  vaevis-tui .*[^\\]\n      \S", page, re.MULTILINE), arguments


def test_only_the_command_that_is_called_is_imported() -> None:
    program = """
import sys
from vaevis_tui.cli import main
from vaevis_tui.commands.registry import COMMANDS
main(["models", "--json"])
print(sorted(name for name in sys.modules if name.startswith("vaevis_tui.commands.")), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    shared = {f"shared.{name}" for name in ("arguments", "opening", "own_model", "parser", "values")}
    modules = {"explore", "models", "registry", "shared"} | shared
    assert done.stderr.strip() == str(sorted(f"vaevis_tui.commands.{name}" for name in modules))


def test_the_folder_of_snapshots_is_made_at_the_start_or_refused(
    tmp_path: Path, started: list[ExplorerSettings], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "some" / "where"
    assert main(["--model", "mnist", "--snapshot-dir", str(folder)]) == 0
    assert started[0].snapshot_dir == folder
    assert folder.is_dir()
    (tmp_path / "file").write_text("")
    said = refused(capsys, "--model", "mnist", "--snapshot-dir", str(tmp_path / "file"))
    assert "is not a folder; name one for snapshots with --snapshot-dir" in said
    said = refused(capsys, "--model", "mnist", "--snapshot-dir", "/proc/nothing")
    assert "/proc/nothing cannot be made" in said
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: Path(path) != locked)  # as it is for all but root
        said = refused(capsys, "--model", "mnist", "--snapshot-dir", str(locked))
    assert f"{locked} is not writable; name another folder for snapshots" in said
    assert len(started) == 1


def test_a_theme_that_was_chosen_is_that_of_the_next_start(
    started: list[ExplorerSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["mnist"]) == 0
    assert started[0].theme is None
    assert started[0].keep_theme is not None
    started[0].keep_theme("nord")
    assert main(["mnist"]) == 0
    assert started[1].theme == "nord"
    assert main(["mnist", "--theme", "dracula"]) == 0
    assert started[2].theme == "dracula"


def test_a_model_is_a_short_form_and_v_the_version(
    started: list[ExplorerSettings], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dog", "--seed", "3"]) == 0
    assert (started[0].model, started[0].seed) == ("dog", 3)
    with pytest.raises(SystemExit) as left:
        main(["-V"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"vaevis-tui {vaevis_tui.__version__}\n"


def test_a_start_in_sigma_coordinates(started: list[ExplorerSettings]) -> None:
    assert main(["--model", "mnist-2d", "--sigma", "-1,2"]) == 0
    bundle = open_bundle("mnist-2d")
    start = np.asarray(started[0].start(bundle))
    np.testing.assert_allclose(bundle.space.to_sigma(start), [-1.0, 2.0], atol=1e-6)
    with pytest.raises(UserError, match="sigma has 2 numbers, but the latent vectors of mnist have 28"):
        started[0].start(open_bundle("mnist"))


@pytest.mark.parametrize("name", ["dog", "mnist", "mnist-2d"])
def test_a_models_card_is_a_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, page, _ = run(capsys, "models", name)
    assert code == 0
    assert len(page.splitlines()) <= 45
    assert max(map(len, page.splitlines())) <= 80
    card = json.loads(run(capsys, "models", name, "--json")[1])
    assert " ".join(card["limits"].split()) in " ".join(page.split())
    assert f"vaevis-tui models {name} --all" in page
    assert len(run(capsys, "models", name, "--all")[1]) > len(page)


def test_all_of_a_card_goes_through_the_pager(tmp_path: Path) -> None:
    """On a real terminal; PAGER is what shows it."""
    seen = tmp_path / "seen"
    environment = {**os.environ, "PAGER": f"cat > {seen}", "NO_COLOR": "1", "TERM": "xterm-256color"}
    command = f"{sys.executable} -m vaevis_tui models dog --all"
    pexpect.run(command, env=environment, timeout=60)
    assert "kl a dimension nats" in seen.read_text()
    assert "\x1b[3" not in seen.read_text()  # no colours


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_exit_code_is_the_commands_where_nobody_takes_the_last_words(stream: str) -> None:
    code = f"""
import sys
from vaevis_tui import __main__, cli
def run():
    sys.{stream}.write("the last words")
    return 129
cli.main = run
sys.exit(__main__.main())
"""
    env = {**os.environ, "PYTHONUNBUFFERED": ""}
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        out, err = (full, None) if stream == "stdout" else (None, full)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, stdout=out, stderr=err, env=env, timeout=60, check=False)
    assert done.returncode == 129


def test_a_version_that_nobody_can_read_is_no_success() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        command = [sys.executable, "-m", "vaevis_tui", "-V"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == b"vaevis-tui: error: standard output was not written: no space left on device\n"


@pytest.mark.parametrize(
    ("option", "value", "possible"),
    [
        ("--speed", "1e30", "0.01 to 100 sigma a second"),
        ("--speed", "nan", "0.01 to 100 sigma a second"),
        ("--rate", "0", "1 to 240 frames a second"),
        ("--rate", "inf", "1 to 240 frames a second"),
    ],
)
def test_absurd_paces_are_refused_by_what_is_possible(
    option: str, value: str, possible: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "walk.gif"
    code, _, err = run(capsys, "walk", "--model", "mnist", option, value, "--out", str(out))
    assert code == 2
    assert f"argument {option}: expected {possible}, not '{value}'" in err
    assert not out.exists()
