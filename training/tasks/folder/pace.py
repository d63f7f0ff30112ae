"""Keeping to the time that was given: how many steps fit into it, and when to look up from the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ...core.loop import duration
from .live import draw_progress, write_bundle
from .trainer import FolderTrainer

Clock = Callable[[], float]
"""Seconds since any moment."""

RESERVE = 30.0
"""Seconds that the last bundle is thought to take, until one was written."""

DRIFT = 0.05
"""Share by which the steps that are left may be off before they are planned anew."""

SHARE_OF_BUNDLES = 15
"""So many times as long as a bundle takes is trained before the next is written."""

FIRST_BUNDLE, BETWEEN_BUNDLES = 45.0, 90.0
"""Seconds of training, at least, before the first bundle and between bundles."""


class Sitting:
    """One run of the command: what happens between steps.

    Attributes:
        trainer: Takes the steps.
        limit: Seconds that the training may take, all sittings together; None: as many steps as planned.
        most: Steps beyond which nothing is gained.
    """

    def __init__(
        self,
        trainer: FolderTrainer,
        out: Path,
        store: Path,
        limit: float | None,
        most: int,
        clock: Clock,
        started: float,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.trainer, self.out, self.store, self.limit, self.most = trainer, out, store, limit, most
        self._clock, self._say = clock, say
        self._base = trainer.state.spent - started
        self._first_step, self._begun = trainer.state.step, clock()
        self.reserve = RESERVE if limit is None else min(RESERVE, 0.25 * limit)
        self._next_bundle = clock() + FIRST_BUNDLE
        self.figures: Mapping[str, float | str] = {}

    def spent(self) -> float:
        """Seconds since the training began, all sittings."""
        return self._base + self._clock()

    def plan(self, pace: float) -> None:
        """Take as many steps as fit into the time at ``pace`` seconds a step."""
        if self.limit is None:
            return
        step = self.trainer.state.step
        left = self.limit - self.reserve - self.spent()
        total = min(self.most, step + max(0, int(left / pace)))
        planned = self.trainer.config.total_steps
        if abs(total - planned) > DRIFT * max(0, planned - step):
            self.trainer.config = self.trainer.config.lasting(max(total, step, 1))

    def agree(self) -> None:
        """Let all processes take as many steps as the first one plans."""
        trainer = self.trainer
        total = int(trainer.process.agreed(trainer.config.total_steps))
        if total != trainer.config.total_steps:
            trainer.config = trainer.config.lasting(total)

    def between(self) -> None:
        """After each step: keep to the time, show how it goes, let the explorer have a look."""
        if self.trainer.process.first:
            self._look_up()
        self.agree()

    def _look_up(self) -> None:
        trainer, now = self.trainer, self._clock()
        trainer.state.spent = self.spent()
        step, run = trainer.state.step, trainer.config.run
        if self.limit is not None and trainer.state.spent > self.limit - self.reserve:
            trainer.config = trainer.config.lasting(step)
        elif step % run.checkpoint_every == 0:
            # With all that came between the steps, not only the steps.
            self.plan((now - self._begun) / (step - self._first_step))
        if step % run.validate_every == 0:
            draw_progress(trainer, self.store / "sheets" / f"step-{step:07}.png")
        if now >= self._next_bundle and step < trainer.config.total_steps:
            self.write()

    def write(self) -> None:
        """Write the bundle."""
        before = self._clock()
        written = write_bundle(self.trainer, self.out, self.store / "bundle.part")
        took, self.figures = self._clock() - before, written.figures
        if self.limit is not None:
            self.reserve = min(1.2 * took + 2, 0.5 * self.limit)
        self._next_bundle = self._clock() + max(BETWEEN_BUNDLES, SHARE_OF_BUNDLES * took)
        self.trainer.state.spent = self.spent()
        if self.trainer.state.step < self.trainer.config.total_steps:
            quality = written.figures["psnr_db"]
            self._say(
                f"{self.out} is at step {self.trainer.state.step}: {quality} dB, "
                f"{written.dimensions} dimensions, written in {duration(took)}"
            )
