"""Without the ``train`` extra only ``test_extra.py`` is collected: it says what is missing."""

from importlib.util import find_spec
from pathlib import Path

NEEDED = ("torch", "torchvision", "onnxscript", "tqdm")
MISSING = [name for name in NEEDED if find_spec(name) is None]

collect_ignore = (
    [
        *(path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_extra.py"),
        *(path.name for path in Path(__file__).parent.iterdir() if path.is_dir()),
    ]
    if MISSING
    else []
)
