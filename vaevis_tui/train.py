"""``vaevis-train``: finds the code that trains, which needs PyTorch, and runs it; nothing else imports it.

It lies beside this package in a checkout, as ``training``, and in site-packages as ``vaevis_train``.
"""

from __future__ import annotations

import importlib
import sys
import time
from importlib.util import find_spec
from pathlib import Path

NEEDED = ("torch", "torchvision", "onnxscript", "tqdm")
"""What the extra ``train`` brings."""

WITHOUT_CUDA = "--extra-index-url https://download.pytorch.org/whl/cpu"
"""PyTorch's own index; what PyPI has brings CUDA along."""

CHECKOUT = Path(__file__).parent.parent / "training"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code: 2 where the extra is not installed."""
    started = time.monotonic()  # PyTorch may take half a minute to be read
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        print(
            f"vaevis-train: error: {', '.join(missing)} missing: pip install 'vaevis-tui[train]'; "
            f"without a GPU add {WITHOUT_CUDA}, a fraction of the size",
            file=sys.stderr,
        )
        return 2
    package = "training" if (CHECKOUT / "core" / "loop.py").is_file() else "vaevis_train"
    command = importlib.import_module(f"{package}.tasks.folder.command")
    return int(command.main(arguments, started=started))
