"""``vaevis-tui config``: shows, checks and edits; what it says is what the other commands do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from vaevis_tui.cli import main
from vaevis_tui.explorer.storage.config import SETTINGS


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "folder" / "config.toml"
    monkeypatch.setenv("VAEVIS_TUI_CONFIG", str(path))
    monkeypatch.chdir(tmp_path)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["config", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_keys_are_set_and_unset_and_comments_stay(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "path")[1].strip() == str(config)
    assert run(capsys, "set", "model", "mnist-2d")[0] == 0
    config.write_text("# mine\n" + config.read_text())
    for words in (("max_rate", "200k"), ("caption", "yes"), ("keymap.walk.toggle", "f9")):
        assert run(capsys, "set", *words)[0] == 0
    assert config.read_text() == (
        '# mine\nmodel = "mnist-2d"\nmax_rate = "200k"\ncaption = true\n\n[keymap]\n"walk.toggle" = "f9"\n'
    )
    shown = json.loads(run(capsys, "show", "--json")[1])
    assert (shown["model"], shown["max_rate"], shown["caption"]) == ("mnist-2d", 200_000, True)
    assert shown["keymap"] == {"walk.toggle": "f9"}
    assert json.loads(run(capsys, "keys", "--json")[1])["walk.toggle"] == "F9"
    given = {"model": "mnist-2d", "max_rate": "200000", "theme": "the last", "keymap.walk.toggle": "f9"}
    for key, value in {**given, "keymap.point.random": "r"}.items():
        assert run(capsys, "get", key) == (0, f"{value}\n", "")
    for key in ("caption", "keymap.walk.toggle", "backend"):
        assert run(capsys, "unset", key)[0] == 0
    assert config.read_text() == '# mine\nmodel = "mnist-2d"\nmax_rate = "200k"\n\n'


SET_MANY = """
import sys
from vaevis_tui.cli import main
import tomlkit, vaevis_tui.tui.keys.keymap
print("ready", flush=True)
sys.stdin.read(1)
for setting in sys.argv[1:]:
    if code := main(["config", "set", *setting.split("=")]):
        sys.exit(code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_programs_at_the_same_time_lose_nothing(config: Path, tmp_path: Path) -> None:
    keys = {f"point.label-{number}": f"ctrl+f{number + 1}" for number in range(10)}
    settings = [f"keymap.{action}={key}" for action, key in keys.items()]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", SET_MANY]
    programs = [
        subprocess.Popen(
            [*command, *settings[each::2]], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for each in range(2)
    ]
    for program in programs:
        assert program.stdout is not None
        program.stdout.readline()
    for program in programs:
        assert program.stdin is not None
        program.stdin.close()
    assert [program.wait(60) for program in programs] == [0, 0]
    assert tomllib.loads(config.read_text())["keymap"] == keys


def test_every_key_is_written_as_toml_has_it_and_read_back(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "model": ("mnist", "mnist"),
        "backend": ("onnxruntime", "onnxruntime"),
        "graphics": ("half", "half"),
        "theme": ("nord", "nord"),
        "max_rate": ("1.5M", "1.5M"),
        "reduced_motion": ("on", True),
        "walk_speed": ("2", 2),
        "step": ("0.2", 0.2),
        "coarse_step": ("2", 2),
        "fine_step": ("0.02", 0.02),
        "panels": ("strip, map", ["strip", "map"]),
        "snapshot_dir": ("~/shots", "~/shots"),
        "caption": ("false", False),
    }
    assert list(given) == [setting.key for setting in SETTINGS], "a new setting needs its line in `given`"
    for key, (text, _) in given.items():
        assert run(capsys, "set", key, text)[0] == 0
    assert tomllib.loads(config.read_text()) == {key: value for key, (_, value) in given.items()}
    assert run(capsys, "check") == (0, f"{config}: right\n", "")
    shown = json.loads(run(capsys, "show", "--json")[1])
    assert (shown["max_rate"], shown["panels"], shown["step"]) == (1_500_000, ["strip", "map"], 0.2)
    lines = {
        line.split()[0]: line.split()[1] for line in run(capsys, "show")[1].splitlines()[3:] if line[0] != " "
    }
    assert (lines["max_rate"], lines["coarse_step"], lines["reduced_motion"]) == ("1500000", "2", "true")


def test_other_commands_do_what_it_says(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "set", "model", "mnist-2d")
    assert main(["sample", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["z"]) == 2
    assert main(["sample", "--json", "--model", "mnist"]) == 0
    assert len(json.loads(capsys.readouterr().out)["z"]) == 28


def test_a_broken_file_is_said_by_every_command_but_those_that_mend_it(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.parent.mkdir()
    config.write_text('modle = "dog"\nbackend = "cuda"\n[keymap]\n"walk.toggle" = "r"\n')
    assert main(["sample"]) == 2
    assert (
        "unknown key 'modle'; did you mean model? (and 1 more: vaevis-tui config check)"
        in capsys.readouterr().err
    )
    code, out, err = run(capsys, "check")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"vaevis-tui: {config}: unknown key 'modle'; did you mean model?",
        f"vaevis-tui: {config}: backend is 'cuda': expected one of auto, wgpu, onnxruntime",
        "vaevis-tui: keymap: r is the key of point.random and of walk.toggle",
    ]
    assert run(capsys, "show")[0] == 2
    assert main(["models", "--json"]) == 0


def test_the_editor_gets_a_file_with_every_key(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "sh -c 'echo backend = 1 >> \"$0\"'")
    code, _, err = run(capsys, "edit")
    assert code == 2
    assert "keymap.backend is 1" in err  # the last table of the file
    assert "# walk_speed = 1.5" in config.read_text()
    monkeypatch.setenv("VISUAL", "no-such-editor")
    assert "no-such-editor cannot be started" in run(capsys, "edit")[2]
    monkeypatch.setenv("VISUAL", "false")
    assert "false ended with code 1" in run(capsys, "edit")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "max_rat", "1"], "unknown key 'max_rat'; did you mean max_rate?"),
        (["set", "backend", "onnx"], "expected one of auto, wgpu, onnxruntime"),
        (["set", "model"], "config set takes KEY VALUE; 1 given"),
        (["show", "model"], "config show takes no words; 1 given"),
        (["unset", "zzz"], "unknown key 'zzz'"),
        (["get", "modle"], "unknown key 'modle'; did you mean model?"),
        (["set", "keymap.walk.togle", "x"], "there is no action 'walk.togle'; did you mean walk.toggle?"),
        (["set", "keymap.walk.toggle", "r"], "r is the key of point.random and of walk.toggle"),
        (
            ["set", "model", "mnits"],
            "expected a shipped model or a path that is there; did you mean mnist",
        ),
        (
            ["set", "theme", "nrod"],
            "expected one of the explorer's themes; did you mean nord?",
        ),
        (["set", "theme", "ansi-dark"], "expected one of the explorer's themes"),
        (["set", "keymap.walk.toggle", "ctrl+nokey"], "walk.toggle: unknown key 'ctrl+nokey'"),
        (["set", "keymap.walk.toggle", "hyperctrl+x"], "unknown key 'hyperctrl+x'"),
        (["sho"], "argument ACTION: invalid choice: 'sho'"),
    ],
)
def test_bad_words_are_one_line_and_change_nothing(
    words: list[str], said: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not config.exists()


def test_a_file_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAEVIS_TUI_CONFIG", "/proc/nothing/config.toml")
    assert "/proc/nothing/config.toml was not written" in run(capsys, "set", "model", "dog")[2]
