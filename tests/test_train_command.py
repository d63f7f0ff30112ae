"""``vaevis-train`` where PyTorch is missing; ``tests/training/folder`` has what it does otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_without_pytorch_it_says_what_to_install() -> None:
    """An interpreter that sees nothing that is installed."""
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        "from vaevis_tui.train import main; sys.exit(main(['pictures', '--out', 'model']))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("vaevis-train: error: torch, ")
    assert "pip install 'vaevis-tui[train]'" in done.stderr
    assert "whl/cpu" in done.stderr
    assert done.stderr.count("\n") == 1
