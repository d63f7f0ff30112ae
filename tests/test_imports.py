"""Who imports whom: by the source, and by what is really loaded when the program runs."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.models.make import write_bundle
from tests.support import require

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

WATCH = """
import importlib, pkgutil, sys

class Watch:
    '''Notes who asks for a module, whether it is installed or not.'''
    def __init__(self, *names):
        self.names, self.asked = names, set()
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in self.names:
            self.asked.add(name.partition('.')[0])

def import_all(package):
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, '__path__', ()), package + '.'):
        if not found.name.endswith('__main__'):
            importlib.import_module(found.name)
"""

WITHOUT_TEXTUAL = (
    "api",
    "engine",
    "errors",
    "explorer",
    "export",
    "latent",
    "models",
    "onnx_model",
    "resources",
    "terminal",
    "web",
)


def run(program: str) -> str:
    """What a program prints that runs in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH + program], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_rules_in_pyproject_are_kept() -> None:
    require(importlib.util.find_spec("importlinter"), "import-linter (pip install .[dev])")
    scripts = sysconfig.get_path("scripts")
    command = shutil.which("lint-imports", path=scripts) or shutil.which("lint-imports")
    require(command, "lint-imports on the path")
    done = subprocess.run(
        [str(command), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("part", WITHOUT_TEXTUAL)
def test_only_the_app_loads_textual(part: str) -> None:
    program = f"""
watch = Watch('textual', 'torch')
sys.meta_path.insert(0, watch)
import_all('vaevis_tui.{part}')
print(watch.asked)
"""
    assert run(program) == "set()\n"


def test_nothing_asks_for_torch_when_it_is_imported() -> None:
    program = """
watch = Watch('torch', 'torchvision', 'training')
sys.meta_path.insert(0, watch)
import_all('vaevis_tui')
print(watch.asked, 'textual' in sys.modules)
"""
    assert run(program) == "set() True\n"


def test_nothing_asks_for_torch_or_textual_when_it_decodes(tmp_path: Path) -> None:
    """Libraries import much of theirs only when they are used."""
    folder = write_bundle(tmp_path / "model", 4, height=8, width=8)
    program = f"""
watch = Watch('textual', 'torch', 'torchvision')
sys.meta_path.insert(0, watch)
import vaevis_tui
for backend in ('onnxruntime', 'auto'):
    with vaevis_tui.load({str(folder)!r}, backend=backend) as model:
        print(model.decode(model.sample(3)).shape)
print(watch.asked)
"""
    assert run(program) == "(1, 8, 8, 3)\n(1, 8, 8, 3)\nset()\n"


def test_the_package_itself_is_light() -> None:
    """``import vaevis_tui`` is what the console script does first."""
    program = """
before = set(sys.modules)
import vaevis_tui
loaded = {name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)
print(loaded, [name for name in sys.modules if name.startswith('vaevis_tui.')])
"""
    assert run(program) == "{'vaevis_tui'} []\n"


def test_no_test_imports_another() -> None:
    """What they share lies in modules of other names, so that one can be changed without the rest."""
    tests = Path(__file__).parent
    imported = re.compile(r"^\s*(?:from|import) tests\.[\w.]*\btest_\w+", re.MULTILINE)
    found = [
        f"{path.relative_to(tests)}: {line.strip()}"
        for path in sorted(tests.rglob("*.py"))
        for line in imported.findall(path.read_text(encoding="utf-8"))
        if path.stem not in line  # a program that a test writes may import the test itself
    ]
    assert found == []


def test_every_task_is_among_those_that_know_nothing_of_one_another() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (independent,) = [rule["modules"] for rule in rules["contracts"] if rule["type"] == "independence"]
    tasks = {f"training.tasks.{path.parent.name}" for path in (ROOT / "training/tasks").glob("*/__init__.py")}
    assert set(independent) == tasks, "name each task in the contract in pyproject.toml"
