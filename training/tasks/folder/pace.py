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

MEMORY = 10.0
"""Seconds that the measured pace looks back upon, about."""

SHARE_OF_BUNDLES = 15
"""So many times as long as a bundle takes is trained before the next is written."""

FIRST_BUNDLE, BETWEEN_BUNDLES = 45.0, 90.0
"""Seconds of training, at least, before the first bundle and between bundles."""

SAVED_EVERY = 60.0
"""Seconds between checkpoints, about."""


class Pace:
    """Seconds a step, by the steps of late, and how much of the time is none of theirs.

    Args:
        guess: Seconds a step, measured beforehand.
    """

    def __init__(self, guess: float) -> None:
        self._steps, self._time = MEMORY / 4 / guess, MEMORY / 4
        self._stepping = self._between = 0.0

    @property
    def seconds(self) -> float:
        """Of a step, alone."""
        return self._time / self._steps

    @property
    def with_all(self) -> float:
        """Of a step and its part of what comes between steps: validation, sheets, bundles, checkpoints."""
        return self.seconds * (1 + self._between / max(self._stepping, MEMORY))

    def step(self, seconds: float) -> None:
        """Count a step."""
        kept = math.exp(-seconds / MEMORY)
        self._steps, self._time = kept * self._steps + 1, kept * self._time + seconds
        self._stepping += seconds

    def between(self, seconds: float) -> None:
        """Count what came between steps."""
        self._between += seconds


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
        self._check, self._bundle_pace = 0.0, 0.0
        self.pace = Pace(1.0)
        self._left_off, self._checked = clock(), False
        self._next_bundle = clock() + (FIRST_BUNDLE if limit is None else min(FIRST_BUNDLE, 0.1 * limit))
        self.figures: Mapping[str, float | str] = {}

    def spent(self) -> float:
        """Seconds since the training began, all sittings."""
        return self._base + self._clock()

    def begin(self, guess: float) -> None:
        """Plan by ``guess`` seconds a step, and count the time from now on."""
        self.pace = Pace(guess)
        self._left_off = self._clock()
        if self.trainer.process.first:
            self._plan()
        self.agree()

    def ending(self) -> float:
        """Seconds that the last figures, bundle and checkpoint will take, as slow as it is now."""
        slower = self.pace.seconds / self._bundle_pace if self._bundle_pace else 1.0
        return (self.reserve + self._check) * max(1.0, slower)

    def _has_room(self) -> bool:
        """Whether a bundle may be written on the way, and there is time for the last one."""
        return self.limit is None or self.spent() + 2 * self.ending() < self.limit

    def _plan(self) -> None:
        """Take as many steps as fit into the time, and save about every minute."""
        config, step = self.trainer.config, self.trainer.state.step
        planned = total = config.total_steps
        if self.limit is not None:
            left = self.limit - self.ending() - self.spent()
            total = max(step, 1, min(self.most, step + max(0, int(left / self.pace.with_all))))
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
            self.pace.between(self._check)
        else:
            self.pace.step(took)
        self._checked = step % run.checkpoint_every == 0
        self._plan()
        if step % run.validate_every == 0:
            draw_progress(trainer, self.store / "sheets" / f"step-{step:07}.png")
        if now >= self._next_bundle and step < trainer.config.total_steps and self._has_room():
            self.write()
        self._left_off = self._clock()
        self.pace.between(self._left_off - now)

    def write(self) -> None:
        """Write the bundle."""
        before = self._clock()
        written = write_bundle(self.trainer, self.out, self.store / "bundle.part")
        took, self.figures = self._clock() - before, written.figures
        if self.limit is not None:
            self.reserve = min(SAFETY * took + 2, 0.5 * self.limit)
            self._bundle_pace = self.pace.seconds
        self._next_bundle = self._clock() + max(BETWEEN_BUNDLES, SHARE_OF_BUNDLES * took)
        self.trainer.state.spent = self.spent()
        if self.trainer.state.step < self.trainer.config.total_steps:
            quality = written.figures["psnr_db"]
            self._say(
                f"{self.out} is at step {self.trainer.state.step}: {quality} dB, "
                f"{written.dimensions} dimensions, written in {duration(took)}"
            )
