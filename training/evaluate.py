"""Measure a trained model on images it has not seen: ``python -m training.evaluate mnist --data-root DIR``.

Prints the figures of the model card and leaves them in ``runs/MODEL/figures.json`` for ``training.export``.
What is measured is what ships: the averaged weights, without the dimensions that the model does not use.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from .core.command import finish, model_parser
from .core.config import names
from .tasks import task_of
from .tasks.dogs.checkpoint import AVERAGE


def evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options name; returns the figures, which are also printed and stored."""
    run = options.runs_dir / options.model
    if options.bundle:
        run.mkdir(parents=True, exist_ok=True)  # else training has made it
    trained, figures = task_of(options.model).evaluate(options, run)
    for name, figure in figures.items():
        print(f"{name:34} {figure}")
    stored = json.dumps({"weights": trained.digest, **figures}, indent=1)
    (run / "figures.json").write_text(stored + "\n", encoding="utf-8")
    return figures


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = model_parser("evaluate", __doc__, f"a trained model: {', '.join(names())}")
    parser.add_argument("--bundle", type=Path, help="weights of this bundle, not of a checkpoint")
    parser.add_argument("--samples", type=int, default=100, help="importance samples an image (100)")
    parser.add_argument("--images", type=int, help="only so many test images (all)")
    parser.add_argument(
        "--split", default="validation", choices=["validation", "test"], help="which dogs (validation)"
    )
    parser.add_argument("--weights", default=AVERAGE, help=f"which of the dogs' averaged weights ({AVERAGE})")
    parser.add_argument("--contact-sheet", type=Path, help="draw a sheet of pictures into this PNG file")
    parser.add_argument(
        "--nearest", type=int, default=0, help="search the nearest decodes of so many dogs, seconds each (0)"
    )
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    options = parser.parse_args(arguments)
    return finish(lambda: evaluate(options))


if __name__ == "__main__":
    sys.exit(main())
