"""Keeping to the time that was given: how many steps fit into it, and when to look up from the work."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from ...core.loop import duration
from .live import draw_progress, write_bundle
from .trainer import FolderTrainer

Clock = Callable[[], float]
"""Seconds since any moment."""

RESERVE = 30.0
"""Seconds that the last bundle is thought to take, until one was written."""

SAFETY = 1.25
"""So many times as long as the latest bundle the last one is thought to take."""

DRIFT = 0.05
"""Share by which the steps that are left may be off before they are planned anew."""

MEMORY, LONG_MEMORY = 10.0, 30.0
"""Seconds that the pace looks back upon, about: for plans, and to tell how slow the machine became."""

SHARE_OF_BUNDLES = 15
"""So many times as long as a bundle takes is trained before the next is written."""

FIRST_BUNDLE, BETWEEN_BUNDLES = 45.0, 90.0
"""Seconds of training, at least, before the first bundle and between bundles."""

SAVED_EVERY = 60.0
"""Seconds between checkpoints, about."""


class Pace:
    """Seconds a step, by the steps of late.

    Args:
        guess: Seconds a step, measured beforehand.
        memory: Seconds that it looks back upon, about.
    """

    def __init__(self, guess: float, memory: float) -> None:
        self._memory = memory
        self._steps, self._time = memory / 4 / guess, memory / 4

    @property
    def seconds(self) -> float:
        """Of a step."""
        return self._time / self._steps

    def step(self, seconds: float) -> None:
        """Count a step."""
        kept = math.exp(-seconds / self._memory)
        self._steps, self._time = kept * self._steps + 1, kept * self._time + seconds


class Sitting:
    """One run of the command: what happens between steps.

    Attributes:
        trainer: Takes the steps.
        limit: Seconds that the training may take, all sittings together; None: as many steps as planned.
        most: Steps beyond which nothing is gained.
        reserve: Seconds that are kept for the end, when the machine is as fast as it was beforehand.
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
        self._base, self._first_step = trainer.state.spent - started, trainer.state.step
        self.reserve = RESERVE if limit is None else min(RESERVE, 0.25 * limit)
        self._check, self._bundle, self._bundle_pace = 0.0, 0.0, 0.0
        self.pace, self._long_pace = Pace(1.0, MEMORY), Pace(1.0, LONG_MEMORY)
        self._left_off, self._checked = clock(), False
        self._next_bundle = clock() + (FIRST_BUNDLE if limit is None else min(FIRST_BUNDLE, 0.1 * limit))
        self.figures: Mapping[str, float | str] = {}

    def spent(self) -> float:
        """Seconds since the training began, all sittings."""
        return self._base + self._clock()

    def begin(self, guess: float) -> None:
        """Plan by ``guess`` seconds a step, and count the time from now on."""
        self.pace, self._long_pace = Pace(guess, MEMORY), Pace(guess, LONG_MEMORY)
        self._left_off = self._clock()
        if self.trainer.process.first:
            self._plan()
        self.agree()

    def ending(self) -> float:
        """Seconds that the last figures, bundle and checkpoint will take, as slow as it is now."""
        return (self.reserve + self._check) * self._slower()

    def _slower(self) -> float:
        """So many times as long as at the latest bundle everything takes."""
        return max(1.0, self._long_pace.seconds / self._bundle_pace) if self._bundle_pace else 1.0

    def steps_in(self, seconds: float) -> int:
        """Steps that fit into a time, with the bundles and checkpoints between them."""
        bundles = int(max(0.0, seconds) / self._bundle_interval()) * self._bundle * self._slower()
        a_step = self.pace.seconds + self._check / self.trainer.config.run.checkpoint_every
        return max(0, int((seconds - bundles) / a_step))

    def _bundle_interval(self) -> float:
        """Seconds of training between two bundles."""
        return max(BETWEEN_BUNDLES, SHARE_OF_BUNDLES * self._bundle)

    def _has_room(self) -> bool:
        """Whether a bundle may be written on the way, and there is time for the last one."""
        return self.limit is None or self.spent() + 2 * self.ending() < self.limit

    def _plan(self) -> None:
        """Take as many steps as fit into the time, and save about every minute."""
        config, step = self.trainer.config, self.trainer.state.step
        planned = total = config.total_steps
        if self.limit is not None:
            left = self.limit - self.ending() - self.spent()
            total = max(step, 1, min(self.most, step + self.steps_in(left)))
            if abs(total - planned) > DRIFT * max(0, planned - step):
                config = config.lasting(total)
        quarter = max(1, (total - self._first_step) // 4)
        every = max(1, min(2000, quarter, round(SAVED_EVERY / self.pace.seconds)))
        if not 0.6 < every / config.run.checkpoint_every < 1.6:
            config = config.saving_every(every)
        self.trainer.config = config

    def agree(self) -> None:
        """Let all processes take as many steps, and save as often, as the first one plans."""
        config, agreed = self.trainer.config, self.trainer.process.agreed
        total, every = int(agreed(config.total_steps)), int(agreed(config.run.checkpoint_every))
        if total != config.total_steps or every != config.run.checkpoint_every:
            self.trainer.config = config.lasting(total).saving_every(every)

    def between(self) -> None:
        """After each step: keep to the time, show how it goes, let the explorer have a look."""
        if self.trainer.process.first:
            self._look_up()
        self.agree()

    def _look_up(self) -> None:
        trainer, now = self.trainer, self._clock()
        trainer.state.spent = self.spent()
        step, run = trainer.state.step, trainer.config.run
        took = now - self._left_off
        if self._checked:  # validation and a checkpoint came before this step
            self._check = max(0.0, took - self.pace.seconds)
        else:
            self.pace.step(took)
            self._long_pace.step(took)
        self._checked = step % run.checkpoint_every == 0
        self._plan()
        if step % run.validate_every == 0:
            draw_progress(trainer, self.store / "sheets" / f"step-{step:07}.png")
        if now >= self._next_bundle and step < trainer.config.total_steps and self._has_room():
            self.write()
        self._left_off = self._clock()

    def write(self) -> None:
        """Write the bundle."""
        before = self._clock()
        written = write_bundle(self.trainer, self.out, self.store / "bundle.part")
        took, self.figures = self._clock() - before, written.figures
        if self.limit is not None:
            self.reserve = min(SAFETY * took + 2, 0.5 * self.limit)
            self._bundle, self._bundle_pace = took, self._long_pace.seconds
        self._next_bundle = self._clock() + self._bundle_interval()
        self.trainer.state.spent = self.spent()
        if self.trainer.state.step < self.trainer.config.total_steps:
            quality = written.figures["psnr_db"]
            self._say(
                f"{self.out} is at step {self.trainer.state.step}: {quality} dB, "
                f"{written.dimensions} dimensions, written in {duration(took)}"
            )
