"""The commands as a person types them: what they print, and that bad input is one line and exit code 2."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vaevis_tui
from tests.commands.support import refused, run
from vaevis_tui.cli import main
from vaevis_tui.commands.registry import COMMANDS


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


def test_files_that_are_no_models_get_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"this is not a model")
    assert "junk.onnx" in refused(capsys, "decode", "--model", str(junk), "--out", str(tmp_path / "x.png"))
    shipped = vaevis_tui.resources.weights_dir() / "mnist" / "decoder.onnx"
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(shipped.read_bytes()[:-1000])
    assert "cut.onnx" in refused(capsys, "decode", "--model", str(cut), "--out", str(tmp_path / "x.png"))


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


@pytest.mark.parametrize("arguments", [["help"], ["--help"]])
def test_help_is_a_word_too(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "--model" in capsys.readouterr().out


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
        assert f"  vaevis-tui {name}" in page[page.index("\n\n") :], f"{name} needs an EPILOG with an example"


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
