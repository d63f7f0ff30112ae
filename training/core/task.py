"""What the commands need to know of a task: how it begins, how it is measured, what of it ships."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from vaevis_tui.latent.space import LatentSpace

from .checkpoint import Trained
from .distributed import Process
from .loop import AnyTrainer


@dataclass(frozen=True)
class Task:
    """A data set and what is done with it.

    Attributes:
        begin: From a command line's options, this process and the path of the checkpoint, which may be
            missing, to a trainer and the images that are held out.
        evaluate: From a command line's options and the run's folder to the model and its figures.
        finish: From a command line's options and the run's folder to what ships.
    """

    begin: Callable[[argparse.Namespace, Process, Path], tuple[AnyTrainer, Tensor]]
    evaluate: Callable[[argparse.Namespace, Path], tuple[Trained, dict[str, Any]]]
    finish: Callable[[argparse.Namespace, Path], tuple[Trained, LatentSpace]]
