"""What each process of ``torchrun`` runs in test_train.py: a tiny training, its outcome written down."""

import sys
from pathlib import Path

import torch

from tests.training.tiny import tiny_trainer
from training.core.distributed import joined
from training.core.loop import train


def main() -> None:
    folder = Path(sys.argv[1])
    with joined("cpu") as process:
        trainer = tiny_trainer(process=process)
        bound = float(tiny_trainer(process=process).step())
        train(trainer, torch.zeros(4, 1, 28, 28), folder)
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
