"""What each process of ``torchrun`` runs in tests: a tiny training, its outcome written down."""

import sys
from pathlib import Path
from typing import Any

import torch

from tests.training import tiny
from training.core.distributed import Process, joined
from training.core.loop import train


def begin(task: str, process: Process) -> tuple[Any, torch.Tensor]:
    """A trainer, and what is held out."""
    if task == "dogs":
        from tests.training.dogs.tiny import faces, tiny_trainer

        return tiny_trainer(process=process), faces(4)
    if task != "digits":
        from tests.training.folder.draw import tiny_trainer as folder_trainer

        trainer = folder_trainer(Path(task), Path(task).with_name("store"), process=process)
        return trainer, trainer.pictures.pixels[trainer.pictures.held_out]
    return tiny.tiny_trainer(process=process), torch.zeros(4, 1, 28, 28)


def main() -> None:
    folder, task = Path(sys.argv[1]), sys.argv[2]
    with joined("cpu") as process:
        trainer, held_out = begin(task, process)
        bound = float(trainer.timing_copy().step())
        train(trainer, held_out, folder)
        state = trainer.state
        outcome = {
            "step": state.step,
            "bound": bound,
            "weights": state.model.state_dict(),
            "average": state.average.state_dict(),
        }
        torch.save(outcome, folder / f"rank{process.rank}.pt")


if __name__ == "__main__":
    main()
