"""Write a trained model's bundle: ``python -m training.export mnist --data-root DIR``.

The bundle holds ``decoder.onnx``, ``encoder.onnx``, ``latents.npz`` and ``model.toml``, the card, with what
``training.evaluate`` found, and ``sheet.png``, pictures that the model makes. Dimensions that the model does
not use are left out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vaevis_tui.errors import UserError

from .core.config import names
from .core.export import export, read_figures
from .tasks import task_of


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("model", help=f"a trained model: {', '.join(names())}")
    parser.add_argument(
        "--data-root", type=Path, required=True, help="folder that holds MNIST/raw or dogfacenet"
    )
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="where training ran (runs)")
    parser.add_argument("--bundle", type=Path, help="weights of this bundle of digits, not of a checkpoint")
    parser.add_argument("--out", type=Path, help="folder of the bundle (bundle/ in the run's folder)")
    parser.add_argument("--machine", default="", help='where it was trained, e.g. "2 CPU cores"')
    options = parser.parse_args(arguments)
    try:
        run = options.runs_dir / options.model
        trained, space = task_of(options.model).finish(options, run)
        figures = read_figures(run / "figures.json", trained)
        export(trained, space, options.out or run / "bundle", figures, options.machine)
    except UserError as error:
        print(f"training: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
