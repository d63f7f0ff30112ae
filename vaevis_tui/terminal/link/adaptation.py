"""As much of a frame as the way to the terminal takes in time: the quality ladder, up and down."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from vaevis_tui.terminal.link.link import SLICE, Link
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.quality import EXACT, Quality
from vaevis_tui.terminal.surface import Mask, Surface, Update

TRY_BETTER = 0.3
"""Seconds between attempts to do with the next better quality."""
MARGIN = 0.8
"""Share of the time it may take that a better quality must do with, so that it does not come and go."""
WHOLE = 0.2
"""Seconds of the way that a whole frame may take, where all is drawn anew: at the start, after a resize."""


EASE = 3_000_000.0
"""Bytes a second at which any terminal draws with time to spare. A moving frame that takes more is not sent
exactly, however much the way takes: nobody sees the difference, but both ends work for it."""


class Adaptation:
    """Chooses the quality of each frame by what the link takes.

    Args:
        link: Knows the capacity of the way.
        clock: Seconds that never go back.
    """

    def __init__(self, link: Link, clock: Callable[[], float]) -> None:
        self._link = link
        self._clock = clock
        self._step = EXACT
        self._tried_at = clock()
        self._quality: Quality | None = None
        self._whole = True

    @property
    def quality(self) -> Quality | None:
        """Of what was sent last; None before anything was."""
        return self._quality

    @property
    def exact(self) -> bool:
        """Whether the last frame went as it is."""
        return self._quality is None or (not self._quality.tolerance and self._whole)

    @property
    def whole(self) -> bool:
        """Whether the last frame went in full, in whatever quality."""
        return self._whole

    @property
    def name(self) -> str:
        """What to call the quality of what was sent last."""
        return self._quality.name if self._quality else "exact"

    def repaint(
        self, surface: Surface, pixels: Pixels, at: tuple[int, int], background: RGB, within: Mask
    ) -> Update:
        """Some cells of an image that was drawn before, or all: where another widget lay, after a resize.

        It may take as long as `WHOLE`.
        """
        capacity = self._link.capacity
        for quality in surface.ladder:
            update = surface.plan(pixels, quality, at, background, within=within)
            if capacity is None or update.size <= WHOLE * capacity:
                break
        update.commit()
        if quality.tolerance:
            self._quality, self._whole = quality, True
        return update

    def frame(self, surface: Surface, pixels: Pixels, at: tuple[int, int], background: RGB) -> Update:
        """A frame in motion, as good as the way takes it in the time that its quality is worth."""
        steps = surface.ladder
        step = min(self._step, len(steps) - 1)
        if step > EXACT and self._clock() - self._tried_at > TRY_BETTER:
            self._tried_at = self._clock()
            better = surface.plan(pixels, steps[step - 1], at, background)
            share = better.size / self._room(step - 1, steps)
            if share <= MARGIN:
                if share <= MARGIN / 2:
                    self._tried_at = -inf  # there may be room for even better
                return self._take(better, step - 1, steps)
        while True:
            update = surface.plan(pixels, steps[step], at, background)
            if update.size <= self._room(step, steps) or step == len(steps) - 1:
                return self._take(update, step, steps)
            step += 1
            self._tried_at = self._clock()

    def part(
        self,
        surface: Surface,
        pixels: Pixels,
        at: tuple[int, int],
        background: RGB,
        seconds: float = SLICE,
    ) -> Update:
        """What the link takes in some time of an image that gives way; `whole` tells when that was all.

        It is exact where it can be sent in parts, and else as good as it can be in about that time.
        """
        limit = self._limit(seconds)
        for quality in surface.ladder:
            update = surface.plan(pixels, quality, at, background, limit)
            if limit is None or update.size <= 2 * limit:
                break
        update.commit()
        self._quality, self._whole = quality, update.whole
        return update

    def refinement(self, surface: Surface, pixels: Pixels, at: tuple[int, int], background: RGB) -> Update:
        """More of the exact frame, at rest; `exact` tells when that was all."""
        quality = surface.ladder[EXACT]
        update = surface.plan(pixels, quality, at, background, self._limit(SLICE))
        update.commit()
        self._quality, self._whole = quality, update.whole
        return update

    def _limit(self, seconds: float) -> int | None:
        """Bytes that the link takes in some time; None for any number."""
        capacity = self._link.capacity
        return None if capacity is None else max(int(capacity * seconds), 512)

    def _room(self, step: int, steps: tuple[Quality, ...]) -> float:
        """Bytes that a frame may take in a quality."""
        rates = [rate for rate in (self._link.capacity, EASE if step == EXACT else None) if rate is not None]
        return min(rates, default=inf) * steps[step].seconds

    def _take(self, update: Update, step: int, steps: tuple[Quality, ...]) -> Update:
        update.commit()
        self._step, self._quality, self._whole = step, steps[step], True
        return update
