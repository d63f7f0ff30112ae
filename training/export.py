"""Write a trained model's bundle: ``python -m training.export mnist --data-root DIR``.

The bundle holds ``decoder.onnx``, ``encoder.onnx``, ``latents.npz`` and ``model.toml``, the card, with what
``training.evaluate`` found, and ``sheet.png``, pictures that the model makes. Dimensions that the model does
not use are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .core.command import finish, model_parser
from .core.config import names
from .core.export import export, read_figures
from .tasks import task_of


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = model_parser("export", __doc__, f"a trained model: {', '.join(names())}")
    parser.add_argument("--bundle", type=Path, help="weights of this bundle of digits, not of a checkpoint")
    parser.add_argument("--out", type=Path, help="folder of the bundle (bundle/ in the run's folder)")
    parser.add_argument("--machine", default="", help='where it was trained, e.g. "2 CPU cores"')
    options = parser.parse_args(arguments)

    def work() -> None:
        run = options.runs_dir / options.model
        trained, space = task_of(options.model).finish(options, run)
        figures = read_figures(run / "figures.json", trained)
        export(trained, space, options.out or run / "bundle", figures, options.machine)

    return finish(work)


if __name__ == "__main__":
    sys.exit(main())
