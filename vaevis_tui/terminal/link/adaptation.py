"""Quality adaptation: each frame as good as the link can carry in time, up and down the quality ladder."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from vaevis_tui.terminal.link.link import SLICE, Link
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.quality import EXACT, Quality
from vaevis_tui.terminal.surface import Mask, Surface, Update

TRY_BETTER = 0.3
"""Seconds between attempts at the next better quality."""
MARGIN = 0.8
"""Share of its time budget that a better quality must fit into: hysteresis, so that it does not flicker."""
WHOLE = 0.2
"""Seconds of link time for a full repaint: at the start, after a resize."""


EASE = 3_000_000.0
"""Bytes a second that any terminal draws with time to spare. A moving frame that needs more is not sent
exactly, however fast the link is: nobody sees the difference, and both ends would work for it."""


class Adaptation:
    """Chooses the quality of each frame by the capacity of the link.

    Args:
        link: Knows that capacity.
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
        """The quality of what was sent last; None before that."""
        return self._quality

    @property
    def exact(self) -> bool:
        """Whether the last frame was sent exactly, and in full."""
        return self._quality is None or (not self._quality.tolerance and self._whole)

    @property
    def whole(self) -> bool:
        """Whether the last frame was sent in full, in whatever quality."""
        return self._whole

    @property
    def name(self) -> str:
        """Name of the quality of what was sent last."""
        return self._quality.name if self._quality else "exact"

    def repaint(
        self, surface: Surface, pixels: Pixels, at: tuple[int, int], background: RGB, within: Mask
    ) -> Update:
        """Draw some cells of an image again, or all: where another widget lay, or after a resize.

        Takes at most `WHOLE` seconds of the link.
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
        """A moving frame, in the best quality that the link carries within its `Quality.seconds`."""
        steps = surface.ladder
        step = min(self._step, len(steps) - 1)
        if step > EXACT and self._clock() - self._tried_at > TRY_BETTER:
            self._tried_at = self._clock()
            better = surface.plan(pixels, steps[step - 1], at, background)
            share = better.size / self._budget(step - 1, steps)
            if share <= MARGIN:
                if share <= MARGIN / 2:
                    self._tried_at = -inf  # there may be room for even better
                return self._take(better, step - 1, steps)
        while True:
            update = surface.plan(pixels, steps[step], at, background)
            if update.size <= self._budget(step, steps) or step == len(steps) - 1:
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
        """A part of a background image that takes ``seconds`` of the link; then `whole` says if it was all.

        Exact where the image can be sent in parts, else in the best quality that fits.
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
        """The next part of the exact frame, at rest; then `exact` says if it was all."""
        quality = surface.ladder[EXACT]
        update = surface.plan(pixels, quality, at, background, self._limit(SLICE))
        update.commit()
        self._quality, self._whole = quality, update.whole
        return update

    def _limit(self, seconds: float) -> int | None:
        """Bytes that the link carries in some seconds; None for no limit."""
        capacity = self._link.capacity
        return None if capacity is None else max(int(capacity * seconds), 512)

    def _budget(self, step: int, steps: tuple[Quality, ...]) -> float:
        """Bytes that a frame may take in a quality."""
        rates = [rate for rate in (self._link.capacity, EASE if step == EXACT else None) if rate is not None]
        return min(rates, default=inf) * steps[step].seconds

    def _take(self, update: Update, step: int, steps: tuple[Quality, ...]) -> Update:
        update.commit()
        self._step, self._quality, self._whole = step, steps[step], True
        return update
