"""``vaevis-tui config``: a person's settings."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from vaevis_tui.explorer.storage.config import Config, Setting

DESCRIPTION = """\
Show, check and edit the settings: config.toml in the platform's folder, environment variables above it.

  show              every key, what it is, and where that comes from
  check             what is wrong, a line each; exit code 2 if anything is
  get KEY           one value, as in: get model
  edit              the file in $VISUAL or $EDITOR, with every key explained; checked afterwards
  set KEY VALUE     one key, as in: set max_rate 200k, set keymap.walk.toggle ctrl+w
  unset KEY         back to the default
  keys              actions and their keys, for the keymap
  path              the file's name"""

EPILOG = """\
examples:
  vaevis-tui config
  vaevis-tui config set snapshot_dir ~/Pictures
  vaevis-tui config set keymap.walk.toggle ctrl+w
  EDITOR=nano vaevis-tui config edit"""

ACTIONS = ("show", "check", "get", "edit", "set", "unset", "keys", "path")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "action", nargs="?", choices=ACTIONS, default="show", metavar="ACTION", help="see above"
    )
    parser.add_argument("key", nargs="?", metavar="KEY", help="a key of the file")
    parser.add_argument("value", nargs="?", metavar="VALUE", help="its value")
    parser.add_argument("--json", action="store_true", help="print JSON (show, keys)")


def run(options: argparse.Namespace) -> int:
    """Do what was asked."""
    given = [each for each in (options.key, options.value) if each is not None]
    words = {"set": ("KEY", "VALUE"), "unset": ("KEY",), "get": ("KEY",)}.get(options.action, ())
    if len(given) != len(words):
        raise UserError(f"config {options.action} takes {' '.join(words) or 'no words'}; {len(given)} given")
    actions = {
        "show": _show,
        "check": _check,
        "get": _get,
        "edit": _edit,
        "set": _set,
        "unset": _unset,
        "keys": _keys,
    }
    if options.action in actions:
        return actions[options.action](options)
    from vaevis_tui.explorer.storage.config import config_path

    print(config_path())
    return 0


def _report(problems: Sequence[str]) -> int:
    """Say what is wrong, and give the exit code."""
    for problem in problems:
        print(f"vaevis-tui: {problem}", file=sys.stderr)
    return 2 if problems else 0


def _problems() -> tuple[Config, list[str]]:
    from vaevis_tui.explorer.storage.config import config_path, examine
    from vaevis_tui.tui.keys.keymap import keymap_problems

    config, problems = examine(config_path())
    named = [_name_problem(key, getattr(config, key)) for key in ("model", "theme")]
    return config, [*problems, *filter(None, named), *keymap_problems(config.keymap)]


def _name_problem(key: str, value: str | None) -> str | None:
    """What is wrong with the name of a model or a theme."""
    from vaevis_tui.suggestions import suggestion

    if value is None or key not in ("model", "theme"):
        return None
    if key == "model":
        from vaevis_tui.models.catalog import names

        known, kind = names(), "a shipped model or a path that is there"
        right = value in known or Path(value).exists()
    else:
        from vaevis_tui.tui.theme import theme_names

        known, kind = theme_names(), "one of the explorer's themes"
        right = value in known
    close = suggestion(value, known) or f"; {', '.join(known)} are known"
    return None if right else f"{key} is {value!r}: expected {kind}{close}"


def _show(options: argparse.Namespace) -> int:
    from vaevis_tui.explorer.storage.config import SETTINGS

    config, problems = _problems()
    if options.json:
        import json

        values = {setting.key: _plain(getattr(config, setting.key)) for setting in SETTINGS}
        print(json.dumps({**values, "keymap": dict(config.keymap)}, indent=2))
    else:
        _print_table(config, SETTINGS)
    return _report(problems)


def _print_table(config: Config, settings: tuple[Setting, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from vaevis_tui.pager import paged

    table = Table("key", "value", "from", "what it does", box=None, pad_edge=False)
    for setting in settings:
        value, source = _plain(getattr(config, setting.key)), config.sources[setting.key]
        shown = setting.default if value is None else _shown(value)
        where = "the file" if source == str(config.path) else source
        table.add_row(setting.key, Text(shown), Text(where), Text(setting.help))
    for action, keys in config.keymap.items():
        table.add_row(Text(f"keymap.{action}"), Text(keys), "the file", "")
    there = "" if config.path.exists() else " (not there yet: vaevis-tui config edit)"
    with paged() as console:
        console.print(Text(f"{config.path}{there}\n"), table)


def _get(options: argparse.Namespace) -> int:
    from vaevis_tui.explorer.storage.config import KEYMAP, SETTINGS, unknown_key
    from vaevis_tui.tui.keys.keymap import all_bindings, textual_keymap

    (config, problems), key = _problems(), options.key
    defaults = {f"{KEYMAP}.{binding.id}": binding.key for binding in all_bindings()}
    setting = next((each for each in SETTINGS if each.key == key), None)
    if setting is not None:
        value = _plain(getattr(config, key))
        print(setting.default if value is None else _shown(value))
    elif key in defaults:
        print(textual_keymap(config.keymap).get(key.removeprefix(f"{KEYMAP}."), defaults[key]))
    else:
        raise UserError(unknown_key(key))
    return _report(problems)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _check(options: argparse.Namespace) -> int:
    config, problems = _problems()
    if not problems:
        print(f"{config.path}: {'right' if config.path.exists() else 'not there, so everything is default'}")
    return _report(problems)


def _edit(options: argparse.Namespace) -> int:
    from vaevis_tui.explorer.storage.config import config_path, template

    path = config_path()
    if not path.exists():
        _write(path, template())
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        code = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
    except OSError as error:
        raise UserError(f"{editor} cannot be started: {error.strerror}; set EDITOR, or edit {path}") from None
    if code:
        raise UserError(f"{editor} ended with code {code}")
    return _check(options)


@contextmanager
def _config_lock() -> Iterator[None]:
    """Let other programs that change settings wait, so that neither undoes the other's work.

    Where no lock can be had there is none: a state folder that is read-only hinders nobody.
    """
    import platformdirs

    from vaevis_tui.export.files import locked

    folder = platformdirs.user_state_path("vaevis-tui")
    with ExitStack() as stack:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(locked(folder / "config.lock"))
        yield


@_config_lock()
def _set(options: argparse.Namespace) -> int:
    import tomlkit

    from vaevis_tui.explorer.storage.config import KEYMAP, SETTINGS, config_path, unknown_key
    from vaevis_tui.tui.keys.keymap import keymap_problems

    key, path = options.key, config_path()
    document = _document(path)
    if key.startswith(f"{KEYMAP}."):
        action = key.removeprefix(f"{KEYMAP}.")
        table = document.setdefault(KEYMAP, tomlkit.table())
        table[action] = options.value
        config_map = {name: str(keys) for name, keys in table.items() if isinstance(keys, str)}
        if problems := keymap_problems(config_map):
            raise UserError(problems[0])
    else:
        setting = next((each for each in SETTINGS if each.key == key), None)
        if setting is None:
            raise UserError(unknown_key(key))
        try:
            value = setting.read(options.value)
        except ValueError as error:
            raise UserError(f"{key} is {options.value!r}: {error}") from None
        if problem := _name_problem(key, options.value):
            raise UserError(problem)
        document[key] = _written(value, options.value)
    _write(path, tomlkit.dumps(document))
    print(path)
    return 0


def _written(value: Any, text: str) -> Any:
    """A value as TOML has it: flags, numbers and lists as such, all else as it was typed."""
    if isinstance(value, bool):
        return value
    if isinstance(value, tuple):
        return list(value)
    try:
        return int(text)
    except ValueError:
        with suppress(ValueError):
            return float(text) if isinstance(value, float) else text
    return text


@_config_lock()
def _unset(options: argparse.Namespace) -> int:
    import tomlkit

    from vaevis_tui.explorer.storage.config import KEYMAP, SETTINGS, config_path, unknown_key

    key, path = options.key, config_path()
    document = _document(path)
    if key.startswith(f"{KEYMAP}."):
        table, key = document.get(KEYMAP, {}), key.removeprefix(f"{KEYMAP}.")
    elif key in {setting.key for setting in SETTINGS}:
        table = document
    else:
        raise UserError(unknown_key(key))
    if key in table:
        del table[key]
        if not document.get(KEYMAP, {"": ""}):
            del document[KEYMAP]
        _write(path, tomlkit.dumps(document))
    print(path)
    return 0


def _document(path: Path) -> Any:
    """The file as it is, comments included."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from vaevis_tui.export.files import reason

    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read: {why}") from None


def _write(path: Path, text: str) -> None:
    from vaevis_tui.export.files import replace_whole, unwritable

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path.resolve(), text.encode())
    except OSError as error:
        raise unwritable(path, error) from None


def _keys(options: argparse.Namespace) -> int:
    from vaevis_tui.tui.keys import key_name
    from vaevis_tui.tui.keys.keymap import all_bindings, textual_keymap

    config, problems = _problems()
    chosen = textual_keymap(config.keymap)
    rows = []
    for binding in all_bindings():
        keys = chosen.get(str(binding.id), binding.key).split(",")
        rows.append((str(binding.id), " ".join(map(key_name, keys)), binding.tooltip or binding.description))
    if options.json:
        import json

        print(json.dumps({action: keys for action, keys, _ in rows}, indent=2, ensure_ascii=False))
    else:
        from rich.table import Table
        from rich.text import Text

        from vaevis_tui.pager import paged

        table = Table("action", "keys", "what it does", box=None, pad_edge=False)
        for row in rows:
            table.add_row(*map(Text, row))
        with paged() as console:
            console.print(table)
    return _report(problems)
