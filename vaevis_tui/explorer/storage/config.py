"""A person's settings: ``config.toml`` in the platform's folder, and environment variables above it.

Whoever starts something asks `read_config`; a flag of the command line comes before what it says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaevis_tui.engine.backends import BACKENDS
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import replace_whole
from vaevis_tui.reading import read_at_most, typed_path
from vaevis_tui.suggestions import suggestion
from vaevis_tui.terminal.graphics import AUTO, Graphics
from vaevis_tui.text import one_line

PREFIX = "VAEVIS_TUI_"
"""Of environment variables: that of ``max_rate`` is ``VAEVIS_TUI_MAX_RATE``."""

LONGEST_PROBLEM = 500
"""Characters of a line about the file."""

MAX_BYTES = 1 << 20
"""Of a config file."""

CONFIG_VARIABLE = f"{PREFIX}CONFIG"
"""Names another file than that of the platform's folder."""

PANELS = ("strip", "map", "filmstrip", "details")
"""What can be open beside image and rows."""

KEYMAP = "keymap"
"""The table of a config file that gives actions other keys."""


@dataclass(frozen=True)
class Config:
    """What `read_config` found; the fields are those of `SETTINGS`, and None where nothing was said.

    Attributes:
        keymap: Keys by the id of their action, e.g. ``{"walk.toggle": "space"}``.
        sources: Where each value comes from, by key: ``"default"``, a variable's name or the file.
        path: The file, which need not be there.
    """

    model: str | None = None
    backend: str | None = None
    graphics: str | None = None
    theme: str | None = None
    max_rate: float | None = None
    reduced_motion: bool = False
    walk_speed: float = 1.5
    step: float = 0.1
    coarse_step: float = 1.0
    fine_step: float = 0.01
    panels: tuple[str, ...] | None = None
    snapshot_dir: Path | None = None
    caption: bool = False
    keymap: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    path: Path = Path()


@dataclass(frozen=True)
class Setting:
    """One key of a config file.

    Attributes:
        key: Its name; the variable's is the same in capitals.
        help: What it does, for people, one sentence.
        default: What holds where nothing is said, for people.
        example: A value as it is written in the file.
        read: From what TOML or a variable holds to the value; raises ValueError saying what is expected.
        words: What it may be, where that is one of a few words, or some of them.
    """

    key: str
    help: str
    default: str
    example: str
    read: Callable[[object], Any]
    words: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable that comes before the file."""
        return PREFIX + self.key.upper()


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("expected a text")


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise ValueError(f"expected one of {', '.join(choices)}{suggestion(str(value), choices)}")

    return read


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else ""
    if word in ("true", "1", "yes", "on", "false", "0", "no", "off"):
        return word in ("true", "1", "yes", "on")
    raise ValueError("expected true or false")


def _folder(value: object) -> Path:
    return typed_path(_text(value))


def _number(lowest: float, highest: float, what: str) -> Callable[[object], float]:
    """What reads a number, or a text of one, between two others."""

    def read(value: object) -> float:
        if not isinstance(value, bool) and isinstance(value, int | float | str):
            with suppress(ValueError):
                number = float(value)
                if lowest <= number <= highest:
                    return number
        raise ValueError(f"expected a number of {what}, {lowest:g} to {highest:g}")

    return read


_speed = _number(0.05, 20, "sigma a second")
_step = _number(0.001, 5, "sigma")


def _panels(value: object) -> tuple[str, ...]:
    """A list of names, or a text of names with commas between them; "none" is an empty one."""
    names = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if names in (["none"], []):
        return ()
    if isinstance(names, list) and all(each in PANELS for each in names):
        return tuple(names)
    raise ValueError(f"expected some of {', '.join(PANELS)}, or none")


def bytes_per_second(value: object) -> float:
    """``200k``, ``1.5M`` or a number.

    Raises:
        ValueError: it is no rate, or less than 1000 bytes a second.
    """
    text, factor = str(value), 1.0
    for suffix, worth in (("k", 1e3), ("M", 1e6)):
        if text.endswith(suffix):
            text, factor = text.removesuffix(suffix), worth
    try:
        rate = float(text) * factor
    except ValueError:
        rate = 0.0
    if isinstance(value, bool) or not 1e3 <= rate < float("inf"):
        raise ValueError("expected 1000 bytes a second or more, as in 200k")
    return rate


_GRAPHICS = (AUTO, *(kind.value for kind in Graphics))
_FLAG = ("true", "false")

SETTINGS = (
    Setting("model", "The model that is opened where none is named.", "dog", '"mnist"', _text),
    Setting(
        "backend",
        "What decodes: auto takes a hardware GPU if there is one, else onnxruntime.",
        "auto",
        '"auto"',
        _one_of(*BACKENDS),
        BACKENDS,
    ),
    Setting(
        "graphics",
        "What images are drawn with; auto takes the best that the terminal says it has.",
        "auto",
        '"auto"',
        _one_of(*_GRAPHICS),
        _GRAPHICS,
    ),
    Setting(
        "theme",
        "Colours of the explorer; without it the one that was chosen last, or that suits the terminal.",
        "the last",
        '"vaevis-dark"',
        _text,
    ),
    Setting(
        "max_rate",
        "Send the terminal no more than so many bytes a second.",
        "no limit",
        '"200k"',
        bytes_per_second,
    ),
    Setting("reduced_motion", "Show no more than 8 images a second.", "false", "false", _flag, _FLAG),
    Setting("walk_speed", "Of a random walk at its start, in sigma a second.", "1.5", "1.5", _speed),
    Setting("step", "What an arrow moves by, in sigma.", "0.1", "0.1", _step),
    Setting("coarse_step", "The same with Shift.", "1", "1", _step),
    Setting("fine_step", "The same with Ctrl.", "0.01", "0.01", _step),
    Setting(
        "panels",
        f"What is open at first beside image and rows: some of {', '.join(PANELS)}, or none.",
        "as there is room",
        '["strip", "map"]',
        _panels,
        (*PANELS, "none"),
    ),
    Setting(
        "snapshot_dir", "Where snapshots go; made if it is missing.", "here", '"~/Pictures/latent"', _folder
    ),
    Setting(
        "caption", "Write model, z and seed below the image of a snapshot.", "false", "false", _flag, _FLAG
    ),
)
"""Every key, in the order in which they are shown."""


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The config file, which need not be there."""
    if named := environ.get(CONFIG_VARIABLE):
        return typed_path(named)
    import platformdirs

    return Path(platformdirs.user_config_path("vaevis-tui")) / "config.toml"


def read_config(environ: Mapping[str, str] = os.environ) -> Config:
    """What the variables and the file say.

    Raises:
        UserError: The file cannot be read or is no TOML, a key is unknown, or a value is of another kind.
    """
    path = config_path(environ)
    config, problems = examine(path, environ)
    if problems:
        more = f" (and {len(problems) - 1} more: vaevis-tui config check)" if len(problems) > 1 else ""
        raise UserError(problems[0] + more)
    return config


def examine(path: Path, environ: Mapping[str, str] = os.environ) -> tuple[Config, list[str]]:
    """What is right in variables and file, and what is wrong, a line each."""
    problems: list[str] = []
    found = _load(path, problems)
    keymap = _keymap(found.pop(KEYMAP, {}), path, problems)
    values: dict[str, Any] = {}
    sources = {setting.key: "default" for setting in SETTINGS}
    problems += [f"{path}: {unknown_key(key)}" for key in found if key not in sources]
    for setting in SETTINGS:
        for source, where in ((environ, setting.variable), (found, str(path))):
            name = setting.variable if source is environ else setting.key
            if name in source and source[name] != "":
                try:
                    values[setting.key] = setting.read(source[name])
                    sources[setting.key] = where
                except (ValueError, OverflowError) as error:  # a whole number of 400 digits
                    label = name if source is environ else f"{path}: {name}"
                    problems.append(f"{label} is {source[name]!r}: {error}")
                break
    lines = [one_line(problem, LONGEST_PROBLEM) for problem in problems]
    return Config(**values, keymap=keymap, sources=sources, path=path), lines


def unknown_key(key: str) -> str:
    """What is said of a key that there is not."""
    known = [*(setting.key for setting in SETTINGS), f"{KEYMAP}.ACTION" if key == KEYMAP else KEYMAP]
    return f"unknown key {key!r}" + (suggestion(key, known) or f"; the keys are {', '.join(known)}")


def _load(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        text = read_at_most(path, MAX_BYTES, "no config file is").decode("utf-8")
    except FileNotFoundError:
        return {}
    except UserError as error:
        problems.append(str(error))
        return {}
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8'}")
        return {}
    from vaevis_tui.models.card import parse_toml

    try:
        return parse_toml(text)
    except ValueError as error:
        problems.append(f"{path}: {str(error)[0].lower()}{str(error)[1:]}")
        return {}


def _keymap(value: object, path: Path, problems: list[str]) -> dict[str, str]:
    """Keys by action; an action's id may be written with its dots as tables, too."""
    if not isinstance(value, dict):
        problems.append(f"{path}: {KEYMAP} is {value!r}: expected a table of actions and keys")
        return {}
    found: dict[str, str] = {}
    for name, keys in value.items():
        if isinstance(keys, dict):  # [keymap.walk] toggle = "space", or walk.toggle = "space"
            nested = {f"{name}.{part}": each for part, each in keys.items()}
        else:
            nested = {name: keys}
        for action, each in nested.items():
            if isinstance(each, list) and all(isinstance(key, str) for key in each):
                found[action] = ",".join(each)
            elif isinstance(each, str):
                found[action] = each
            else:
                problems.append(f"{path}: {KEYMAP}.{action} is {each!r}: expected a key or a list of keys")
    return found


def template() -> str:
    """A config file with every key, explained and commented out."""
    lines = [
        "# Settings of vaevis-tui. A flag comes first, then an environment variable, then this file.",
        "",
    ]
    for setting in SETTINGS:
        lines += [f"# {setting.help} ({setting.variable})", f"# {setting.key} = {setting.example}", ""]
    lines += [
        "# Other keys for actions; `vaevis-tui config keys` lists them all.",
        f"[{KEYMAP}]",
        '# "walk.toggle" = "ctrl+w"',
        '# "value.less" = ["h", "left"]',
        "",
    ]
    return "\n".join(lines)


def _theme_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_path("vaevis-tui")) / "theme"


def kept_theme() -> str | None:
    """The theme that was chosen last, or None."""
    try:
        return _theme_file().read_text(encoding="utf-8").strip()[:100] or None
    except (OSError, UnicodeDecodeError):
        return None


def keep_theme(name: str) -> None:
    """Remember a theme for the next start; where that cannot be written, it is forgotten."""
    path = _theme_file()
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_whole(path, f"{name}\n".encode())
