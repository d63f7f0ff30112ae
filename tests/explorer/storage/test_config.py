"""A person's settings: every key, wrong kinds, unknown ones, and what comes before what."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.config import (
    SETTINGS,
    Config,
    config_path,
    examine,
    keep_theme,
    kept_theme,
    read_config,
    template,
)

EVERY_KEY = """
model = "mnist"
backend = "onnxruntime"
graphics = "half"
theme = "nord"
max_rate = "1.5M"
reduced_motion = true
walk_speed = 2
step = 0.2
coarse_step = 2
fine_step = "0.05"
panels = ["map", "details"]
snapshot_dir = "~/pictures"
caption = true

[keymap]
"walk.toggle" = "space"
value.less = ["h", "left"]
"""


def write(folder: Path, text: str) -> dict[str, str]:
    """The environment that names a file with such a text."""
    path = folder / "config.toml"
    path.write_text(text)
    return {"VAEVIS_TUI_CONFIG": str(path)}


def test_every_setting_is_a_field_of_what_is_read() -> None:
    others = {"keymap", "sources", "path"}
    assert {each.name for each in fields(Config)} - others == {setting.key for setting in SETTINGS}, (
        "a setting is a row of `SETTINGS` and a field of `Config` by the same name"
    )


def test_every_key_of_a_file_is_read(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, EVERY_KEY))
    assert {key: getattr(config, key) for key in (setting.key for setting in SETTINGS)} == {
        "model": "mnist",
        "backend": "onnxruntime",
        "graphics": "half",
        "theme": "nord",
        "max_rate": 1_500_000,
        "reduced_motion": True,
        "walk_speed": 2.0,
        "step": 0.2,
        "coarse_step": 2.0,
        "fine_step": 0.05,
        "panels": ("map", "details"),
        "snapshot_dir": Path("~/pictures").expanduser(),
        "caption": True,
    }
    assert config.keymap == {"walk.toggle": "space", "value.less": "h,left"}
    assert set(config.sources.values()) == {str(tmp_path / "config.toml")}
    said = "a new setting needs its line in `EVERY_KEY`, and its value above"
    assert set(tomllib.loads(EVERY_KEY)) == {setting.key for setting in SETTINGS} | {"keymap"}, said


def test_a_variable_comes_before_the_file_and_a_default_after(tmp_path: Path) -> None:
    environ = write(tmp_path, EVERY_KEY) | {"VAEVIS_TUI_MODEL": "dog", "VAEVIS_TUI_REDUCED_MOTION": "no"}
    config = read_config(environ)
    assert (config.model, config.reduced_motion, config.backend) == ("dog", False, "onnxruntime")
    assert config.sources["model"] == "VAEVIS_TUI_MODEL"
    nothing = read_config({"VAEVIS_TUI_CONFIG": str(tmp_path / "none.toml"), "VAEVIS_TUI_MODEL": ""})
    assert nothing == Config(sources=nothing.sources, path=tmp_path / "none.toml")
    assert set(nothing.sources.values()) == {"default"}


def test_the_template_explains_every_key_and_says_nothing(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, template()))
    assert set(config.sources.values()) == {"default"}
    for setting in SETTINGS:
        assert f"# {setting.help}" in template()
        assert setting.help.endswith(".")
        uncommented = f"{setting.key} = {setting.example}"
        assert f"# {uncommented}" in template()
        setting.read(tomllib.loads(uncommented)[setting.key])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('modle = "dog"', "unknown key 'modle'; did you mean model?"),
        ("zzz = 1", "unknown key 'zzz'; the keys are model, backend,"),
        ("model = 3", "model is 3: expected a text"),
        (
            'backend = "onnxrun"',
            "backend is 'onnxrun': expected one of auto, wgpu, onnxruntime; did you mean onnxruntime?",
        ),
        ("graphics = true", "graphics is True: expected one of auto, kitty"),
        ("max_rate = 10", "max_rate is 10: expected 1000 bytes a second or more, as in 200k"),
        ('max_rate = "fast"', "max_rate is 'fast'"),
        ("max_rate = true", "max_rate is True"),
        ('reduced_motion = "perhaps"', "reduced_motion is 'perhaps': expected true or false"),
        ("step = 0", "step is 0: expected a number of sigma, 0.001 to 5"),
        ('panels = ["maps"]', "panels is ['maps']: expected some of strip, map, filmstrip, details, or none"),
        ("walk_speed = -1", "walk_speed is -1: expected a number of sigma a second"),
        ("snapshot_dir = []", "snapshot_dir is []: expected a text"),
        ("keymap = 1", "keymap is 1: expected a table"),
        ('[keymap]\n"walk.toggle" = 3', "keymap.walk.toggle is 3: expected a key or a list of keys"),
        ("model = ", "config.toml: invalid value"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(text: str, said: str, tmp_path: Path) -> None:
    environ = write(tmp_path, text)
    with pytest.raises(UserError) as refusal:
        read_config(environ)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert environ["VAEVIS_TUI_CONFIG"] in str(refusal.value)


def test_all_that_is_wrong_is_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('model = "mnist"\nbackend = 1\nspeed = 2\n')
    config, problems = examine(path, {"VAEVIS_TUI_WALK_SPEED": "fast"})
    assert config.model == "mnist"
    assert len(problems) == 3
    with pytest.raises(UserError, match=r"\(and 1 more: vaevis-tui config check\)"):
        read_config({"VAEVIS_TUI_CONFIG": str(path)})


def test_a_file_without_an_end_is_left() -> None:
    assert examine(Path("/dev/zero"), {})[1] == ["/dev/zero is larger than 1 MiB; no config file is"]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe")
    assert examine(path, {})[1] == [f"{path} cannot be read: it is no UTF-8"]
    assert "is a directory" in examine(tmp_path, {})[1][0].lower()


def test_the_file_lies_where_the_platform_has_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path({}) == tmp_path / "vaevis-tui" / "config.toml"
    assert config_path({"VAEVIS_TUI_CONFIG": "~/mine.toml"}) == Path("~/mine.toml").expanduser()


def test_a_theme_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert kept_theme() is None
    keep_theme("nord")
    assert kept_theme() == "nord"
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nothing")
    keep_theme("nord")
    assert kept_theme() is None
